"""Through a real PulseAudio: a muted microphone has no stream at the server and no file in /proc."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from alexa_local.capture import open_microphone
from alexa_local.sound import PortAudio
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.running_daemon import RunningDaemon
from alexa_local.testing.virtual_sound import VirtualSound, missing

pytest.importorskip("pyaudio", reason="PyAudio is not installed; run `pip install pyaudio`")
pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")


@pytest.fixture
def room(monkeypatch):
    with VirtualSound() as sound:
        for name, value in sound.environment.items():
            monkeypatch.setenv(name, value)
        yield sound


@pytest.fixture
def daemon(room, tmp_path_factory):
    """Its microphone is the real thing; a loud sound is its wake word."""
    portaudio = PortAudio()
    running = RunningDaemon(
        tmp_path_factory.mktemp("d"),
        FakeHome(["light", "light"]),
        lambda on_state: open_microphone("mic", on_state, portaudio, wait_for_device=True),
    )
    yield running
    running.end()
    portaudio.close()


def recordings() -> list[str]:
    """Who records at the server, and which sound devices this process has open."""
    told = subprocess.run(["pactl", "list", "short", "source-outputs"], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    ours = [line for line in told.stdout.splitlines() if "PulseAudio" not in line.split("\t")[-1]]
    opened = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            opened.append(str(link.readlink()))
        except OSError:  # that of the listing itself
            continue
    return ours + [name for name in opened if name.startswith("/dev/snd")]


def loud(folder: Path, quiet_s: float) -> Path:
    """A second of noise with silence after it."""
    noise = np.random.default_rng(0).integers(-9000, 9000, 16_000).astype(np.int16)
    file = folder / "loud.wav"
    soundfile.write(file, np.concatenate([noise, np.zeros(round(16_000 * quiet_s), np.int16)]), 16_000)
    return file


def test_muted_nothing_records_and_what_was_said_is_forgotten(room, daemon, tmp_path):
    others = [line for line in recordings() if "module-remap-source" in line]
    assert len(recordings()) == len(others) + 1
    room.play_in_room(loud(tmp_path, 0.0))
    daemon.event("listening")
    daemon.ask("mute", on=True)
    assert recordings() == others
    daemon.event("muted")
    room.play_in_room(loud(tmp_path, 0.5))
    assert recordings() == others
    daemon.ask("mute", on=False)
    assert daemon.event("idle") == {"reason": "unmuted"}
    assert len(recordings()) == len(others) + 1
    assert daemon.home.heard == []
    room.play_in_room(loud(tmp_path, 1.0))
    daemon.event("action")
    assert daemon.home.heard == ["light"]


def test_a_microphone_that_vanishes_while_it_is_muted_is_no_error(room, daemon):
    daemon.ask("mute", on=True)
    daemon.event("muted")
    room.unplug()
    assert daemon.ask("status")["microphone"] == "closed"
    daemon.ask("mute", on=False)
    while daemon.event("microphone") != {"state": "missing"}:
        pass
    room.plug()
    while daemon.event("microphone") != {"state": "open"}:
        pass
