"""Catalogues for a batch: phrases that it holds among many that it does not; never a fixed list."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from alexa_local.recognise.attention import by_context
from alexa_local.recognise.phrase_vectors import PLACE_PIECES
from scripts.training.asr.data import Batch
from scripts.training.attention.model import Places

Word = tuple[int, ...]
"""A word's pieces."""

PRESENT = 0.7
"""Share of the utterances of which phrases are in the catalogue."""
WORDS_A_PHRASE = 4
"""Of such an utterance: so many words for each phrase of it that is drawn."""
FEWEST, MOST = 10, 400
"""Phrases of a catalogue, drawn evenly over the logarithm."""
COMMON = 150
"""So many most frequent words make no phrase by themselves."""
NEAR = 0.2
"""Share of the distractors that differ in one piece from a phrase that is said."""
MADE_UP = 0.3
"""Share of the distractors that are made of words drawn one by one."""


MOST_FOLLOWING = 16
"""Places that can follow one prefix; more are left out."""


@dataclass(frozen=True)
class Catalogue:
    """Phrases, and where they are said.

    Attributes:
        phrases: the catalogue.
        inside: bool (B, U): for each label, whether it is part of a phrase.
    """

    phrases: frozenset[Word]
    inside: NDArray[np.bool_]


class Words:
    """All words of the training text, rare ones preferred."""

    def __init__(self, sentences: Iterable[Sequence[Word]]) -> None:
        counts: Counter[Word] = Counter()
        self.sentences: list[Sequence[Word]] = []
        for sentence in sentences:
            if sentence:
                self.sentences.append(sentence)
                counts.update(sentence)
        self._common = {word for word, _ in counts.most_common(min(COMMON, len(counts) // 4))}
        self._words = list(counts)
        self._weights = {word: count**-0.7 for word, count in counts.items()}
        self._sums = np.cumsum([self._weights[word] for word in self._words])

    def draw(self, sentence: Sequence[Word], random: np.random.Generator) -> Word:
        """One to three words of a sentence, one of them not common, spelt as one; () where there is none."""
        rare = [i for i, word in enumerate(sentence) if word not in self._common]
        if not rare:
            return ()
        weights = np.array([self._weights.get(sentence[i], 1.0) for i in rare])
        middle = rare[int(random.choice(len(rare), p=weights / weights.sum()))]
        wide = int(random.choice([1, 2, 3], p=[0.45, 0.4, 0.15]))
        first = max(0, middle - int(random.integers(wide)))
        return sum(sentence[first : first + wide], ())

    def make_up(self, random: np.random.Generator) -> Word:
        """One or two words that need not stand together anywhere."""
        places = np.searchsorted(self._sums, random.uniform(0, self._sums[-1], random.integers(1, 3)))
        return sum((self._words[min(int(i), len(self._words) - 1)] for i in places), ())


def split_words(labels: Iterable[int], starts: NDArray[np.bool_]) -> list[Word]:
    """Labels as words; `starts` says which pieces begin one."""
    words: list[list[int]] = []
    for label in labels:
        if starts[label] or not words:
            words.append([])
        words[-1].append(int(label))
    return [tuple(word) for word in words]


def draw_catalogue(
    batch: Batch, words: Words, starts: NDArray[np.bool_], random: np.random.Generator, without: float = 0.15
) -> Catalogue:
    """A catalogue of its own for a batch, in which some of what is said stands, or at a chance nothing."""
    said = split_batch(batch, starts)
    empty = random.random() < without
    drawn = {
        words.draw(sentence, random)
        for sentence in said
        if random.random() < PRESENT
        for _ in range(1 + len(sentence) // WORDS_A_PHRASE)
    }
    size = int(np.exp(random.uniform(np.log(FEWEST), np.log(MOST))))
    phrases = set() if empty else drawn
    phrases.update(_distractor(list(drawn), words, starts, random) for _ in range(size))
    if empty:
        phrases -= mark(said, phrases, batch.labels.shape)[1]
    phrases.discard(())
    return Catalogue(frozenset(phrases), mark(said, phrases, batch.labels.shape)[0])


def unsaid(batch: Batch, catalogue: Catalogue, starts: NDArray[np.bool_]) -> Catalogue:
    """The catalogue without the phrases that are said: the distractors alone."""
    found = mark(split_batch(batch, starts), catalogue.phrases, batch.labels.shape)[1]
    return Catalogue(catalogue.phrases - found, np.zeros_like(catalogue.inside))


def split_batch(batch: Batch, starts: NDArray[np.bool_]) -> list[list[Word]]:
    """The words of each utterance."""
    rows = zip(batch.labels, batch.counts.tolist(), strict=True)
    return [split_words(labels[:count].tolist(), starts) for labels, count in rows]


def _distractor(
    said: list[Word], words: Words, starts: NDArray[np.bool_], random: np.random.Generator
) -> Word:
    kind = random.random()
    if kind < NEAR and said:
        near = list(said[int(random.integers(len(said)))])
        if near:
            changed = int(random.integers(len(near)))
            alike = np.flatnonzero(starts[1:] == starts[near[changed]]) + 1
            near[changed] = int(alike[random.integers(len(alike))])
        return tuple(near)
    if kind < NEAR + MADE_UP:
        return words.make_up(random)
    return words.draw(words.sentences[int(random.integers(len(words.sentences)))], random)


def mark(
    said: list[list[Word]], phrases: Collection[Word], shape: Sequence[int]
) -> tuple[NDArray[np.bool_], set[Word]]:
    """Whether each label is part of a phrase, bool of that shape, and all phrases found."""
    inside = np.zeros(tuple(shape), np.bool_)
    found: set[Word] = set()
    for row, sentence in enumerate(said):
        begins = np.cumsum([0, *(len(word) for word in sentence)])
        for wide in (1, 2, 3):
            for first in range(len(sentence) - wide + 1):
                phrase = sum(sentence[first : first + wide], ())
                if phrase in phrases:
                    inside[row, begins[first] : begins[first + wide]] = True
                    found.add(phrase)
    return inside, found


def places(batch: Batch, phrases: Iterable[Word]) -> Places:
    """The places of phrases that a batch's labels can be at."""
    known = by_context(sorted(phrases))
    openings = known.pop((0, 0), [])
    numbers = {place: number for number, place in enumerate(openings)}
    rows: list[list[list[int]]] = []
    for labels, count in zip(batch.labels.tolist(), batch.counts.tolist(), strict=True):
        context = [0, 0, *labels[:count]]
        contexts = itertools.pairwise(context)
        near = ([*known.get((0, b), ()), *(known.get((a, b), ()) if a else ())] for a, b in contexts)
        rows.append([[numbers.setdefault(place, len(numbers)) for place in one] for one in near])
    widest = max((len(one) for row in rows for one in row), default=0)
    following = np.full((*np.add(batch.labels.shape, (0, 1)), max(1, min(MOST_FOLLOWING, widest))), -1)
    for b, row in enumerate(rows):
        for u, one in enumerate(row):
            following[b, u, : len(one)] = one[:MOST_FOLLOWING]
    windows = np.array(list(numbers), np.int64).reshape(-1, PLACE_PIECES)
    return Places(torch.from_numpy(windows), len(openings), torch.from_numpy(following))
