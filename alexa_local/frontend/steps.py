"""Feature frames in the steps of a streaming network: so many new ones, with a few from before."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS

STEP_FRAMES = 4
"""Frames that a network takes in a step: 40 ms."""

LEFT_FRAMES = 4
"""Frames before them that it sees again."""


class Steps:
    """One stream's frames that have not filled a step yet, and those that the next step sees again."""

    def __init__(self) -> None:
        """Nothing was heard yet: before the first frame there was silence."""
        self._kept = np.full((LEFT_FRAMES, MEL_BANDS), LOG_FLOOR, np.float32)

    @property
    def waiting(self) -> int:
        """Frames that have not filled a step yet."""
        return len(self._kept) - LEFT_FRAMES

    def push(self, frames: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Take feature frames, float32 (T, 64), any T; the steps that they fill, (8, 64) each."""
        known = np.concatenate([self._kept, frames])
        whole = (len(known) - LEFT_FRAMES) // STEP_FRAMES * STEP_FRAMES
        self._kept = known[whole:].copy()
        return [known[first : first + LEFT_FRAMES + STEP_FRAMES] for first in range(0, whole, STEP_FRAMES)]


def probability(logit: float) -> float:
    """What a network's logit says, 0 to 1: the logistic function."""
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, logit))))
