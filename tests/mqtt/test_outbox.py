import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alexa_local.errors import MessageError, RequestRefused, StorageError
from alexa_local.mqtt.outbox import Limits, Outbox
from alexa_local.store import Store, open_store
from alexa_local.testing.clock import FakeClock
from alexa_local.testing.gate import FakeGate

ROOT = Path(__file__).resolve().parents[2]
SECRET = b"what nobody may read " * 20

WORK = """
import itertools, os, random, signal, sqlite3, sys
class Deadly(sqlite3.Connection):
    def execute(self, sql, *values):
        left[0] -= armed
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(sql, *values)
left, armed, connect = [int(sys.argv[2])], 0, sqlite3.connect
sqlite3.connect = lambda *arguments, **options: connect(*arguments, factory=Deadly, **options)
from alexa_local.mqtt.outbox import Limits, Outbox
from alexa_local.store import open_store
from alexa_local.testing.clock import FakeClock
from alexa_local.testing.gate import FakeGate
outbox = Outbox(open_store(sys.argv[1]), FakeClock(), FakeGate(), Limits(most=6))
armed = 1
for number in itertools.count():
    request = outbox.add(b"%d" % number)
    print("+" + request.hex, flush=True)
    if number % 2:
        print("?" + request.hex, flush=True)
        outbox.settle(request)
        print("-" + request.hex, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path):
    with open_store(tmp_path / "home.db") as store:
        yield store


def _outbox(store: Store, clock: FakeClock | None = None, **limits: object) -> Outbox:
    return Outbox(store, clock or FakeClock(), FakeGate(), Limits(**limits))  # type: ignore[arg-type]


def test_a_message_waits_until_its_first_answer(store: Store) -> None:
    outbox = _outbox(store)
    first, second = outbox.add(b"one"), outbox.add(b"two!")
    assert [(each.id, each.size_bytes) for each in outbox.waiting()] == [(first, 3), (second, 4)]
    assert outbox.payload(first) == b"one"
    assert outbox.settle(first) and not outbox.settle(first)
    assert outbox.payload(first) is None
    assert [each.id for each in outbox.waiting()] == [second]


def test_it_waits_through_a_restart_with_the_same_id(tmp_path: Path) -> None:
    with open_store(tmp_path / "home.db") as store:
        request = _outbox(store).add(b"one")
    with open_store(tmp_path / "home.db") as store:
        assert _outbox(store).payload(request) == b"one"


def test_the_oldest_makes_room(store: Store) -> None:
    outbox = _outbox(store, most=3)
    ids = [outbox.add(b"x") for _ in range(5)]
    assert [each.id for each in outbox.waiting()] == ids[2:] and outbox.lost == {"room": 2}
    outbox = _outbox(store, most_bytes=160)
    long = outbox.add(b"x" * 9)
    assert len(outbox.waiting()) == 4
    for _ in range(17):
        long = outbox.add(b"x" * 10)
    waiting = outbox.waiting()
    assert len(waiting) == 16 and waiting[-1].id == long
    with pytest.raises(MessageError, match="too long"):
        outbox.add(b"x" * 11)


def test_what_is_too_old_is_deleted(store: Store) -> None:
    clock = FakeClock()
    outbox = _outbox(store, clock, most_age_s=100.0)
    old = outbox.add(b"old")
    clock.advance(60)
    new = outbox.add(b"new")
    clock.advance(50)
    assert outbox.delete_old() == [old] and outbox.lost["age"] == 1
    assert [each.id for each in outbox.waiting()] == [new]


def test_age_does_not_follow_a_wall_clock_that_is_set(store: Store) -> None:
    clock = FakeClock()
    outbox = _outbox(store, clock)
    outbox.add(b"x")
    clock.set_wall(1e9)
    clock.advance(7)
    assert outbox.waiting()[0].age_s == pytest.approx(7)
    clock.reboot(off_for_s=10, wall_loses_s=1e9 + 100)
    assert outbox.waiting()[0].age_s == 0


def test_age_counts_on_through_a_reboot(store: Store) -> None:
    clock = FakeClock()
    outbox = _outbox(store, clock)
    outbox.add(b"x")
    clock.reboot(off_for_s=3600)
    clock.advance(5)
    assert outbox.waiting()[0].age_s == pytest.approx(3605)


def test_nothing_comes_in_while_the_gate_is_shut(store: Store) -> None:
    gate = FakeGate(is_open=False)
    outbox = Outbox(store, FakeClock(), gate)
    with pytest.raises(RequestRefused, match="Local only"):
        outbox.add(b"x")
    assert outbox.waiting() == []


def test_clearing_leaves_no_trace_in_the_files(tmp_path: Path, store: Store) -> None:
    outbox = _outbox(store)
    for _ in range(40):
        outbox.add(SECRET)
    outbox.settle(outbox.waiting()[0].id)
    assert any(SECRET[:40] in path.read_bytes() for path in tmp_path.iterdir())
    assert outbox.clear() == 39
    assert outbox.waiting() == [] and outbox.clear() == 0
    assert not any(SECRET[:10] in path.read_bytes() for path in tmp_path.iterdir())


def test_a_full_disk_refuses_and_keeps_what_is_there(store: Store) -> None:
    outbox = _outbox(store)
    kept = outbox.add(b"kept")
    pages = store.read("PRAGMA page_count")[0][0]
    store.read(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StorageError, match="disk is full"):
        for _ in range(3):
            outbox.add(b"x" * 4000)
    assert outbox.waiting()[0].id == kept
    assert outbox.settle(kept)


@pytest.mark.parametrize("statements", range(1, 34, 3))
def test_a_kill_at_any_statement_loses_nothing_and_keeps_nothing_that_was_settled(
    tmp_path: Path, statements: int
) -> None:
    path = tmp_path / "home.db"
    child = subprocess.run(
        [sys.executable, "-c", WORK, str(path), str(statements)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.returncode == -9
    _check(path, child.stdout.split())


@pytest.mark.parametrize("lines", [1, 5, 23])
def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "home.db"
    child = subprocess.Popen(
        [sys.executable, "-c", WORK, str(path), "-1"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert child.stdout is not None
    with child, child.stdout as said:
        heard = [said.readline() for _ in range(lines)]
        child.kill()
        heard += said.readlines()
    _check(path, "".join(heard).split())


def _check(path: Path, said: list[str]) -> None:
    """What was said to be kept and not begun to be settled is there, but for the oldest beyond six."""
    told = {sign: [line[1:] for line in said if line[0] == sign] for sign in "+?-"}
    with open_store(path) as store:
        waiting = [each.id.hex for each in _outbox(store).waiting()]
    must = [each for each in told["+"] if each not in told["?"]]
    unsaid = [each for each in waiting if each not in told["+"]]
    assert len(unsaid) <= 1  # kept, but killed before it was said
    assert set(must[-5:]) <= set(waiting)
    assert not set(told["-"]) & set(waiting)


def test_a_power_cut_leaves_what_was_promised_whatever_was_not_yet_on_the_disk(tmp_path: Path) -> None:
    """At each statement the files are kept as they are, and the log is cut after the last commit."""
    cuts = []
    live = tmp_path / "live"

    class Watched(sqlite3.Connection):
        def execute(self, sql, *values):  # type: ignore[no-untyped-def]
            if promised is not None:
                cuts.append((_copy(live, tmp_path / f"cut-{len(cuts)}"), synced[0], list(promised)))
            return super().execute(sql, *values)

    promised: list[UUID] | None = None
    synced = [0]
    connect = sqlite3.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *args, **options: connect(*args, factory=Watched, **options))
        with open_store(live / "home.db") as store:
            outbox = _outbox(store)
            promised = []
            for number in range(6):
                promised.append(outbox.add(b"x" * 100 * number))
                synced[0] = (live / "home.db-wal").stat().st_size
                if number % 3 == 2:
                    settled = promised.pop(0)
                    outbox.settle(settled)
                    synced[0] = (live / "home.db-wal").stat().st_size
            promised = None
    assert len(cuts) >= 30
    for folder, kept_bytes, ids in cuts:
        log = folder / "home.db-wal"
        size = log.stat().st_size
        for cut in {max(kept_bytes, size - step) for step in (0, 1, 500, 5000)} if size else ():
            torn = _copy(folder, tmp_path / "torn")
            with (torn / "home.db-wal").open("r+b") as stream:
                stream.truncate(cut)
            with open_store(torn / "home.db") as store:
                waiting = [each.id for each in _outbox(store).waiting()]
            assert set(waiting) >= set(ids) and len(waiting) <= len(ids) + 1
            shutil.rmtree(torn)


def _copy(folder: Path, target: Path) -> Path:
    target.mkdir()
    for path in folder.glob("home.db*"):
        if not path.name.endswith("-shm"):
            shutil.copyfile(path, target / path.name)
    return target


class LikeAList(RuleBasedStateMachine):
    """The outbox beside a plain list that follows the stated policy."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="al-")
        self.clock, self.model, self.deleted = FakeClock(), list[tuple[UUID, int, float]](), 0
        self.open()

    def open(self) -> None:
        self.store = open_store(Path(self.folder.name, "home.db"))
        self.outbox = _outbox(self.store, self.clock, most=5, most_bytes=1600, most_age_s=1000.0)

    @rule(size=st.integers(0, 100))
    def add(self, size: int) -> None:
        self.model.append((self.outbox.add(b"x" * size), size, self.clock.now()))
        while len(self.model) > 5 or sum(size for _, size, _ in self.model) > 1600:
            self.model.pop(0)

    @rule(at=st.integers(0, 9))
    def settle(self, at: int) -> None:
        if at < len(self.model):
            assert self.outbox.settle(self.model.pop(at)[0])
        else:
            assert not self.outbox.settle(UUID(int=at))

    @rule(seconds=st.floats(0, 700))
    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @rule()
    def delete_old(self) -> None:
        old = {one for one, _, queued_s in self.model if self.clock.now() - queued_s > 1000.001}
        assert old <= set(self.outbox.delete_old())
        kept = {each.id for each in self.outbox.waiting()}
        self.model = [one for one in self.model if one[0] in kept]

    @rule(off_s=st.floats(0, 700))
    def restart(self, off_s: float) -> None:
        self.store.close()
        self.clock.reboot(off_for_s=off_s)
        self.open()

    @invariant()
    def both_say_the_same(self) -> None:
        waiting = self.outbox.waiting()
        assert [(each.id, each.size_bytes) for each in waiting] == [one[:2] for one in self.model]
        for each, (_, _, queued_s) in zip(waiting, self.model, strict=True):
            assert each.age_s == pytest.approx(self.clock.now() - queued_s, abs=0.001)

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestLikeAList = LikeAList.TestCase
TestLikeAList.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
