"""A source of sound that a test writes by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture.source import BLOCK_SAMPLES


class FakeSource:
    """Gives the samples or blocks it was made with, at once, then ends."""

    def __init__(self, sound: NDArray[np.int16] | Iterable[NDArray[np.int16]]) -> None:
        """Take int16 (N,), which is cut into blocks, or blocks as they are."""
        if isinstance(sound, np.ndarray):
            starts = range(0, len(sound), BLOCK_SAMPLES)
            sound = [sound[start : start + BLOCK_SAMPLES] for start in starts]
        self._blocks = sound
        self.closed = False

    def __iter__(self) -> Iterator[NDArray[np.int16]]:
        for block in self._blocks:
            if self.closed:
                return
            yield block

    def close(self) -> None:
        """End the iteration before its next block."""
        self.closed = True
