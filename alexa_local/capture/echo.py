"""Takes what the device itself plays out of what its microphone hears, so that people are heard over it.

The loudspeaker tells what it was given, and the microphone's blocks pass through here. How long sound takes
from one to the other, through buffers and the air, is found by likeness and followed from then on, as two
cards' clocks drift apart; the rest, the room, is libspeexdsp's filter. While nothing is played, blocks pass
as they are.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture.echo_delay import Place, find_lag
from alexa_local.capture.echo_filter import TAIL_SAMPLES, SpeexFilter, load_speexdsp
from alexa_local.capture.echo_ring import PlayedRing, Stamps
from alexa_local.capture.echo_track import Track
from alexa_local.errors import DeviceError
from alexa_local.messages import SAMPLE_RATE

_log = logging.getLogger(__name__)

_EARLY_SAMPLES = 48
"""The filter gets what was played 3 ms before the echo's beginning."""

_LOOK_BACK_SAMPLES, _LEAST_SAMPLES = SAMPLE_RATE, round(0.4 * SAMPLE_RATE)
"""How much of the recording the delay is measured on, and how much of it is enough at the beginning."""

_SEARCH_EVERY_SAMPLES, _SEARCH_RARELY_SAMPLES = round(0.24 * SAMPLE_RATE), 8 * SAMPLE_RATE
"""How often the delay is looked for, first and after having looked in vain for long."""

_MEASURE_EVERY_SAMPLES, _DOUBT_EVERY_SAMPLES = 2 * SAMPLE_RATE, round(0.4 * SAMPLE_RATE)
"""How often it is measured once it is known, and when the last measurement did not fit."""

_EARLIEST_SAMPLES, _LATEST_SAMPLES = round(-0.25 * SAMPLE_RATE), round(1.25 * SAMPLE_RATE)
"""Delays that are looked at, against what the times of the callbacks say."""

_NEAR_SAMPLES = 4096
"""Delays that are looked at, either way, when it is known: a buffer may be lost or come in addition."""

_CLEAR, _LIKELY = 20.0, 12.0
"""Clarity from which an echo counts as found, and as still there. Echoes have 20 to 150; of two pieces of
music that had nothing to do with each other none had more than 17."""

_PATIENCE = 5
"""Measurements without a likely echo, one after the other, until it is looked for everywhere."""

_LEAK = 0.96
"""Of the levels that say what was cancelled, in a block of 80 ms."""


class EchoFilter(Protocol):
    """What takes an echo out, once the delay is known: `SpeexFilter`, or a test's own."""

    def cancel(self, heard: NDArray[np.int16], played: NDArray[np.int16]) -> NDArray[np.int16]:
        """What is left of a recording, int16 (N,), without the echo of what was played, int16 (N,)."""


