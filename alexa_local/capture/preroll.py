"""The last seconds of the stream, so that what was said before anybody knew it mattered is not lost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_S = 100


class PreRoll:
    """A ring of rows (feature frames) or values (samples) that are counted from the beginning of the stream.

    Its memory is taken once, when the first row tells how long a row is.
    """

    def __init__(self, seconds: float, rows_per_s: int = FRAMES_PER_S) -> None:
        """Keep the last `seconds`, at `rows_per_s` rows in a second (100 for feature frames)."""
        self._capacity = max(1, round(seconds * rows_per_s))
        self._ring: NDArray[Any] | None = None
        self._next = 0

    @property
    def next_frame(self) -> int:
        """The number that the next row will have: how many have been pushed."""
        return self._next

    @property
    def oldest_frame(self) -> int:
        """The number of the oldest row that is kept."""
        return max(0, self._next - self._capacity)

    def push(self, frames: NDArray[Any]) -> None:
        """Append rows: any dtype, shape (T, W) or (T,), always the same W."""
        if self._ring is None:
            self._ring = np.zeros((self._capacity, *frames.shape[1:]), frames.dtype)
        newest = frames[-self._capacity :]
        first = self._next + len(frames) - len(newest)
        self._ring[np.arange(first, first + len(newest)) % self._capacity] = newest
        self._next += len(frames)

    def since(self, frame: int) -> NDArray[Any]:
        """The rows from number `frame` on, (T, W); from the oldest kept when that one is gone."""
        if self._ring is None:
            return np.zeros(0, np.float32)
        first = min(max(frame, self.oldest_frame), self._next)
        return self._ring[np.arange(first, self._next) % self._capacity]

    def reset(self) -> None:
        """Forget everything and count from 0 again."""
        self._next = 0
