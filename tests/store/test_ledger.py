"""What left the device is kept in sums, bounded, and without contents."""

import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.errors import StorageError
from alexa_local.store import Ledger, Store, Traffic, open_store
from alexa_local.store.ledger import OTHER_TOPICS

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000 * DAY_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home.db") as opened:
        yield opened


def test_each_hour_has_the_sums_of_each_topic_and_a_new_ledger_knows_them(store: Store) -> None:
    clock = Clock()
    ledger = Ledger(store, clock)
    ledger.count(Traffic("command", "message", "home/lamp", 1, 2, 10))
    ledger.count(Traffic("command", "message", "home/lamp", 1, 3, 10))
    ledger.count(Traffic("presence", "sign of life", other_bytes=2))
    clock.now_s += HOUR_S
    ledger.count(Traffic("command", "message", "home/lamp", 1, 2, 10))
    ledger.count(Traffic("received", "", messages=0, other_bytes=50))
    ledger.count(Traffic("program", "started", "lamp.sh"))
    ledger.write()
    report = Ledger(store, clock).report()
    assert (report["sent_bytes"], report["received_bytes"]) == (39, 50)
    found = [
        (row["hour_s"], row["topic"], row["messages"], row["payload_bytes"], row["other_bytes"])
        for row in report["sent"]
    ]
    begin_s = 1000 * DAY_S
    assert found == [
        (begin_s, "home/lamp", 2, 5, 20),
        (begin_s, "", 1, 0, 2),
        (begin_s + HOUR_S, "home/lamp", 1, 2, 10),
    ]
    assert [(row["topic"], row["messages"]) for row in report["programs"]] == [("lamp.sh", 1)]
    assert Ledger(store, clock).report(clock.now_s)["sent_bytes"] == 12


def test_what_is_older_than_thirty_days_goes(store: Store) -> None:
    clock = Clock()
    ledger = Ledger(store, clock)
    ledger.mode(local_only=True)
    ledger.mode(local_only=False)
    ledger.count(Traffic("command", "message", "old", 1, 2, 10))
    ledger.write()
    clock.now_s += 31 * DAY_S
    ledger.count(Traffic("command", "message", "new", 1, 2, 10))
    report = ledger.report()
    assert [row["topic"] for row in report["sent"]] == ["new"]
    assert report["local_only"] == []


@given(topics=st.lists(st.integers(0, 200), max_size=300), seed=st.integers(0, 3))
def test_an_hour_has_room_for_so_many_topics_and_no_byte_is_lost(topics: list[int], seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder) / "home.db") as store:
        ledger = Ledger(store, Clock())
        for number, topic in enumerate(topics):
            ledger.count(Traffic("command", "message", f"home/{topic}", 1, 1, 2))
            if number % 50 == seed:
                ledger.write()
        report = ledger.report()
        assert report["sent_bytes"] == 3 * len(topics)
        assert len(report["sent"]) <= 65
        assert len(set(topics)) <= 64 or report["sent"][0]["topic"] == OTHER_TOPICS


def test_the_times_of_local_only_are_kept_and_go_on_over_a_restart(store: Store) -> None:
    clock = Clock()
    Ledger(store, clock).mode(local_only=True)
    clock.now_s += 60
    ledger = Ledger(store, clock)
    ledger.mode(local_only=True)
    clock.now_s += 60
    ledger.mode(local_only=False)
    ledger.mode(local_only=False)
    clock.now_s += 60
    ledger.mode(local_only=True)
    begin_s = 1000 * DAY_S
    assert ledger.report()["local_only"] == [
        {"began_s": begin_s, "ended_s": begin_s + 120},
        {"began_s": begin_s + 180, "ended_s": None},
    ]


def test_a_disk_that_refuses_costs_no_count_and_is_told_once(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(store, Clock())
    store.read("PRAGMA query_only = 1")
    for _ in range(3):
        ledger.count(Traffic("command", "message", "home/lamp", 1, 2, 10))
        ledger.write()
    with pytest.raises(StorageError):
        ledger.mode(local_only=True)
    store.read("PRAGMA query_only = 0")
    assert ledger.report()["sent_bytes"] == 36
    assert caplog.text.count("cannot be written") == 1


def test_its_thread_writes_what_was_sent_and_ends_when_it_is_told(store: Store) -> None:
    ledger = Ledger(store, Clock(), soon_s=0.0)
    thread = threading.Thread(target=ledger.run)
    thread.start()
    ledger.count(Traffic("command", "message", "home/lamp", 1, 2, 10))
    reader = sqlite3.connect(store.path)
    while not reader.execute("SELECT count(*) FROM traffic").fetchone()[0]:
        assert thread.is_alive()
    reader.close()
    ledger.stop()
    thread.join(60)
    assert not thread.is_alive()
