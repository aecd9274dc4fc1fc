"""A small n-gram model over word pieces, added to the transducer's scores (shallow fusion, Gulcehre 2015).

The transducer's prediction network sees two pieces; this sees four, and has read more text than was spoken
for it.
"""

from __future__ import annotations

import zipfile
import zlib
from functools import lru_cache, reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError

UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)
"""What numpy raises for .npz files that are missing, cut short, altered or something else."""

EDGE = 0
"""Piece 0, blank to the transducer, stands here for a sentence's beginning, in a context, and for its end."""

_KNOWN_SCORES, _KNOWN_STEPS = 2048, 4096
"""What is kept of contexts: of more, some megabytes, nothing gets faster."""


class PieceNgrams:
    """Interpolated n-grams in back-off form (Katz 1987), one sorted table for each length of context.

    A `Scorer` of the search: a state is the last labels, as far back as the tables know them. A context is
    in them only with the one that it continues, so nothing that was left out of a state matters later.
    """

    def __init__(self, path: Path, weight: float, bonus: float) -> None:
        """Load the file that `scripts/training/asr/ngram.py` wrote.

        Args:
            path: the .npz file.
            weight: factor on every log-probability.
            bonus: added for each piece, or longer readings, which pay for more pieces, would always lose.

        Raises:
            ModelError: the file does not fit this program.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as tables:
                self._unigrams = tables["unigrams"].astype(np.float32)
                self._tables = [
                    tuple(
                        tables[f"{name}{n}"]
                        for name in ("contexts", "backoffs", "firsts", "pieces", "scores")
                    )
                    for n in range(1, int(tables["order"]))
                ]
        except UNREADABLE as error:
            why = type(error).__name__  # numpy's own words advise to load it unsafely
            raise ModelError(
                f"The language model {path} does not fit this program ({why}). Install or make it anew."
            ) from error
        self._weight, self._bonus = np.float32(weight), np.float32(bonus)
        self.scores = lru_cache(_KNOWN_SCORES)(self._look_up)
        self._row = lru_cache(_KNOWN_STEPS)(self._find_row)
        self.next = lru_cache(_KNOWN_STEPS)(self._after)
        self.start = self._known((EDGE,) * len(self._tables))

    def __len__(self) -> int:
        """How many pieces it knows."""
        return len(self._unigrams)

    def most_after(self, state: tuple[int, ...]) -> float:
        """What a label adds that is certain."""
        return float(self._bonus)

    def _after(self, state: tuple[int, ...], label: int) -> tuple[int, ...]:
        """The state after a label."""
        return self._known((*state, label)[-len(self._tables) :] if self._tables else ())

    def _known(self, context: tuple[int, ...]) -> tuple[int, ...]:
        """The longest end of a context that the tables know."""
        while context and self._row(context) is None:
            context = context[1:]
        return context

    def _find_row(self, context: tuple[int, ...]) -> int | None:
        """Where a context stands in the table for its length."""
        contexts, key = self._tables[len(context) - 1][0], context_key(context)
        at = int(contexts.searchsorted(key))
        return at if at < len(contexts) and contexts[at] == key else None

    def end_probability(self, labels: tuple[int, ...]) -> float:
        """How probable it is that a sentence ends after these labels, 0 to 1."""
        state = reduce(self.next, labels, self.start)
        return float(np.exp(self.scores(state)[EDGE] / self._weight))

    def surprise(self, labels: tuple[int, ...]) -> NDArray[np.float32]:
        """How surprising each piece is after these, wherever they stand: float32 (pieces,), in nats."""
        surprise: NDArray[np.float32] = (
            -self.scores(reduce(self.next, labels, self._known(()))) / self._weight
        )
        surprise[EDGE + 1 :] += self._bonus / self._weight
        return surprise

    def log_probability(self, state: tuple[int, ...], label: int) -> float:
        """What one label's probability after a state is, natural log, without weight and bonus.

        For vocabularies that are too large to look at as a whole, such as words.
        """
        left = 0.0
        for length in range(len(state), 0, -1):
            at = self._row(state[-length:])
            if at is not None:
                _, backoffs, firsts, labels, logs = self._tables[length - 1]
                first, end = int(firsts[at]), int(firsts[at + 1])
                found = first + int(np.searchsorted(labels[first:end], label))
                if found < end and labels[found] == label:
                    return left + float(logs[found])
                left += float(backoffs[at])
        return left + float(self._unigrams[label])

    def _look_up(self, context: tuple[int, ...]) -> NDArray[np.float32]:
        """What each piece after these labels adds to a reading's score; piece 0 is the sentence's end."""
        if not context:
            scores = self._weight * self._unigrams
            scores[EDGE + 1 :] += self._bonus
            return scores
        shorter, at = self.scores(context[1:]), self._row(context)
        if at is None:
            return shorter
        _, backoffs, firsts, pieces, logs = self._tables[len(context) - 1]
        first, end = int(firsts[at]), int(firsts[at + 1])
        found, known = pieces[first:end], logs[first:end].astype(np.float32)
        scores = shorter + self._weight * np.float32(backoffs[at])
        scores[found] = self._weight * known + np.where(found == EDGE, np.float32(0.0), self._bonus)
        return scores


def context_key(labels: tuple[int, ...]) -> np.uint64:
    """At most 4 labels below 65536 as one number, oldest first."""
    key = 0
    for label in labels:
        key = key << 16 | label
    return np.uint64(key)
