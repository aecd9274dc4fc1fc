"""Upkeep beside others: nothing is lost whenever it ends, and nobody waits for it."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from alexa_local.errors import StorageError
from alexa_local.store import open_store, upkeep
from alexa_local.store.schema import MIGRATIONS
from alexa_local.store.upkeep import (
    be_patient_briefly,
    empty_log,
    free_mib,
    give_back,
    is_busy,
    log_bytes,
    survey,
)

ROOT = Path(__file__).resolve().parents[2]
KEPT, DROPPED = 300, 4000

DIE_AT = """
import os, signal, sys
from alexa_local.store import open_store, upkeep
store = open_store(sys.argv[1])
class Deadly:
    def __init__(self, connection): self.connection, self.left = connection, int(sys.argv[2])
    @property
    def in_transaction(self): return self.connection.in_transaction
    def execute(self, sql, *values):
        if self.left == 0: os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1
        return self.connection.execute(sql, *values)
store._connection = Deadly(store._connection)
upkeep.give_back(store, 0.0)
upkeep.empty_log(store)
"""


def fill(store, dropped=DROPPED):
    """Some items to keep, after many that are no longer there."""
    with store.transaction() as connection:
        for number in range(dropped):
            connection.execute("INSERT INTO list_items (list, item) VALUES ('old', ?)", (f"{number}" * 40,))
        for number in range(KEPT):
            connection.execute("INSERT INTO list_items (list, item) VALUES ('new', ?)", (f"thing {number}",))
    store.write("DELETE FROM list_items WHERE list = 'old'")


def items(store):
    rows = store.read("SELECT item FROM list_items WHERE list = 'new' ORDER BY id")
    return [row["item"] for row in rows]


ALL = [f"thing {number}" for number in range(KEPT)]


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "home.db") as store:
        yield store


def test_a_survey_tells_of_the_file_and_changes_nothing(store):
    fill(store)
    before = store.path.read_bytes()
    found = survey(store.path)
    assert found.shrinks and found.current and not found.waiting
    assert found.free_bytes > found.size_bytes / 2 and found.log_bytes == log_bytes(store.path) > 0
    assert store.path.read_bytes() == before


def test_free_pages_leave_the_file_and_everything_else_stays(store):
    fill(store)
    found = survey(store.path)
    assert give_back(store, 0.0) == found.free_bytes
    assert empty_log(store)
    assert store.path.stat().st_size == found.size_bytes - found.free_bytes
    assert log_bytes(store.path) == 0
    assert items(store) == ALL
    assert store.read("PRAGMA integrity_check")[0][0] == "ok"
    assert give_back(store) == 0


def test_the_daemon_reads_and_writes_all_the_while(store):
    """Another connection, as another process would have."""
    fill(store, 1000)
    waits, ended = [], threading.Event()

    def write():
        with open_store(store.path) as daemon:
            daemon.read("PRAGMA busy_timeout = 60000")
            number = 0
            while not ended.is_set() or not number:
                daemon.write("INSERT INTO list_items (list, item) VALUES ('daemon', ?)", f"{number}")
                assert items(daemon) == ALL
                number += 1
            waits.append(number)

    daemon = threading.Thread(target=write)
    daemon.start()
    try:
        with open_store(store.path) as ours:
            ours.read("PRAGMA busy_timeout = 60000")
            assert give_back(ours, 0.01) > 0
    finally:
        ended.set()
        daemon.join(60)
    assert store.read("SELECT count(*) FROM list_items WHERE list = 'daemon'")[0][0] == waits[0]
    assert store.read("PRAGMA integrity_check")[0][0] == "ok"


def test_whoever_does_not_wait_at_all_can_write_between_any_two_steps(store, monkeypatch):
    """Step upon step without a pause kept others waiting for seconds, as they look only now and then."""
    fill(store)
    other, pauses = sqlite3.connect(store.path, timeout=0, isolation_level=None), []

    def pause(seconds):
        other.execute("INSERT INTO list_items (list, item) VALUES ('other', ?)", (f"{len(pauses)}",))
        pauses.append(seconds)

    monkeypatch.setattr(upkeep, "time", SimpleNamespace(sleep=pause))
    try:
        assert give_back(store) > 0
    finally:
        other.close()
    assert len(pauses) > 5 and min(pauses) > 0.1  # SQLite looks again every tenth of a second
    assert items(store) == ALL


def test_a_database_without_the_means_to_shrink_is_left_at_its_size(tmp_path):
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.execute("VACUUM")  # the file has pages now, and it is too late to choose
    connection.execute("PRAGMA user_version = 0")
    connection.close()
    with open_store(path) as store:
        fill(store)
        assert not survey(path).shrinks
        assert give_back(store) == 0 and items(store) == ALL


@pytest.mark.parametrize("statements", [3, 4, 20, 36, 37, 38, 39, 75, 300])
def test_a_kill_at_any_statement_loses_nothing(tmp_path, statements):
    path = tmp_path / "home.db"
    with open_store(path) as store:
        fill(store)
    child = subprocess.run([sys.executable, "-c", DIE_AT, str(path), str(statements)], cwd=ROOT, timeout=60)
    assert child.returncode == -9
    with open_store(path) as store:
        assert items(store) == ALL
        assert store.read("PRAGMA integrity_check")[0][0] == "ok"
        give_back(store, 0.0)
        assert empty_log(store) and items(store) == ALL


def test_whoever_reads_keeps_the_log_and_whoever_writes_keeps_the_pages(store):
    fill(store)
    other = sqlite3.connect(store.path, isolation_level=None)
    store.read("PRAGMA busy_timeout = 1")
    try:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM list_items").fetchone()
        store.remember("newer", "than what is read")
        assert not empty_log(store)
        other.execute("ROLLBACK")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError) as hindered:
            give_back(store)
        assert is_busy(hindered.value)
    finally:
        other.close()
    assert empty_log(store) and items(store) == ALL


def test_a_full_disk_is_not_taken_for_a_busy_one(store):
    pages = store.read("PRAGMA page_count")[0][0]
    store.read(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError) as full:
        store.remember("big", "x" * 100_000)
    assert not is_busy(full.value)


def test_an_older_database_is_told_and_not_brought_up_to_date(tmp_path):
    path = tmp_path / "older.db"
    open_store(path, MIGRATIONS[:1]).close()
    assert not survey(path).current
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
    connection.close()


def test_patience_is_shorter_than_a_requests(store):
    be_patient_briefly(store)
    assert store.read("PRAGMA busy_timeout")[0][0] == 1000


def test_room_is_that_of_the_nearest_folder(tmp_path):
    assert free_mib(tmp_path / "not" / "yet") > 0
