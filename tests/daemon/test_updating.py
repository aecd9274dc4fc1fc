"""The thread `updates`: when it fetches, how fast, and when it keeps still."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from alexa_local.config import UpdatesSettings
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.parts import Host
from alexa_local.daemon.updating import QUIET_S, Updating
from alexa_local.errors import StorageError
from alexa_local.testing.clock import FakeClock
from alexa_local.testing.labour import FakeLabour
from alexa_local.testing.tiny_publisher import TINY, TinyPublisher
from alexa_local.updates import workshop
from alexa_local.updates.course import Course
from alexa_local.updates.workshop import Plan, Workshop


class FakeLine:
    """A broker that answers when the test wants it to.

    Attributes:
        asked: the piece that was asked for, if one was.
    """

    def __init__(self) -> None:
        self.connected = True
        self.asked = None
        self.listened = 0
        self.told: list[dict] = []

    def listen(self, models) -> None:
        self.listened += 1

    def ask(self, piece) -> None:
        self.asked = piece

    def drop(self) -> None:
        self.asked = None

    def tell(self, report) -> None:
        self.told.append(report)


class Scene:
    """A device with a tiny model, whose time passes by hand."""

    def __init__(self, folder: Path, shop: Workshop, publisher: TinyPublisher) -> None:
        self.clock, self.line, self.bus = FakeClock(), FakeLine(), EventBus()
        self.publisher, self.shop = publisher, shop
        self.doing, self.hindrance, self.playing = "idle", "", False
        self.restarts: list[str] = []
        self.labour = FakeLabour()
        self.begin()

    @property
    def course(self) -> Course:
        return self.shop.courses[TINY]

    def begin(self) -> None:
        """A daemon starts."""
        self.shop.starting()
        self.stopping = threading.Event()
        host = Host(
            *(self.bus, lambda *_: None, contextlib.ExitStack(), self.stopping),
            doing=lambda: self.doing,
            restart=self.restarts.append,
        )
        settings = UpdatesSettings(bytes_per_second=1024, trial_minutes=10)
        loaded = {TINY: self.course.active_folder()}
        self.updating = Updating(
            *(settings, self.shop, host, self.clock, loaded, lambda: self.hindrance, lambda: self.playing)
        )
        self.updating.connect(self.line)  # type: ignore[arg-type]

    def offer(self, version: int) -> None:
        self.updating.offered(TINY, self.publisher.envelope(self.publisher.generation(version)))
        self.do()

    def do(self) -> float | None:
        """What waits, and what is due."""
        while task := self.updating.tasks.get(0):
            task()
        return self.updating.advance()

    def answer(self) -> float | None:
        """The piece that was asked for comes."""
        _, _, package, index = self.line.asked
        wanted = self.course.wanted()
        assert wanted.index == index
        self.updating.came(self.line.asked, self.publisher.piece(package, index, wanted.bytes))
        return self.do()

    def fetch(self) -> None:
        while self.course.record.phase == "fetching":
            self.clock.advance(1)
            self.do()
            if self.line.asked:
                self.answer()


@pytest.fixture
def scene(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    publisher = TinyPublisher(folder / "publisher")
    publisher.install_key(folder / "keys")
    labour = FakeLabour()
    monkeypatch.setattr(workshop, "Helper", lambda _: labour)
    plan = Plan(folder / "models", folder / "keys", [TINY], publisher.folder(1).parent)
    with contextlib.closing(Workshop(plan)) as shop:
        scene = Scene(folder, shop, publisher)
        scene.labour = labour
        yield scene


def test_one_piece_after_the_other_comes_as_fast_as_the_owner_allows(scene):
    scene.offer(2)
    assert scene.line.asked[3] == 0
    assert scene.answer() == pytest.approx(1.0)  # 1024 bytes at 1024 a second
    assert scene.line.asked is None
    scene.clock.advance(0.9)
    scene.do()
    assert scene.line.asked is None
    scene.clock.advance(0.2)
    scene.do()
    assert scene.line.asked[3] == 1


@pytest.mark.parametrize("doing", ["listening", "thinking", "speaking", "ringing"])
def test_nothing_is_asked_for_or_worked_on_while_somebody_is_served(scene, doing):
    scene.doing = doing
    scene.offer(2)
    assert scene.line.asked is None
    scene.doing = "idle"
    scene.do()
    assert scene.line.asked
    scene.doing = doing
    scene.answer()  # what was asked for is taken all the same
    scene.clock.advance(100)
    scene.do()
    assert scene.line.asked is None and scene.labour.works == []


def test_a_metered_or_lost_connection_is_left_alone(scene):
    scene.hindrance = "a metered connection"
    scene.offer(2)
    assert scene.line.asked is None
    scene.hindrance = ""
    scene.do()
    assert scene.line.asked
    scene.line.connected = False
    scene.do()
    assert scene.line.asked is None


def test_a_piece_that_does_not_come_is_asked_for_again_after_a_while(scene):
    scene.offer(2)
    scene.line.asked = None
    scene.clock.advance(30)
    scene.do()
    assert scene.line.asked is None
    scene.clock.advance(31)
    scene.do()
    assert scene.line.asked[3] == 0


def test_a_disk_that_refuses_is_left_alone_for_a_while(scene):
    scene.offer(2)
    scene.labour.faults.append(StorageError("The disk is full."))
    scene.fetch()
    scene.clock.advance(10)
    scene.do()
    assert scene.labour.works == ["apply"]
    scene.clock.advance(600)
    while scene.course.has_work:
        scene.do()
    assert scene.course.record.phase == "trial"


def test_the_daemon_starts_anew_when_nobody_has_wanted_anything_for_a_while(scene):
    scene.offer(2)
    scene.fetch()
    while scene.course.has_work:
        scene.do()
    scene.doing = "speaking"
    scene.clock.advance(QUIET_S + 1)
    scene.do()
    scene.doing, scene.playing = "idle", True
    scene.clock.advance(QUIET_S + 1)
    scene.do()
    scene.playing = False
    scene.clock.advance(QUIET_S - 1)
    scene.do()
    assert scene.restarts == []
    scene.clock.advance(2)
    scene.do()
    assert scene.restarts == ["another generation of a model"]


@pytest.mark.parametrize(
    ("typed", "done", "stays"), [(False, True, True), (True, True, False), (False, False, False)]
)
def test_a_spoken_request_that_was_done_is_proof_enough(scene, typed, done, stays):
    scene.offer(2)
    scene.fetch()
    while scene.course.has_work:
        scene.do()
    scene.begin()
    scene.bus.publish("stt_text", {"text": "hello", "typed": typed})
    scene.bus.publish("action", {"done": done})
    scene.do()
    assert (scene.course.record.phase == "idle") == stays
    scene.clock.advance(601)
    scene.do()
    assert scene.course.report()["state"] == "active"
    scene.do()
    assert scene.line.listened == 1  # what was offered meanwhile is offered again


def test_the_broker_is_told_what_changes_and_nothing_else(scene):
    thread = threading.Thread(target=scene.updating.run)
    scene.updating.ask(lambda shop: None)
    thread.start()
    for _ in range(3):
        scene.updating.ask(lambda shop: None).result(60)
    scene.updating.ask(lambda shop: shop.courses[TINY].pin(True)).result(60)
    scene.stopping.set()
    scene.updating.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert [told[TINY].get("pinned", False) for told in scene.line.told] == [False, True]
    assert scene.updating.report()[TINY]["pinned"]
