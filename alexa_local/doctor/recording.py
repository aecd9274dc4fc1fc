"""Plays the test sound and records meanwhile, noting when every block came and went."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import Microphone, open_microphone
from alexa_local.config import AudioSettings
from alexa_local.doctor.signals import tone_and_noise
from alexa_local.errors import DeviceError
from alexa_local.messages import SAMPLE_RATE
from alexa_local.playback import Loudspeaker, Mixer
from alexa_local.sound import PortAudio

SETTLE_S, QUIET_S, AFTER_S = 0.4, 1.6, 1.0
"""Seconds thrown away at the start, of quiet before the sound, and recorded after it."""

_START_LIMIT_S, _SLACK_S = 6.0, 8.0


@dataclass(frozen=True)
class Recording:
    """What the microphone heard, and when.

    Attributes:
        samples: int16 (N,), 16 kHz mono.
        arrivals: (monotonic seconds, samples so far) for each block.
        lost_blocks: blocks that came too fast to be kept.
        tone_s: monotonic seconds at which the loudspeaker took the test sound's beginning; None for none.
    """

    samples: NDArray[np.int16]
    arrivals: tuple[tuple[float, int], ...]
    lost_blocks: int = 0
    tone_s: float | None = None


class Tape(Mixer):
    """A mixer that plays one sound as it is, in stereo, and notes when it was taken.

    Attributes:
        began_s: monotonic seconds at which its beginning was taken, None before.
        ended: set when all of it was taken.
    """

    def __init__(self, volume: float = 1.0) -> None:
        super().__init__(volume=100)
        self.began_s: float | None = None
        self.ended = threading.Event()
        self._sound = np.rint(tone_and_noise(self.rate_hz) * volume).astype(np.int16)
        self._position = 0
        self._running = False

    def start(self) -> None:
        """Begin with the next read."""
        self._running = True

    def read(self, count: int) -> NDArray[np.int16]:
        """The next frames, int16 (count, 2)."""
        out = np.zeros((count, 2), np.int16)
        if not self._running or self.ended.is_set():
            return out
        if self.began_s is None:
            self.began_s = time.monotonic()
        part = self._sound[self._position : self._position + count]
        out[: len(part)] = part[:, None]
        self._position += count
        if self._position >= len(self._sound):
            self.ended.set()
        return out


class Recorder:
    """Collects a microphone's blocks in the thread "doctor"."""

    def __init__(self, microphone: Microphone) -> None:
        self._microphone = microphone
        self._blocks: list[NDArray[np.int16]] = []
        self._arrivals: list[tuple[float, int]] = []
        self._count = 0
        self._grew = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="doctor", daemon=True)
        self._thread.start()

    @property
    def count(self) -> int:
        """Samples so far."""
        return self._count

    def wait_for(self, count: int, limit_s: float) -> NDArray[np.int16]:
        """Wait for so many samples in all; returns the last block. DeviceError when they do not come."""
        with self._grew:
            if not self._grew.wait_for(lambda: self._count >= count, limit_s):
                raise DeviceError(
                    f"The microphone gives no sound: {self._count / SAMPLE_RATE:.1f} s of "
                    f"{count / SAMPLE_RATE:.1f} s came. Plug it in again, and run `alexa-local devices`."
                )
            return self._blocks[-1]

    def close(self) -> Recording:
        """Stop, and return it all."""
        self._microphone.close()
        self._thread.join(_SLACK_S)
        with self._grew:
            samples = np.concatenate([np.zeros(0, np.int16), *self._blocks])
            return Recording(samples, tuple(self._arrivals), self._microphone.dropped_blocks)

    def _run(self) -> None:
        for block in self._microphone:
            now_s = time.monotonic()
            with self._grew:
                self._blocks.append(block)
                self._count += len(block)
                self._arrivals.append((now_s, self._count))
                self._grew.notify_all()


def record(audio: AudioSettings, portaudio: PortAudio, play: bool, volume: float = 1.0) -> Recording:
    """Record some seconds, playing the test sound in them or not.

    Args:
        audio: the devices.
        portaudio: the process's.
        play: whether to play.
        volume: 0 to 1, of the test sound.

    Raises:
        DeviceError: a device is missing, refused, or gives no sound.
    """
    recorder = Recorder(open_microphone(audio.input_device or None, portaudio=portaudio))
    tape, speaker = Tape(volume), None
    try:
        if play:
            speaker = Loudspeaker(tape, audio.output_device or None, portaudio)
        recorder.wait_for(1, _START_LIMIT_S)
        quiet = recorder.count + round((SETTLE_S + QUIET_S) * SAMPLE_RATE)
        recorder.wait_for(quiet, SETTLE_S + QUIET_S + _SLACK_S)
        if speaker is None:
            more_s = 2 * AFTER_S
        else:
            tape.start()
            if not tape.ended.wait(_START_LIMIT_S + _SLACK_S):
                raise DeviceError(
                    "The loudspeaker takes no sound. Plug it in again, and run `alexa-local devices`."
                )
            more_s = AFTER_S
        recorder.wait_for(recorder.count + round(more_s * SAMPLE_RATE), more_s + _SLACK_S)
    finally:
        if speaker is not None:
            speaker.close()
        recording = recorder.close()
    settled = round(SETTLE_S * SAMPLE_RATE)
    arrivals = tuple((time_s, count - settled) for time_s, count in recording.arrivals if count > settled)
    return Recording(recording.samples[settled:], arrivals, recording.lost_blocks, tape.began_s)
