"""The word that ends what the device says, rings or plays, and that needs no wake word while it does."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from alexa_local.wake.sensitivity import Playing
from alexa_local.wake.words import Hearer


class StopWord:
    """Listens only while something is played that it may end: else it costs nothing, and harms nobody."""

    def __init__(self, hearer: Hearer, ends: Collection[Playing]) -> None:
        """Take what hears the word, and which sounds it ends."""
        self._hearer, self._ends = hearer, frozenset(ends)
        self._listens = False

    def push(self, frames: NDArray[np.float32], playing: Playing) -> bool:
        """Take frames, float32 (T, 64), any T, and what is played; whether somebody wants that to end."""
        if playing not in self._ends:
            self.reset()
            return False
        self._listens = True
        self._hearer.while_playing(playing)
        return any(heard.accepted for heard in self._hearer.push(frames))

    def reset(self) -> None:
        """Forget everything that was heard."""
        if self._listens:
            self._hearer.reset()
        self._listens = False
