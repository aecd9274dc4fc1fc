"""What the loudspeaker was given in the last seconds, to be read at any place and at nearly any speed.

The loudspeaker's callback only puts its frames into a queue; resampling to 16 kHz mono happens in the thread
that reads.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import median

import numpy as np
import soxr
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE

KEPT_S = 6.0
_QUEUED_CHUNKS = 256
_GAP_S = 0.5
"""A chunk that comes so much later than the frames before it begins a new stream: the device was away."""

_STAMPS = 50
_TAPS, _PHASES = 16, 256
_PIECE_SAMPLES = 160
"""Read in one go, as if a step were 1: at 100 ppm that is off by a hundredth of a sample at the ends."""


def _interpolator() -> NDArray[np.float32]:
    """Windowed sincs for convolutions, (phases + 1, taps): row p reads p / phases after the middle."""
    at = np.arange(_TAPS) - (_TAPS // 2 - 1) - np.arange(_PHASES + 1)[:, None] / _PHASES
    table = np.sinc(at) * np.cos(np.pi * np.clip(at / _TAPS, -0.5, 0.5)) ** 2
    return (table / table.sum(axis=1, keepdims=True)).astype(np.float32)[:, ::-1]


_SINCS = _interpolator()


class Stamps:
    """Which sample of a stream came when: the middle of the last answers, since each is late by chance."""

    def __init__(self) -> None:
        self._offsets: deque[float] = deque(maxlen=_STAMPS)

    def add(self, index: int, at_s: float) -> None:
        """Sample `index` was given or taken at `at_s`, of the monotonic clock."""
        self._offsets.append(index - at_s * SAMPLE_RATE)

    def clear(self) -> None:
        """The stream ended."""
        self._offsets.clear()

    @property
    def offset(self) -> float:
        """The index that belongs to the clock's zero; there must be a stamp."""
        return median(self._offsets)


@dataclass(frozen=True)
class _Chunk:
    frames: NDArray[np.int16]
    rate_hz: int
    at_s: float


class PlayedRing:
    """A ring of samples at 16 kHz, counted from the beginning.

    Attributes:
        next_index: the number of the next sample that will come.
        loud_until: the number after the last one that was no silence.
        streams: grows when the count stops to fit the clock: the loudspeaker was away, or chunks were lost.
        stamps: when the samples were given.
    """

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self.next_index = self.loud_until = 0
        self.streams = 0
        self.stamps = Stamps()
        self._ring = np.zeros(round(kept_s * SAMPLE_RATE), np.float32)
        self._chunks: deque[_Chunk] = deque()
        self._resampler: soxr.ResampleStream | None = None
        self._rate_hz = 0
        self._due_s = -math.inf

    def put(self, frames: NDArray[np.int16], rate_hz: int, at_s: float) -> None:
        """Take what is played next, int16 (N, C), from the loudspeaker's callback; never waits.

        Args:
            frames: kept as they are: nobody may change them.
            rate_hz: frames per second.
            at_s: of the monotonic clock.
        """
        if len(self._chunks) < _QUEUED_CHUNKS:  # else nobody reads; the gap tells later that some are missing
            self._chunks.append(_Chunk(frames, rate_hz, at_s))

    def gather(self) -> None:
        """Take in what was put; to be called by the thread that reads, and at least every few seconds."""
        while self._chunks:
            self._take(self._chunks.popleft())

    def drop(self) -> None:
        """Throw away what was put and never read: nobody listened for a while."""
        self._chunks.clear()
        self._due_s = -math.inf

    def _take(self, chunk: _Chunk) -> None:
        if chunk.at_s > self._due_s + _GAP_S or chunk.rate_hz != self._rate_hz:
            self._rate_hz = chunk.rate_hz
            self._resampler = soxr.ResampleStream(chunk.rate_hz, SAMPLE_RATE, 1, dtype="float32")
            self.stamps.clear()
            self.streams += 1
        self._due_s = chunk.at_s + len(chunk.frames) / chunk.rate_hz
        assert self._resampler is not None
        channels = chunk.frames.shape[1]
        mono = chunk.frames.astype(np.float32) @ np.full(channels, 1 / channels, np.float32)  # (N, C) -> (N,)
        samples = self._resampler.resample_chunk(mono)
        self._write(samples)
        if samples.any():
            self.loud_until = self.next_index
        self.stamps.add(self.next_index, self._due_s)

    def _write(self, samples: NDArray[np.float32]) -> None:
        """Append float32 (N,), N at most the ring's length."""
        place = self.next_index % len(self._ring)
        before_end = len(self._ring) - place
        self._ring[place : place + len(samples)] = samples[:before_end]
        self._ring[: max(0, len(samples) - before_end)] = samples[before_end:]
        self.next_index += len(samples)

    def read(self, first: int, count: int) -> NDArray[np.float32]:
        """Samples by their number, float32 (count,), in steps of int16; zeros where they are not kept."""
        out = np.zeros(count, np.float32)
        oldest = max(0, self.next_index - len(self._ring))
        start, end = min(max(first, oldest), first + count), max(min(first + count, self.next_index), first)
        if start < end:
            place = start % len(self._ring)
            before_end = self._ring[place : place + end - start]
            out[start - first : start - first + len(before_end)] = before_end
            out[start - first + len(before_end) : end - first] = self._ring[: end - start - len(before_end)]
        return out

    def read_between(self, first: float, step: float, count: int) -> NDArray[np.float32]:
        """Like `read`, from a place between two samples, `step` samples apart, which is near 1."""
        pieces = []
        for start in range(0, count, _PIECE_SAMPLES):
            length = min(_PIECE_SAMPLES, count - start)
            place = first + step * start + (step - 1) * (length - 1) / 2
            whole = math.floor(place)
            known = self.read(whole - (_TAPS // 2 - 1), length + _TAPS - 1)
            pieces.append(np.convolve(known, _SINCS[round((place - whole) * _PHASES)], "valid"))
        return np.concatenate(pieces)
