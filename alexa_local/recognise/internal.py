"""What the transducer itself has learnt of sentences, taken away: it expects those of its training.

Where the search already knows which sentences may come, the transducer's own idea of what follows what
only hurts: "iced mocha" loses to "americano" for being rarer. Internal language model estimation (Meng et
al. 2021, arXiv:2011.01991): the joint's answer without a vector of the encoder, blank left out, is that idea.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_BLANK = 0
_RAREST = -9.0
"""Natural log; what is rarer counts as this, since nothing was learnt of it."""

State = tuple[int, ...]


class InternalLanguage:
    """A `Scorer` of the search that takes away a share of the transducer's own language model.

    Attributes:
        start: the state before the first piece; a state is the prediction network's labels.
    """

    def __init__(self, unheard: Callable[[State], NDArray[np.float32]], context: int, weight: float) -> None:
        """Take away a share.

        Args:
            unheard: from a label context to natural-log probabilities, float32 (pieces,), of the joint
                without the encoder's vector.
            context: labels that the prediction network sees.
            weight: the share, 0 to 1.
        """
        self._unheard, self._weight = unheard, np.float32(weight)
        self.start: State = (_BLANK,) * context
        self._most = -weight * _RAREST
        self.scores = lru_cache(maxsize=2048)(self._scores)

    def _scores(self, state: State) -> NDArray[np.float32]:
        """The rarer the transducer thinks a piece here, the more it gets; an end gets nothing."""
        log_p = self._unheard(state).copy()
        log_p[_BLANK] = -np.inf
        log_p -= np.logaddexp.reduce(log_p)
        scores = -self._weight * np.maximum(log_p, np.float32(_RAREST))
        scores[_BLANK] = 0.0
        return scores

    def most_after(self, state: State) -> float:
        """What the rarest gets."""
        return self._most

    def next(self, state: State, label: int) -> State:
        """The last labels, with one more."""
        return (*state, label)[1:] if state else ()
