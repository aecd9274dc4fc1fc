"""Catalogues for a batch: phrases that it holds among many that it does not; never a fixed list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from scripts.training.asr.data import Batch
from scripts.training.attention.model import Phrases

Word = tuple[int, ...]
"""A word's pieces."""

PRESENT = 0.7
"""Share of the utterances of which phrases are in the catalogue."""
WORDS_A_PHRASE = 4
"""Of such an utterance: so many words for each phrase of it that is drawn."""
WITHOUT = 0.15
"""Share of the batches of which no phrase is in the catalogue."""
FEWEST, MOST = 20, 500
"""Phrases of a catalogue, drawn evenly over the logarithm."""
COMMON = 150
"""So many most frequent words make no phrase by themselves."""
NEAR = 0.2
"""Share of the distractors that differ in one piece from a phrase that is said."""
MADE_UP = 0.3
"""Share of the distractors that are made of words drawn one by one."""


@dataclass(frozen=True)
class Catalogue:
    """Phrases, and where they are said.

    Attributes:
        phrases: the catalogue.
        inside: int64 (B, U): for each label, the phrase that it is part of, counted from 1; 0 for none.
    """

    phrases: Phrases
    inside: torch.Tensor


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
        self._weights = {word: count**-0.5 for word, count in counts.items()}
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
    batch: Batch, words: Words, starts: NDArray[np.bool_], longest: int, random: np.random.Generator
) -> Catalogue:
    """A catalogue of its own for a batch, in which some of what is said stands."""
    said = [
        split_words(labels[:count].tolist(), starts)
        for labels, count in zip(batch.labels, batch.counts.tolist(), strict=True)
    ]
    without = random.random() < WITHOUT
    drawn = {
        words.draw(sentence, random)
        for sentence in said
        if random.random() < PRESENT
        for _ in range(1 + len(sentence) // WORDS_A_PHRASE)
    }
    size = int(np.exp(random.uniform(np.log(FEWEST), np.log(MOST))))
    phrases = set() if without else drawn
    while len(phrases) < size:
        phrases.add(_distractor(list(drawn), words, len(starts), random))
    phrases = {phrase for phrase in phrases if 0 < len(phrase) <= longest}
    inside, found = mark(said, dict.fromkeys(phrases, 1), batch.labels.shape)
    if without:
        phrases -= found
    numbered = sorted(phrases)
    order = {phrase: number + 1 for number, phrase in enumerate(numbered)}
    inside, _ = mark(said, order, batch.labels.shape)
    return Catalogue(as_tensors(numbered, longest), torch.from_numpy(inside))


def unsaid(catalogue: Catalogue, longest: int) -> Catalogue:
    """The catalogue without the phrases that are said: the distractors alone."""
    phrases, said = catalogue.phrases, set(catalogue.inside.unique().tolist())
    kept = [
        tuple(row[:count])
        for number, (row, count) in enumerate(
            zip(phrases.pieces.tolist(), phrases.counts.tolist(), strict=True), start=1
        )
        if number not in said
    ]
    return Catalogue(as_tensors(kept, longest), torch.zeros_like(catalogue.inside))


def _distractor(said: list[Word], words: Words, pieces: int, random: np.random.Generator) -> Word:
    kind = random.random()
    if kind < NEAR and said:
        near = list(said[int(random.integers(len(said)))])
        if near:
            near[int(random.integers(len(near)))] = int(random.integers(1, pieces))
        return tuple(near)
    if kind < NEAR + MADE_UP:
        return words.make_up(random)
    return words.draw(words.sentences[int(random.integers(len(words.sentences)))], random)


def mark(
    said: list[list[Word]], order: dict[Word, int], shape: Sequence[int]
) -> tuple[NDArray[np.int64], set[Word]]:
    """Which phrase each label is part of, int64 of that shape (the longest counts), and all phrases found."""
    inside = np.zeros(tuple(shape), np.int64)
    found: set[Word] = set()
    for row, sentence in enumerate(said):
        begins = np.cumsum([0, *(len(word) for word in sentence)])
        for wide in (1, 2, 3):  # the longest last, so that it stays
            for first in range(len(sentence) - wide + 1):
                phrase = sum(sentence[first : first + wide], ())
                if phrase in order:
                    inside[row, begins[first] : begins[first + wide]] = order[phrase]
                    found.add(phrase)
    return inside, found


def as_tensors(phrases: Sequence[Word], longest: int) -> Phrases:
    """Phrases of 1 to `longest` pieces as tensors."""
    pieces = np.zeros((len(phrases), longest), np.int64)
    places: set[tuple[int, int, int]] = set()
    for row, phrase in enumerate(phrases):
        pieces[row, : len(phrase)] = phrase
        known = (0, *phrase)
        places.update(zip(known, known[1:], known[2:], strict=False))
    listed = np.array(sorted(places), np.int64).reshape(-1, 3)
    counts = np.array([len(phrase) for phrase in phrases], np.int64)
    return Phrases(
        torch.from_numpy(pieces),
        torch.from_numpy(counts),
        torch.from_numpy(listed[:, :2].copy()),
        torch.from_numpy(listed[:, 2].copy()),
    )
