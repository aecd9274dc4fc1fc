"""Muted, the microphone is closed, stays so over a restart, and comes back without what was said before."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import numpy as np
import pytest

from alexa_local.capture.microphone import Microphone
from alexa_local.daemon.client import RefusedByDaemon
from alexa_local.errors import StorageError
from alexa_local.sound import PortAudio
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.portaudio import FakeDevice, FakePyAudio

LOUD, QUIET = (np.full(1600, value, np.int16) for value in (9000, 0))


class Microphones:
    """Each opening gives a new one; blocks go to the last."""

    def __init__(self) -> None:
        self.opened: list[Spoken] = []

    def __call__(self, _on_state: object) -> Spoken:
        self.opened.append(Spoken())
        return self.opened[-1]

    def hear(self, *blocks: np.ndarray) -> None:
        for block in blocks:
            self.opened[-1].blocks.put(block)


class Spoken:
    def __init__(self) -> None:
        self.blocks: queue.Queue[np.ndarray | None] = queue.Queue()
        self.closed = False

    def __iter__(self) -> Iterator[np.ndarray]:
        while (block := self.blocks.get()) is not None:
            yield block

    def close(self) -> None:
        self.closed = True
        self.blocks.put(None)


def open_again(daemon) -> None:
    daemon.ask("mute", on=False)
    assert daemon.event("idle") == {"reason": "unmuted"}


def test_muted_the_device_is_closed_before_anybody_is_told_so(start):
    microphones = Microphones()
    daemon = start(open_source=microphones)
    assert daemon.ask("mute", on=True) == {"ok": True, "muted": True}
    assert microphones.opened[0].closed
    status = daemon.ask("status")
    assert (status["state"], status["microphone"], status["muted"]) == ("muted", "closed", True)
    daemon.event("muted")
    open_again(daemon)
    assert len(microphones.opened) == 2 and not microphones.opened[1].closed
    assert daemon.ask("status")["state"] == "waiting"


def test_what_was_said_before_is_not_heard_after(start):
    home, microphones = FakeHome(["light", "light"]), Microphones()
    daemon = start(home, open_source=microphones)
    microphones.hear(LOUD)
    daemon.event("listening")
    daemon.ask("mute", on=True)
    microphones.hear(QUIET, QUIET, QUIET, QUIET)  # what a device still gives that is being closed
    daemon.event("muted")
    open_again(daemon)
    microphones.hear(QUIET, QUIET, QUIET, QUIET, LOUD)
    daemon.event("listening")
    assert home.heard == []
    microphones.hear(QUIET, QUIET, QUIET)
    daemon.event("action")
    assert home.heard == ["light"]


def test_it_is_remembered_and_a_daemon_that_starts_muted_opens_nothing(start):
    home, microphones = FakeHome(), Microphones()
    start(home, open_source=microphones).ask("mute", on=True)
    assert home.muted
    first = len(microphones.opened)
    daemon = start_again(start, home, microphones)
    assert len(microphones.opened) == first
    status = daemon.ask("status")
    assert (status["state"], status["microphone"]) == ("muted", "closed")
    open_again(daemon)
    assert not home.muted and len(microphones.opened) == first + 1


def start_again(start, home, microphones):
    start.running[-1].end()
    return start(home, open_source=microphones)


def test_a_disk_that_refuses_keeps_nobody_from_muting_but_from_unmuting(start):
    def refuse(on):
        raise StorageError("The disk is full. Delete something.")

    microphones = Microphones()
    daemon = start(open_source=microphones)
    daemon.home.remember_muted = refuse
    for on in (True, False):
        with pytest.raises(RefusedByDaemon, match="disk is full"):
            daemon.ask("mute", on=on)
        assert daemon.ask("status")["microphone"] == "closed"


def test_a_microphone_that_goes_while_it_is_muted_is_missed_only_when_it_is_wanted(start):
    device = FakeDevice("mic", inputs=1, rate_hz=16_000)
    library = FakePyAudio(device)
    portaudio = PortAudio(library, cards=lambda: "")
    daemon = start(
        open_source=lambda on_state: Microphone(
            "mic", portaudio, on_state, wait_for_device=True, retry_delays_s=(0.0,)
        )
    )
    daemon.ask("mute", on=True)
    daemon.event("muted")
    assert library.streams[0].closed
    library.unplug(device)
    assert daemon.ask("status")["microphone"] == "closed"
    daemon.ask("mute", on=False)
    assert daemon.event("microphone") == {"state": "opening"}
    assert daemon.event("microphone") == {"state": "missing"}
    assert daemon.ask("status")["state"] == "deaf"
    library.plug(device)
    assert daemon.event("microphone") == {"state": "open"}
    assert daemon.ask("status")["state"] == "waiting"


def test_muting_while_the_microphone_is_looked_for_leaves_it_closed(start):
    device = FakeDevice("mic", inputs=1, rate_hz=16_000)
    library = FakePyAudio(device)
    portaudio = PortAudio(library, cards=lambda: "")
    daemon = start(
        open_source=lambda on_state: Microphone(
            "mic", portaudio, on_state, wait_for_device=True, lost_after_s=0.01, retry_delays_s=(0.0,)
        )
    )
    library.unplug(device)
    while daemon.event("microphone") != {"state": "missing"}:
        pass
    daemon.ask("mute", on=True)
    library.plug(device)
    daemon.event("muted")
    assert daemon.ask("status")["microphone"] == "closed"
    assert all(stream.closed for stream in library.streams)
