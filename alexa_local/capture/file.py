"""A sound file as a source: decoded piece by piece, as fast as possible or at the speed of time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture.convert import ToMono16k
from alexa_local.capture.source import Blocks
from alexa_local.errors import AudioFileError
from alexa_local.messages import SAMPLE_RATE
from alexa_local.sound.decode import open_sound


class Clock(Protocol):
    """The two functions of the module `time` that pacing needs."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


class FileSource:
    """The blocks of one file; a ten-hour file needs no more memory than a short one."""

    def __init__(self, path: Path, realtime: bool, clock: Clock = time) -> None:
        self._path = path
        self._realtime = realtime
        self._clock = clock
        self._closed = False
        self._sound = open_sound(path)

    @property
    def duration_s(self) -> float:
        """Seconds of sound that the file's header promises."""
        return self._sound.frames / self._sound.samplerate

    def __iter__(self) -> Iterator[NDArray[np.int16]]:
        start_s = self._clock.monotonic()
        given_samples = 0
        for block in self._blocks():
            given_samples += len(block)
            if self._realtime:
                wait_s = start_s + given_samples / SAMPLE_RATE - self._clock.monotonic()
                if wait_s > 0:
                    self._clock.sleep(wait_s)
            if self._closed:
                return
            yield block
        if not given_samples and not self._closed:
            raise AudioFileError(f"'{self._path}' holds no sound. Record it again.")

    def close(self) -> None:
        """End the iteration before its next block."""
        self._closed = True
        self._sound.close()

    def _blocks(self) -> Iterator[NDArray[np.int16]]:
        convert = ToMono16k(self._sound.samplerate, channels=self._sound.channels)
        blocks = Blocks()
        for frames in self._sound.pieces():
            yield from blocks.push(convert.push(frames))
        yield from blocks.push(convert.finish())
        rest = blocks.rest()
        if len(rest):
            yield rest


def open_file(path: str | Path, realtime: bool = False, clock: Clock = time) -> FileSource:
    """Open a sound file of any rate, width and channel count.

    Args:
        path: WAV, FLAC, Ogg, Opus or MP3.
        realtime: give each block when a microphone would have, instead of as fast as possible.
        clock: for `realtime`; `time` or a fake.

    Raises:
        AudioFileError: missing, empty or damaged; also while iterating, where the damage is met.
    """
    return FileSource(Path(path), realtime, clock)
