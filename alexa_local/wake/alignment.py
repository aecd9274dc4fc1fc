"""How well the last sounds fit phrases, piece by piece, against whatever else they may be.

A phrase's score is the log-probability of the likeliest way that the transducer writes its pieces now, less
that of the best free reading of the same sounds, in nats a piece: 0 when the phrase is the best reading.
Every moment may be a phrase's beginning, with the free reading so far before it (a filler model, as in
Szöke et al. 2005; the ways are the transducer's own, Graves 2012, section 2.4). The transducer may wait
between two pieces only so long: else a phrase would gain by sleeping through sounds that fit nothing well.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Labels = tuple[int, ...]
BLANK = 0
LONGEST_WAIT_STEPS = 8
"""Of the encoder between two pieces: 0.64 s."""

_NEVER = -1e9


class Alignments:
    """All ways to all phrases at once.

    Attributes:
        contexts: the label contexts whose log-probabilities a step takes, in this order.
    """

    def __init__(self, phrases: Sequence[Labels], context: int) -> None:
        """Take phrases as pieces, none empty, and how many labels the transducer looks back."""
        self._lengths = np.array([len(phrase) for phrase in phrases])
        self._rows = np.arange(len(phrases))
        longest = int(self._lengths.max())
        self._labels = np.zeros((len(phrases), longest), np.intp)
        self._context_of = np.zeros((len(phrases), longest + 1), np.intp)
        known: dict[Labels, int] = {}
        begun = (BLANK,) * context
        for row, phrase in enumerate(phrases):
            self._labels[row, : len(phrase)] = phrase
            for said in range(len(phrase) + 1):
                self._context_of[row, said] = known.setdefault((begun + phrase[:said])[said:], len(known))
        self.contexts = list(known)
        self.reset()

    def reset(self) -> None:
        """Forget all sounds."""
        shape = (*self._context_of.shape, LONGEST_WAIT_STEPS)
        self._best = np.full(shape, _NEVER)  # (phrases, pieces said, steps waited)
        self._began = np.zeros(shape, np.int64)
        self._step = 0

    def step(
        self, log_p: NDArray[np.float32], free_before: float, free_after: float
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Take a step of the encoder.

        Args:
            log_p: float32 (contexts, pieces), natural-log probabilities after each of `contexts`.
            free_before: the free reading's log-probability up to this step.
            free_after: the same after it.

        Returns:
            Of each phrase the score, nats a piece, if its last piece is written in this step, and the step at
            which it began.
        """
        blank = log_p[self._context_of, BLANK]  # (phrases, longest + 1)
        label = log_p[self._context_of[:, :-1], self._labels]  # (phrases, longest)
        waited = self._best.argmax(axis=2)[..., None]
        said = np.take_along_axis(self._best, waited, 2)[..., 0]
        since = np.take_along_axis(self._began, waited, 2)[..., 0]
        written, began = np.full_like(said, _NEVER), np.zeros_like(since)
        written[:, 0], began[:, 0] = free_before, self._step
        for at in range(label.shape[1]):
            now = written[:, at] >= said[:, at]  # the piece before was written in this step too
            written[:, at + 1] = np.where(now, written[:, at], said[:, at]) + label[:, at]
            began[:, at + 1] = np.where(now, began[:, at], since[:, at])
        self._best[:, :, 1:], self._began[:, :, 1:] = self._best[:, :, :-1], self._began[:, :, :-1]
        self._best[:, :, 0], self._began[:, :, 0] = written, began
        self._best[:, 0, 0] = _NEVER  # a beginning does not wait: another begins at the next step
        self._best += blank[:, :, None]
        self._step += 1
        ended = written[self._rows, self._lengths] + blank[self._rows, self._lengths] - free_after
        return ended / self._lengths, began[self._rows, self._lengths]
