"""What every source of sound offers, and the cutting of sound into its blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

BLOCK_SAMPLES = 1280
"""Samples in a block: 80 ms at 16 kHz, one step of the recogniser; shorter ones cost more than they gain."""


class Source(Protocol):
    """A microphone, a file or a pipe.

    Iterating gives int16 arrays of shape (1280,), 16 kHz mono; the last block of a file may be shorter.
    It ends at the end of a file or after `close`, never because a microphone went away.
    """

    def __iter__(self) -> Iterator[NDArray[np.int16]]: ...

    def close(self) -> None:
        """Free the device or file; an iteration that is waiting ends. May be called from another thread."""


class Blocks:
    """Cuts a stream of samples into blocks of one length."""

    def __init__(self, block_samples: int = BLOCK_SAMPLES) -> None:
        self._block_samples = block_samples
        self._kept = np.zeros(0, np.int16)

    def push(self, samples: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
        """Take int16 (N,), any N; give the blocks that are full."""
        joined = np.concatenate([self._kept, samples]) if len(self._kept) else samples
        full = len(joined) // self._block_samples * self._block_samples
        self._kept = joined[full:].copy()
        for start in range(0, full, self._block_samples):
            yield joined[start : start + self._block_samples]

    def rest(self) -> NDArray[np.int16]:
        """The samples that fill no block, int16 (fewer than a block,); none are left after."""
        rest, self._kept = self._kept, np.zeros(0, np.int16)
        return rest
