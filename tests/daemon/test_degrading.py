"""A daemon that is late does without some things, and says so."""

import functools
import threading
from pathlib import Path

import numpy as np
import pytest

from alexa_local.cli import top
from alexa_local.config import (
    AudioSettings,
    Config,
    DaemonSettings,
    PeopleSettings,
    VoiceSettings,
    WhisperSettings,
)
from alexa_local.daemon import assembly
from alexa_local.daemon import daemon as module
from alexa_local.daemon.client import ask
from alexa_local.recognise import Recogniser
from alexa_local.scheduler import Change, Kind, ladder
from alexa_local.sound import PortAudio
from alexa_local.testing import branching
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.quiet_microphone import QuietMicrophone
from alexa_local.testing.running_daemon import RunningDaemon
from alexa_local.testing.stages import LoudEndOfSpeech, LoudRecogniser, LoudWakeWord


def test_every_rung_says_what_it_does() -> None:
    assert set(module.RUNGS) == set(module.WHAT_RUNGS_DO) == set(top.GIVEN_UP)


def test_late_work_is_told_as_an_event_and_in_the_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up: list[frozenset[str]] = []
    home = FakeHome([])
    daemon = RunningDaemon(tmp_path, home, settings={})
    try:
        ours = daemon._daemon
        monkeypatch.setattr(ours, "_give_up", given_up.append)
        ours._degrade(Change("background", "down", ("background",)))
        assert daemon.event("degraded") == {"rung": "background", "way": "down", "level": 1}
        status = daemon.ask("status")
        assert set(status["scheduler"]) == {"given_up", "waiting", "refused", "work"}
        assert status["board"]["resident_mb"] > 0
        ours._degrade(Change("background", "up", ()))
    finally:
        daemon.end()
    assert given_up == [frozenset({"background"}), frozenset()]


class Board:
    """A daemon of real parts with another recogniser, whose work is late whenever a test wants."""

    def __init__(self, folder: Path, recogniser: Recogniser | LoudRecogniser, monkeypatch) -> None:
        models = LoudWakeWord(), recogniser, LoudEndOfSpeech()
        monkeypatch.setattr(assembly, "_load_models", lambda *_: models)
        monkeypatch.setattr(ladder, "APART_S", 0.0)
        monkeypatch.setattr(ladder, "WINDOW_S", 1000.0)  # however slow the machine is that tests it
        self._socket = folder / "c.sock"
        config = Config(
            audio=AudioSettings(output_device="none"),
            voice=VoiceSettings(engine="none"),
            people=PeopleSettings(model=""),
            whisper=WhisperSettings(model=""),
            daemon=DaemonSettings(socket=self._socket, state_dir=folder / "state"),
        )
        assemble = functools.partial(assembly.assemble, portaudio=PortAudio(object()))
        self._daemon = module.Daemon(config, lambda _: QuietMicrophone(), assemble, env={})
        self._events = self._daemon.bus.subscribe()
        self._thread = threading.Thread(target=self._daemon.run)
        self._thread.start()
        self._event("idle")

    def _event(self, name: str) -> dict:
        while event := self._events.queue.get(20):
            if event.name == name:
                return dict(event.data)
        raise AssertionError(f"{name} did not happen")

    def be_late(self) -> str:
        """Until the next rung is given up; returns it."""
        before = self._daemon._ladder.level
        while self._daemon._ladder.level == before:
            with self._daemon._turns.turn("listen", Kind.REALTIME, -1.0):
                pass
        return str(self._event("degraded")["rung"])

    def status(self) -> dict:
        return ask(self._socket, "status")

    def end(self) -> None:
        self._daemon.request_stop("test")
        self._thread.join(20)
        assert not self._thread.is_alive()


def test_a_late_daemon_prefers_the_small_branch_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recogniser = Recogniser(branching.write_model(tmp_path / "tiny", branching.weights()))
    board = Board(tmp_path, recogniser, monkeypatch)
    try:
        encoder = recogniser.networks.encoder
        assert encoder.threshold == branching.THRESHOLDS["normal"]
        assert [board.be_late(), board.be_late()] == ["background", "encoder"]
        assert encoder.threshold == branching.THRESHOLDS["cheap"]
        status = board.status()
        assert status["scheduler"]["given_up"][1] == "encoder" and "large_branch_pct" not in status
        encoder.encode(np.zeros((8, 64), np.float32), encoder.start())
        assert board.status()["large_branch_pct"] in (0, 100)
    finally:
        board.end()


def test_what_could_not_be_given_up_is_gone_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = Board(tmp_path, LoudRecogniser(), monkeypatch)
    try:
        assert [board.be_late() for _ in range(3)] == ["background", "beam", "partials"]
    finally:
        board.end()
