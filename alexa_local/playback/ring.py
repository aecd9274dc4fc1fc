"""Decoded music on its way from the decoding thread to the loudspeaker's thread, which must never wait.

One thread writes, one other reads; each moves only its own counter, so there is no lock between them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class MusicRing:
    """A bounded ring of stereo frames.

    Attributes:
        underruns: how often the reader wanted frames that the writer had not brought in time.
    """

    def __init__(self, capacity_frames: int, prime_frames: int) -> None:
        """Hold at most `capacity_frames`; after a gap, begin when `prime_frames` are there."""
        self.underruns = 0
        self._ring = np.zeros((capacity_frames, 2), np.float32)
        self._prime_frames = prime_frames
        self._written = 0
        self._read = 0
        self._discard_to = 0
        self._primed = False
        self._ended = True

    @property
    def waiting_frames(self) -> int:
        """Frames that have been written and not yet been read."""
        return self._written - self._read

    def write(self, frames: NDArray[np.float32]) -> int:
        """Append as many of the frames, float32 (N, 2), as fit; return how many. Writer only."""
        capacity = len(self._ring)
        count = min(len(frames), capacity - self.waiting_frames)
        if count > 0:
            self._ring[np.arange(self._written, self._written + count) % capacity] = frames[:count]
            self._ended = False
            self._written += count
        return count

    def end(self) -> None:
        """Say that no more will come for now, so that running empty is no underrun. Writer only."""
        self._ended = True

    def discard(self) -> None:
        """Have the reader fade out and skip what was written so far. Writer only."""
        self._discard_to = self._written

    def take(self, count: int, was_audible: bool = True) -> NDArray[np.float32] | None:
        """The next frames, float32 (count, 2), with zeros where there are none. Reader only.

        Args:
            count: frames.
            was_audible: whether what was taken before could be heard; if not, nothing needs to fade out.

        Returns:
            None when there is nothing but silence.
        """
        if self._discard_to > self._read:
            if self._primed and was_audible:
                return self._fade_out(count)
            self._read, self._primed = self._discard_to, False
        ended, waiting = self._ended, self.waiting_frames  # in this order: `end` comes after the last write
        if not self._primed:
            if waiting == 0 or (waiting < self._prime_frames and not ended):
                return None
            self._primed = True
        if waiting < count:
            self._primed = False
            self.underruns += not ended
        return self._frames(min(waiting, count), count)

    def _frames(self, there: int, count: int) -> NDArray[np.float32]:
        if there == 0:
            return np.zeros((count, 2), np.float32)
        taken = self._ring[np.arange(self._read, self._read + there) % len(self._ring)]
        self._read += there
        if there == count:
            return taken
        return np.concatenate([taken, np.zeros((count - there, 2), np.float32)])

    def _fade_out(self, count: int) -> NDArray[np.float32]:
        end = self._discard_to
        there = min(count, end - self._read)
        out = self._frames(there, count)
        out[:there] *= np.linspace(1.0, 0.0, there, dtype=np.float32)[:, None]
        self._read = end
        self._primed = False
        return out
