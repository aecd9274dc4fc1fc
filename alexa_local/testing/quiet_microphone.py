"""A microphone in a silent room, whose time passes only when a test says so."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture.source import BLOCK_SAMPLES


class QuietMicrophone:
    """Gives a block of silence for each `step`, and never ends by itself."""

    def __init__(self) -> None:
        self._steps = threading.Semaphore(0)
        self._closed, self._is_loud = threading.Event(), threading.Event()

    def step(self, blocks: int = 1) -> None:
        """Let it give that many blocks of 80 ms."""
        self._steps.release(blocks)

    def shout(self) -> None:
        """Let it give a loud block, which `FakePipeline` takes for the wake word."""
        self._is_loud.set()
        self.step()

    def __iter__(self) -> Iterator[NDArray[np.int16]]:
        while True:
            self._steps.acquire()
            if self._closed.is_set():
                return
            loud = self._is_loud.is_set()
            self._is_loud.clear()
            yield np.full(BLOCK_SAMPLES, 20_000 if loud else 0, np.int16)

    def close(self) -> None:
        """End the iteration."""
        self._closed.set()
        self._steps.release()
