"""A loudspeaker that a test pulls by hand, and that keeps what it played."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.playback.mixer import Mixer


class FakeLoudspeaker:
    """Reads a mixer as far as the test says."""

    def __init__(self, mixer: Mixer, block_frames: int = 1764) -> None:
        self._mixer = mixer
        self._block_frames = block_frames
        self._blocks: list[NDArray[np.int16]] = []

    @property
    def played(self) -> NDArray[np.int16]:
        """Everything so far, int16 (N, 2)."""
        return np.concatenate(self._blocks) if self._blocks else np.zeros((0, 2), np.int16)

    def advance(self, seconds: float) -> NDArray[np.int16]:
        """Play for that long, in blocks; return what was played, int16 (N, 2)."""
        left = round(seconds * self._mixer.rate_hz)
        before = len(self._blocks)
        while left > 0:
            count = min(left, self._block_frames)
            self._blocks.append(self._mixer.read(count))
            left -= count
        return np.concatenate([np.zeros((0, 2), np.int16), *self._blocks[before:]])

    def close(self) -> None:
        """Nothing to free."""
