"""A second look at a lattice: a language model that sees farther back than the search's may rank it anew.

The lattice is expanded until each of its nodes has one history (Weng, Stolcke and Sankar 1998, "Efficient
lattice representation and generation", section 3), so that a word's score is exact on every path. Any model
that scores word by word will do: the n-grams here on the device, something neural elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from alexa_local.errors import ModelError
from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.lattice import with_posteriors
from alexa_local.recognise.lattice_readings import log_add
from alexa_local.recognise.ngram import EDGE, UNREADABLE, PieceNgrams

UNKNOWN = 1
"""The number of the word that stands for all words that a model does not know."""

MOST_HISTORIES = 64
"""Of each node, the likeliest that are followed; a small model has fewer in most places."""


class WordModel(Protocol):
    """What rescores: the probability of a sentence, word by word."""

    @property
    def start(self) -> Hashable:
        """The history at a sentence's beginning."""

    def score(self, history: Any, word: str) -> float:
        """Natural log of how probable the word is after the history; "" is the sentence's end."""

    def next(self, history: Any, word: str) -> Hashable:
        """The history after the word."""


@dataclass(frozen=True)
class Mix:
    """How the new scores and the search's own make an arc's language score.

    Attributes:
        search: factor on what the search's language model added; 0 replaces it.
        model: factor on the new model's log-probabilities.
        word: added for each word, or fewer words would always win.
    """

    search: float = 1.0
    model: float = 0.3
    word: float = 0.0


class WordNgrams:
    """A word n-gram model, a `WordModel`: the file that `scripts/training/asr/word_ngram.py` wrote."""

    def __init__(self, path: Path) -> None:
        """Load it.

        Raises:
            ModelError: the file is missing or does not fit this program.
        """
        if not path.is_file():
            raise ModelError(
                f"There is no word model {path}. Correct recogniser.rescoring, or set it to none."
            )
        self._ngrams = PieceNgrams(path, weight=1.0, bonus=0.0)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as tables:
                words = tables["words"].tobytes().decode().split("\n")
            if len(words) != len(self._ngrams):
                raise ValueError(f"{len(words)} words for {len(self._ngrams)} scores")
        except UNREADABLE as error:
            raise ModelError(
                f"The word model {path} does not fit this program ({error}). "
                "Make it anew, or set recogniser.rescoring to none."
            ) from error
        self._numbers = {word: number for number, word in enumerate(words)} | {"": EDGE}
        self.start = self._ngrams.start

    def score(self, history: tuple[int, ...], word: str) -> float:
        """Natural log of how probable the word is after the history; "" is the sentence's end."""
        return self._ngrams.log_probability(history, self._numbers.get(word, UNKNOWN))

    def next(self, history: tuple[int, ...], word: str) -> tuple[int, ...]:
        """The history after the word, as far back as it matters."""
        return self._ngrams.next(history, self._numbers.get(word, UNKNOWN))


def rescore(
    lattice: Lattice, model: WordModel, mix: Mix = Mix(), most_histories: int = MOST_HISTORIES
) -> Lattice:
    """The lattice with the model's language scores and the posteriors that follow; times, sound, bias stay.

    Args:
        lattice: what the search found.
        model: what scores it anew.
        mix: how its scores and the search's go together.
        most_histories: followed at each node; paths through others are lost.
    """
    last = len(lattice.times_s) - 1
    leaving: dict[int, list[LatticeArc]] = defaultdict(list)
    for arc in lattice.arcs:
        leaving[arc.start].append(arc)
    scores: list[dict[Hashable, float]] = [{} for _ in lattice.times_s]
    scores[0][model.start] = 0.0
    places: dict[tuple[int, Hashable], int] = {}
    found: list[tuple[tuple[int, Hashable], tuple[int, Hashable], LatticeArc]] = []
    for node, reached in enumerate(scores):
        kept = sorted(reached, key=lambda history: -reached[history])[:most_histories]
        for history in kept:
            places[node, history] = len(places)
            for arc in leaving[node]:
                following, language = _step(model, history, arc, mix, is_last=arc.end == last)
                new = replace(arc, language=language)
                before = scores[arc.end].get(following, -inf)
                scores[arc.end][following] = log_add(before, reached[history] + new.weight)
                found.append(((node, history), (arc.end, following), new))
    times = [lattice.times_s[node] for node, _ in places]
    arcs = [
        replace(arc, start=places[before], end=places[after])
        for before, after, arc in found
        if after in places
    ]
    return with_posteriors(times, arcs)


def _step(
    model: WordModel, history: Hashable, arc: LatticeArc, mix: Mix, is_last: bool
) -> tuple[Hashable, float]:
    """The history after an arc, None at the lattice's end, and what the arc's language score becomes."""
    language, following = mix.search * arc.language, history
    if arc.word:
        language += mix.model * model.score(history, arc.word) + mix.word
        following = model.next(history, arc.word)
    if is_last:
        return None, language + mix.model * model.score(following, "")
    return following, language
