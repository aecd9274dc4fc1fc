"""One run of the audio path for `scripts/bench audio-path`: what the loudspeaker's callback finds under load.

    python -m scripts.benchmarks.audio_subject HELP,HELP,… SECONDS CORE

The true mixer, music player, echo ring and recogniser work; only the sound card is a stand-in: a thread that
sleeps until each block is due and calls back, so that lateness is exact. The last line is one JSON object.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import soundfile

from alexa_local.capture.echo_ring import PlayedRing
from alexa_local.daemon import assembly, collecting
from alexa_local.models import open_model
from alexa_local.playback import Loudspeaker, Mixer
from alexa_local.playback.ring import MusicRing
from alexa_local.recognise import Options, Recogniser
from alexa_local.sound import AudioDevice, PortAudio, StreamShape
from alexa_local.sound.realtime import PRIORITY, Realtime

BLOCK_S = 0.04
SLACK_S = 0.04
"""What a card has left when it asks for a block; PortAudio has another one or two in its buffer."""

_WARM_BLOCKS = 50
_LABOUR_OBJECTS = 20_000
PROGRAM = assembly
"""All of the program is loaded, so that the collector has its objects to look at."""


class PacedStream:
    """A sound card without sound.

    Attributes:
        late_s: of each block after the first ones: from when it was due to when the callback began.
        done_s: and to when it had returned.
        faults: minor and major page faults of the thread since those first ones.
    """

    def __init__(self, shape: StreamShape, callback: Callable[..., Any]) -> None:
        self.shape, self.is_active = shape, True
        self.late_s: list[float] = []
        self.done_s: list[float] = []
        self.faults = 0, 0
        self._callback = callback
        self._thread = threading.Thread(target=self._run, name="card")
        self._thread.start()

    def close(self) -> None:
        """Ask for no more."""
        self.is_active = False
        self._thread.join()

    def _run(self) -> None:
        frames, now = round(self.shape.rate_hz * BLOCK_S), time.monotonic
        due_s = now() + BLOCK_S
        for block in range(1 << 60):
            if not self.is_active:
                break
            if block == _WARM_BLOCKS:
                before = resource.getrusage(resource.RUSAGE_THREAD)
            time.sleep(max(0.0, due_s - now()))
            began_s = now()
            self._callback(None, frames, None, 0)
            if block >= _WARM_BLOCKS:
                self.late_s.append(began_s - due_s)
                self.done_s.append(now() - due_s)
            due_s = max(due_s + BLOCK_S, now() - SLACK_S)  # after a gap a card goes on from there
        after = resource.getrusage(resource.RUSAGE_THREAD)
        self.faults = after.ru_minflt - before.ru_minflt, after.ru_majflt - before.ru_majflt


class PacedPortAudio:
    """Opens such a stream, with a thread that is raised or not."""

    def __init__(self, realtime: Realtime | None) -> None:
        self.stream: PacedStream | None = None
        self._realtime = realtime

    def open(
        self, direction: str, device: str | None, shapes: Any, block_s: float, callback: Callable[..., Any]
    ) -> tuple[AudioDevice, PacedStream]:
        """Take the first shape."""
        found = AudioDevice("card", 0, 0, 2, 44_100, False, True, "ALSA")
        if self._realtime:
            callback = self._realtime.raising("loudspeaker", callback)
        self.stream = PacedStream(shapes(found)[0], callback)
        return found, self.stream


class Pauses:
    """How long the collector held everybody up."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        gc.callbacks.append(self._note)

    def _note(self, phase: str, about: dict[str, int]) -> None:
        if phase == "start":
            self._began_s = time.monotonic()
        else:
            self.seconds.append(time.monotonic() - self._began_s)


def listen(recogniser: Recogniser, ended: threading.Event) -> int:
    """Recognise noise without a pause, as for speech on too slow a core; how many steps of 40 ms."""
    frames = np.random.default_rng(2).normal(0.0, 3.0, (400, 64)).astype(np.float32)
    steps = 0
    while not ended.is_set():
        stream = recogniser.stream()
        for start in range(0, len(frames), 4):
            stream.push(frames[start : start + 4])
            steps += 1
            if ended.is_set():
                break
    return steps


def labour(ended: threading.Event) -> None:
    """Work in Python alone that keeps many objects for a while, as reading catalogues does."""
    kept: list[dict[str, Any]] = []
    while not ended.wait(0.002):
        kept += [{"title": [str(number)], "artist": (number,)} for number in range(200)]
        if len(kept) > _LABOUR_OBJECTS:
            kept = []


def decode(file: Path, ring: MusicRing, ended: threading.Event) -> None:
    """Keep the mixer's ring full."""
    while not ended.is_set():
        with soundfile.SoundFile(file) as sound:
            for frames in sound.blocks(8192, dtype="float32"):
                while len(frames) and not ended.is_set():
                    frames = frames[ring.write(frames) :]
                    if len(frames):
                        ended.wait(0.1)


def run(helps: Sequence[str], seconds: float, core: int) -> dict[str, Any]:
    """Play music on a stand-in card while everything else works on the same core."""
    os.sched_setaffinity(0, {core})
    recogniser = Recogniser(open_model("asr-en"), Options(beam=16))
    if "switch" in helps:
        sys.setswitchinterval(0.0005)
    if "collector" in helps:
        atexit.register(collecting.begin())
    realtime = Realtime()
    portaudio = PacedPortAudio(realtime if "realtime" in helps else None)
    mixer, echo, pauses, ended = Mixer(), PlayedRing(), Pauses(), threading.Event()
    steps = [0]

    def hear() -> None:
        if "listen" in helps:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY - 1))
        steps[0] = listen(recogniser, ended)

    def toil() -> None:
        if "nice" in helps:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        labour(ended)

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "noise.flac"
        noise = np.random.default_rng(3).normal(0, 3000, (44_100 * 20, 2)).astype(np.int16)
        soundfile.write(file, noise, 44_100)
        works = {"listen": hear, "labour": toil, "music": lambda: decode(file, mixer.music, ended)}
        workers = [threading.Thread(target=work, name=name) for name, work in works.items()]
        speaker = Loudspeaker(mixer, None, cast(PortAudio, portaudio), on_played=echo.put)
        for worker in workers:
            worker.start()
        stream, began_s = portaudio.stream, time.monotonic()
        assert stream is not None
        while len(stream.done_s) * BLOCK_S < seconds:
            time.sleep(0.1)
            echo.gather()
        speaker.close()
        ended.set()
        took_s = time.monotonic() - began_s
        for worker in workers:
            worker.join()
    return {
        "late_ms": [round(1000 * one, 2) for one in stream.late_s],
        "done_ms": [round(1000 * one, 2) for one in stream.done_s],
        "pauses_ms": [round(1000 * one, 2) for one in pauses.seconds],
        "minor_faults": stream.faults[0],
        "major_faults": stream.faults[1],
        "underruns": mixer.music.underruns,
        "steps": round(steps[0] / took_s, 1),
    }


if __name__ == "__main__":
    wanted, asked_s, number = sys.argv[1:]
    print(json.dumps(run(wanted.split(","), float(asked_s), int(number))))
