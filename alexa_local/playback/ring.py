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
    def capacity_frames(self) -> int:
        """How many frames it can hold."""
        return len(self._ring)

    @property
    def written_frames(self) -> int:
        """Frames that were ever written: where in the stream the next one will be."""
        return self._written

    @property
    def read_frames(self) -> int:
        """Frames that were ever read or skipped: where in the stream the reader is."""
        return self._read

    @property
    def has_ended(self) -> bool:
        """Whether no more will come for now."""
        return self._ended

    @property
    def waiting_frames(self) -> int:
        """Frames that have been written and not yet been read."""
        return self._written - self._read

    @property
    def wanted_frames(self) -> int:
        """Frames that wait and are still to be heard, none of which was discarded."""
        return self._written - max(self._read, self._discard_to)

    @property
    def has_begun(self) -> bool:
        """Whether what was taken last was music."""
        return self._primed

    def write(self, frames: NDArray[np.float32]) -> int:
        """Append as many of the frames, float32 (N, 2), as fit; return how many. Writer only."""
        count = min(len(frames), len(self._ring) - self.waiting_frames)
        if count > 0:
            start = self._written % len(self._ring)
            before_wrap = min(count, len(self._ring) - start)
            self._ring[start : start + before_wrap] = frames[:before_wrap]
            self._ring[: count - before_wrap] = frames[before_wrap:count]
            self._ended = False
            self._written += count
        return count

    def end(self) -> None:
        """Say that no more will come for now, so that running empty is no underrun. Writer only."""
        self._ended = True

    def discard(self) -> None:
        """Have the reader fade out and skip what was written so far; more will come. Writer only."""
        self._discard_to = self._written
        self._ended = False

    def take(self, out: NDArray[np.float32], was_audible: bool = True) -> bool:
        """Put the next frames into `out`, float32 (N, 2), with zeros where there are none. Reader only.

        Args:
            out: where they go; nothing is allocated, because this runs a hundred times in a second or so.
            was_audible: whether what was taken before could be heard; if not, nothing needs to fade out.

        Returns:
            False when there is nothing but silence; `out` is then as it was.
        """
        if self._discard_to > self._read:
            if self._primed and was_audible:
                self._fade_out(out)
                return True
            self._read, self._primed = self._discard_to, False
        ended, waiting = self._ended, self.waiting_frames  # in this order: `end` comes after the last write
        if not self._primed:
            if waiting == 0 or (waiting < self._prime_frames and not ended):
                return False
            self._primed = True
        if waiting < len(out):
            self._primed = False
            self.underruns += not ended
        self._copy(min(waiting, len(out)), out)
        return True

    def _copy(self, there: int, out: NDArray[np.float32]) -> None:
        """Take `there` frames, and zeros after them."""
        start = self._read % len(self._ring)
        before_wrap = min(there, len(self._ring) - start)
        out[:before_wrap] = self._ring[start : start + before_wrap]
        out[before_wrap:there] = self._ring[: there - before_wrap]
        out[there:] = 0.0
        self._read += there

    def _fade_out(self, out: NDArray[np.float32]) -> None:
        end = self._discard_to
        there = min(len(out), end - self._read)
        self._copy(there, out)
        out[:there] *= np.linspace(1.0, 0.0, there, dtype=np.float32)[:, None]
        self._read = end
        self._primed = False
