"""A microphone in a silent room, in which somebody speaks when a test says so."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray


class SpokenMicrophone:
    """Gives the sound of one request each time that `speak` is called, and ends when it is closed."""

    def __init__(self, request: Sequence[NDArray[np.int16]]) -> None:
        """The request's sound is int16 blocks, shape (N,)."""
        self._request = request
        self._blocks: queue.Queue[NDArray[np.int16] | None] = queue.Queue()

    def speak(self) -> None:
        """Say the request."""
        for block in self._request:
            self._blocks.put(block)

    def __iter__(self) -> Iterator[NDArray[np.int16]]:
        while (block := self._blocks.get()) is not None:
            yield block

    def close(self) -> None:
        """End the iteration, after what was said."""
        self._blocks.put(None)