class EchoCanceller:
    """One microphone's and one loudspeaker's; `played` may come from any thread, all else from one."""

    def __init__(self, echo_filter: EchoFilter) -> None:
        """Take what cancels."""
        self._filter = echo_filter
        self._ring = PlayedRing()
        self._delay_samples = 0.0
        self._levels = np.zeros(2)
        self._track: Track | None = None
        self._place: float | None = None  # where the ring was read to, while something is cancelled
        self.begin()

    def played(self, frames: NDArray[np.int16], rate_hz: int, at_s: float) -> None:
        """Take what the loudspeaker is given at `at_s` of the monotonic clock, int16 (N, C); never waits."""
        self._ring.put(frames, rate_hz, at_s)

    def begin(self) -> None:
        """The microphone was opened, for the first time or again: its samples are counted from here."""
        self._count = 0
        self._stamps = Stamps()
        self._heard: deque[NDArray[np.int16]] = deque()
        self._ring.drop()
        self._stream = self._ring.streams
        self._lose()

    @property
    def report(self) -> Mapping[str, Any]:
        """For the status: whether an echo is known, its delay and drift, and how much of it is taken out."""
        track = self._track
        if track is None:
            return {"echo_cancellation": "no echo yet"}
        heard, left = self._levels
        return {
            "echo_cancellation": "working",
            "echo_delay_ms": round(1000 * self._delay_samples / SAMPLE_RATE, 1),
            "echo_drift_ppm": round(track.drift_ppm, 1),
            "echo_cancelled_db": round(10 * math.log10(heard / left), 1) if heard > 0 and left > 0 else 0.0,
        }

    def clean(self, block: NDArray[np.int16], at_s: float) -> NDArray[np.int16]:
        """Take the echo out of a block.

        Args:
            block: int16 (1280,), the microphone's next.
            at_s: when it was there, of the monotonic clock.

        Returns:
            int16 (1280,); the very block where nothing was played, or while no echo has been found.
        """
        self._ring.gather()
        if self._ring.streams != self._stream:  # the loudspeaker was away
            self._stream = self._ring.streams
            self._lose()
        first = self._count
        self._count += len(block)
        self._stamps.add(self._count, at_s)
        self._remember(block)
        if not self._is_loud(first, len(block)):
            self._place, self._look_at = None, self._count + _LEAST_SAMPLES
            return block
        if self._count >= self._look_at:
            self._look()
        return block if self._track is None else self._cancel(block, first, self._track)

    def _lose(self) -> None:
        """Know nothing of the delay; what the filter knows of the room is kept."""
        self._track = self._place = None
        self._loud_until = self._look_at = self._unclear = 0
        self._search_every = float(_SEARCH_EVERY_SAMPLES)

    def _remember(self, block: NDArray[np.int16]) -> None:
        self._heard.append(block)
        if (len(self._heard) - 1) * len(block) >= _LOOK_BACK_SAMPLES:
            self._heard.popleft()

    def _guess(self) -> float:
        """By how many samples the ring is ahead of the microphone, by the clock alone."""
        return self._ring.stamps.offset - self._stamps.offset

    def _is_loud(self, first: int, count: int) -> bool:
        """Whether the block may hold something of what was played."""
        if not self._ring.loud_until:
            return False
        if self._track is None:
            return self._ring.loud_until > first + self._guess() - _LATEST_SAMPLES
        start = math.floor(first + self._track.shift(first))
        if self._ring.read(start - _EARLY_SAMPLES, count + 3 * _EARLY_SAMPLES).any():
            self._loud_until = first + count + TAIL_SAMPLES
        return first < self._loud_until

    def _look(self) -> None:
        """Look for the echo everywhere, or where it should be."""
        heard = np.concatenate(list(self._heard)).astype(np.float32)
        start = self._count - len(heard)
        middle = start + len(heard) // 2
        if self._track is not None and self._unclear < _PATIENCE:
            ahead = round(self._track.shift(start)) + _NEAR_SAMPLES
            place = self._find(heard, start, ahead, 2 * _NEAR_SAMPLES)
            self._measure(self._track, place, ahead, middle)
        elif len(heard) >= _LEAST_SAMPLES:
            self._look_at = self._count + round(self._search_every)
            self._search_every = min(1.1 * self._search_every, _SEARCH_RARELY_SAMPLES)
            ahead = round(self._guess()) - _EARLIEST_SAMPLES
            place = self._find(heard, start, ahead, _LATEST_SAMPLES - _EARLIEST_SAMPLES)
            self._search(place, ahead - place.lag_samples, middle)

    def _find(self, heard: NDArray[np.float32], start: int, ahead: int, reach: int) -> Place:
        return find_lag(heard, self._ring.read(start + ahead - reach, reach + len(heard)))

    def _measure(self, track: Track, place: Place, ahead: int, middle: int) -> None:
        fits = place.clarity >= _LIKELY and track.measured(ahead - place.lag_samples, middle)
        self._unclear = 0 if place.clarity >= _LIKELY else self._unclear + 1
        self._look_at = self._count + (_MEASURE_EVERY_SAMPLES if fits else _DOUBT_EVERY_SAMPLES)
        self._delay_samples = self._guess() - track.shift(middle)

    def _search(self, place: Place, shift: float, middle: int) -> None:
        if place.clarity >= _CLEAR:
            self._lose()
            self._track, self._look_at = Track(shift, middle), self._count + _MEASURE_EVERY_SAMPLES
            self._delay_samples = self._guess() - shift
            _log.info("The loudspeaker is heard %.0f ms later.", 1000 * self._delay_samples / SAMPLE_RATE)

    def _cancel(self, block: NDArray[np.int16], first: int, track: Track) -> NDArray[np.int16]:
        """Feed the filter from where the track says, moving there smoothly unless it jumped."""
        behind = first + len(block)
        end = behind + track.shift(behind) + _EARLY_SAMPLES
        begin = self._place
        if begin is None or abs(end - len(block) - begin) > _EARLY_SAMPLES / 2:
            begin = first + track.shift(first) + _EARLY_SAMPLES
        self._place = end
        played = self._ring.read_between(begin, (end - begin) / len(block), len(block))
        left = self._filter.cancel(block, np.clip(np.rint(played), -32768, 32767).astype(np.int16))
        levels = [float(np.square(one, dtype=np.float32).sum()) for one in (block, left)]
        self._levels = _LEAK * self._levels + (1 - _LEAK) * np.array(levels)
        return left


def open_echo_canceller(wanted: str = "auto") -> EchoCanceller | None:
    """A canceller; None when `wanted` is "off", or is "auto" and libspeexdsp is missing, which is told.

    Raises:
        DeviceError: it is "on", and the library is missing.
    """
    if wanted == "off":
        return None
    library = load_speexdsp()
    if library is not None:
        return EchoCanceller(SpeexFilter(library))
    missing = "libspeexdsp is not installed, so the device's own sound is not taken out of the microphone's."
    remedy = "Run `apt install libspeexdsp1`, or set audio.echo_cancellation to off."
    if wanted == "on":
        raise DeviceError(f"{missing} {remedy}")
    _log.warning("%s While it plays, people are hardly heard. %s", missing, remedy)
    return None
