"""The thread `outbox` without a broker: what it does of its tasks, checked step by step."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from alexa_local.daemon.courier import Courier
from alexa_local.mqtt import Delivery, Limits, Outbox, Pace, Refusal
from alexa_local.store import Store, open_store
from alexa_local.testing.clock import FakeClock
from alexa_local.testing.gate import FakeGate
from alexa_local.testing.worker import reading


class Post:
    """Takes what is sent, while it is up."""

    def __init__(self) -> None:
        self.up = True
        self.sent: list[tuple[UUID, bytes, int]] = []

    def __call__(self, request: UUID, payload: bytes, expires_s: int) -> bool:
        if self.up:
            self.sent.append((request, payload, expires_s))
        return self.up


class Bench:
    """A courier whose thread the test is."""

    def __init__(self, store: Store, clock: FakeClock | None = None, limits: Limits | None = None) -> None:
        self.clock, self.gate, self.post = clock or FakeClock(), FakeGate(), Post()
        self.outbox = Outbox(store, self.clock, self.gate, limits)
        self.delivery = Delivery(Pace(), lambda: 0.5)
        self.courier = Courier(self.outbox, self.clock, threading.Event(), self.delivery)
        self.courier._load()
        self.wait_s: float | None = None

    def work(self) -> None:
        """Do all that is to be done by now."""
        while self.courier.tasks:
            task = self.courier.tasks.get()
            assert task is not None
            task.work()
        self.wait_s = self.courier._send_due(self.post)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "home.db") as store:
        yield store


@pytest.fixture
def bench(store: Store) -> Bench:
    bench = Bench(store)
    bench.courier.connected()
    bench.work()
    return bench


def test_it_is_kept_before_it_is_sent_and_until_it_is_answered(bench: Bench) -> None:
    promise = bench.courier.put(lambda: b"lattice")
    bench.work()
    ((request, payload, expires_s),) = bench.post.sent
    assert (payload, expires_s) == (b"lattice", 5)
    assert bench.outbox.payload(request) == b"lattice"
    bench.courier.answered(request, reading("stop"))
    bench.work()
    assert promise.result(0) == reading("stop") and bench.outbox.waiting() == []
    assert bench.wait_s is None


def test_only_the_first_answer_is_handed_on(bench: Bench) -> None:
    promise = bench.courier.put(lambda: b"x")
    bench.work()
    request = bench.post.sent[0][0]
    for text in ("stop", "go"):
        bench.courier.answered(request, reading(text))
    bench.work()
    assert promise.result(0) == reading("stop")
    assert bench.courier.answers == {"result": 1, "repeated": 1}


def test_a_refusal_ends_it(bench: Bench) -> None:
    promise = bench.courier.put(lambda: b"x")
    bench.work()
    bench.courier.answered(bench.post.sent[0][0], Refusal("damaged"))
    bench.work()
    assert promise.cancelled() and bench.outbox.waiting() == []
    assert bench.courier.answers == {"refusal": 1}


def test_it_is_repeated_until_it_is_answered(bench: Bench) -> None:
    bench.courier.put(lambda: b"x")
    for _ in range(4):
        bench.work()
        assert bench.wait_s is not None
        bench.clock.advance(bench.wait_s)
    assert len(bench.post.sent) == 4 and len({request for request, _, _ in bench.post.sent}) == 1
    assert [expires_s for _, _, expires_s in bench.post.sent] == [5, 10, 20, 40]


def test_while_there_is_no_broker_it_waits_and_then_goes_at_once(store: Store) -> None:
    bench = Bench(store)
    bench.post.up = False
    bench.courier.put(lambda: b"x")
    bench.work()
    bench.courier.connected()
    bench.work()
    assert bench.post.sent == [] and bench.wait_s == 5.0
    bench.post.up = True
    bench.work()
    assert len(bench.post.sent) == 1


def test_after_a_restart_it_goes_on_and_an_answer_is_late(tmp_path: Path) -> None:
    clock = FakeClock()
    with open_store(tmp_path / "home.db") as store:
        before = Bench(store, clock)
        before.courier.put(lambda: b"x")
        before.work()
    clock.reboot(off_for_s=3600)
    with open_store(tmp_path / "home.db") as store:
        bench = Bench(store, clock)
        bench.courier.connected()
        bench.work()
        bench.clock.advance(1)
        bench.work()
        ((request, payload, _),) = bench.post.sent
        assert payload == b"x"
        bench.courier.answered(request, reading("stop"))
        bench.work()
        assert bench.courier.answers == {"late": 1} and bench.outbox.waiting() == []


def test_in_local_only_mode_nothing_is_kept_or_sent(bench: Bench) -> None:
    bench.gate.open = False
    made: list[bytes] = []
    promise = bench.courier.put(lambda: made.append(b"x") or b"x")
    bench.work()
    assert promise.cancelled() and bench.post.sent == [] and bench.outbox.waiting() == [] and made == []
    assert bench.courier.answers == {"local-only": 1}


def test_local_only_mode_in_the_very_moment_keeps_nothing(bench: Bench) -> None:
    def make() -> bytes:
        bench.gate.open = False
        return b"x"

    promise = bench.courier.put(make)
    bench.work()
    assert promise.cancelled() and bench.outbox.waiting() == []


def test_what_is_cleared_is_never_sent(store: Store) -> None:
    bench = Bench(store)
    promises = [bench.courier.put(lambda: b"x") for _ in range(3)]
    bench.work()
    assert bench.courier.clear() == 3
    bench.courier.connected()
    bench.work()
    assert bench.post.sent == [] and all(promise.cancelled() for promise in promises)
    assert bench.wait_s is None


def test_what_a_person_deletes_in_between_is_not_sent(store: Store) -> None:
    """The row was read after it had been deleted by another program, such as housekeeping."""
    bench = Bench(store)
    promise = bench.courier.put(lambda: b"x")
    bench.work()
    store.write("DELETE FROM outbox")
    bench.courier.connected()
    bench.work()
    bench.clock.advance(2)
    bench.work()
    assert bench.post.sent == [] and promise.cancelled() and len(bench.delivery) == 0


def test_what_is_too_old_is_given_up(store: Store) -> None:
    bench = Bench(store, limits=Limits(most_age_s=1000.0))
    promise = bench.courier.put(lambda: b"x")
    bench.work()
    bench.clock.advance(1200)
    bench.work()
    assert promise.cancelled() and bench.courier.report()["deleted"] == {"age": 1}


def test_a_full_disk_loses_the_lattice_and_says_so(
    bench: Bench, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.read(f"PRAGMA max_page_count = {store.read('PRAGMA page_count')[0][0]}")
    promise = bench.courier.put(lambda: b"secret" * 10_000)
    bench.work()
    assert promise.cancelled() and bench.courier.answers == {"lost": 1}
    assert "A request's lattice is lost, the request is not: The disk is full" in caplog.text
    assert "secret" not in caplog.text


def test_a_disk_that_cannot_delete_does_not_hold_an_answer_back(bench: Bench, store: Store) -> None:
    promise = bench.courier.put(lambda: b"x")
    bench.work()
    request = bench.post.sent[0][0]
    store.read("PRAGMA query_only = 1")
    for _ in range(2):
        bench.courier.answered(request, reading("stop"))
    bench.work()
    assert promise.result(0) == reading("stop")
    assert bench.courier.answers == {"result": 1, "repeated": 1}
    bench.clock.advance(100)
    bench.work()
    assert len(bench.post.sent) == 1


def test_an_answer_to_nothing_is_counted(bench: Bench) -> None:
    bench.courier.answered(uuid4(), reading("stop"))
    bench.work()
    assert bench.courier.answers == {"repeated": 1}


def test_a_flood_of_answers_pushes_nothing_out(bench: Bench) -> None:
    promise = bench.courier.put(lambda: b"x")
    for _ in range(1000):
        bench.courier.answered(uuid4(), reading("stop"))
    bench.work()
    assert not promise.cancelled() and len(bench.post.sent) == 1
    assert bench.courier.answers_dropped == 1000 - bench.courier.answers["repeated"] > 0
    assert bench.courier.tasks.dropped == 0


def test_the_report_tells_what_waits(bench: Bench) -> None:
    bench.courier.put(lambda: b"four")
    bench.work()
    bench.clock.advance(2)
    (waiting,) = bench.courier.report()["waiting"]
    assert UUID(waiting.pop("id")) == bench.post.sent[0][0]
    assert waiting == {"bytes": 4, "age_s": 2.0, "sent": 1}


def test_nobody_waits_for_what_the_end_left_undone(store: Store) -> None:
    bench = Bench(store)
    promise = bench.courier.put(lambda: b"x")
    bench.courier.stop()
    assert promise.cancelled()
