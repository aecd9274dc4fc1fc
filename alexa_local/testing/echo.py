"""A room without walls and without libspeexdsp: what is played comes back later and more softly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import BLOCK_SAMPLES, EchoCanceller


class SubtractingFilter:
    """Takes a fixed share of what was played out of what is heard; right when `early_samples` fit.

    Attributes:
        calls: how often it was asked.
    """

    def __init__(self, gain: float, early_samples: int = 0) -> None:
        """Subtract `gain` times what was played, which comes `early_samples` before its echo."""
        self.calls = 0
        self._gain = gain
        self._kept = np.zeros(early_samples, np.int16)

    def cancel(self, heard: NDArray[np.int16], played: NDArray[np.int16]) -> NDArray[np.int16]:
        """Subtract, int16 (N,)."""
        self.calls += 1
        known = np.concatenate([self._kept, played])
        self._kept = known[len(played) :]
        return heard - np.rint(known[: len(played)] * self._gain).astype(np.int16)


class Room:
    """Feeds an echo canceller as a loudspeaker and a microphone with one clock or two would.

    Attributes:
        time_s: of the monotonic clock, as far as the room is concerned.
    """

    def __init__(self, played: NDArray[np.int16], heard: NDArray[np.int16], ahead_s: float = 0.12) -> None:
        """Play int16 (N,) and hear int16 (M,), both 16 kHz; the callback is `ahead_s` early."""
        self.time_s = 100.0
        self._played, self._heard = played, heard
        self._given = self._taken = 0
        self._ahead_samples = round(ahead_s * 16_000)

    def step(self, canceller: EchoCanceller) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Let 80 ms pass; the microphone's block as it was, and as it became."""
        self._taken += BLOCK_SAMPLES
        while self._given < self._taken + self._ahead_samples:
            block = self._played[self._given : self._given + BLOCK_SAMPLES]
            block = np.pad(block, (0, BLOCK_SAMPLES - len(block)))
            at_s = self.time_s + (self._given - self._ahead_samples) / 16_000
            canceller.played(block[:, None], 16_000, at_s)
            self._given += BLOCK_SAMPLES
        block = self._heard[self._taken - BLOCK_SAMPLES : self._taken]
        return block, canceller.clean(block, self.time_s + self._taken / 16_000)

    def run(self, canceller: EchoCanceller) -> NDArray[np.int16]:
        """Let all of it pass; what the canceller left, int16 (M',)."""
        return np.concatenate([self.step(canceller)[1] for _ in range(len(self._heard) // BLOCK_SAMPLES)])
