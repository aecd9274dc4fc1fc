"""How alike two words sound, judged by letters, so that a misheard word finds the one that was meant."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

_RULES = [  # spelling -> a key of one letter for one sound, roughly; applied in order
    (r"[^a-z]", ""),
    (r"^kn|^gn", "n"),
    (r"^wr", "r"),
    (r"tch|cc(?=i)", "C"),
    (r"ch(?=r)", "k"),
    (r"ch", "C"),
    (r"sh|(?<=.)ti(?=on)|(?<=.)ci(?=a)", "S"),
    (r"th", "T"),
    (r"ph", "f"),
    (r"(?<=[aeiou])gh(?=t|$)", ""),
    (r"gh", "g"),
    (r"wh", "w"),
    (r"ck", "k"),
    (r"qu", "kw"),
    (r"dge?(?=[ei]|$)", "j"),
    (r"c(?=[eiy])", "s"),
    (r"[cq]", "k"),
    (r"x", "ks"),
    (r"(?<=[^aeiou])y$", "i"),
    (r"(?<=[aeiou][^aeiou])e$", ""),
    (r"([a-z])\1+", r"\1"),
]
_COMPILED = [(re.compile(pattern), replacement) for pattern, replacement in _RULES]

_SOUND_ALIKE = [
    "two to too tu",
    "four for fore",
    "eight ate",
    "one won",
    "our hour",
    "by buy bye",
    "right write",
]
_HOMOPHONES = {word: group.split()[0] for group in _SOUND_ALIKE for word in group.split()}

_LETTERS = " abcdefghijklmnopqrstuvwxyzCST"
_INDEX = {letter: index for index, letter in enumerate(_LETTERS)}
_VOWELS = "aeiouy"
_WEAK = "hwr"
_SIMILAR = [
    "pb",
    "td",
    "kg",
    "sz",
    "fv",
    "mn",
    "lr",
    "sT",
    "fT",
    "dT",
    "CS",
    "jC",
    "jS",
    "sS",
    "wv",
    "wu",
    "yi",
    "gj",
    "nl",
]

SOUNDS_ALIKE_COST = 0.1
"""Letters; what a word costs that is written otherwise but sounds the same."""


def sound_key(word: str) -> str:
    """The sounds of an English word in a rough alphabet: "cappuccino" and "capuchino" come close."""
    key = _HOMOPHONES.get(word, word)
    for pattern, replacement in _COMPILED:
        key = pattern.sub(replacement, key)
    return key


def _gap_costs() -> np.ndarray:
    """float32, shape (letters,): what a letter costs that is missing or too many."""
    costs = np.ones(len(_LETTERS), np.float32)
    for letter in _VOWELS + _WEAK:
        costs[_INDEX[letter]] = 0.6
    costs[0] = 0.0
    return costs


def _change_costs() -> np.ndarray:
    """float32, shape (letters, letters): what it costs when one letter stands for another."""
    costs = np.full((len(_LETTERS), len(_LETTERS)), 1.1, np.float32)
    for first in _VOWELS:
        for second in _VOWELS:
            costs[_INDEX[first], _INDEX[second]] = 0.4
    for pair in _SIMILAR:
        first, second = pair[0], pair[1]
        costs[_INDEX[first], _INDEX[second]] = costs[_INDEX[second], _INDEX[first]] = 0.5
    np.fill_diagonal(costs, 0.0)
    return costs


GAP = _gap_costs()
CHANGE = _change_costs()


@lru_cache(maxsize=8192)
def weight(word: str) -> float:
    """How much sound a word has, in letters: the cost of leaving it out."""
    return float(sum(GAP[_INDEX[letter]] for letter in sound_key(word)))


class Vocabulary:
    """The words of a template language, ready to be compared with any word that was heard."""

    def __init__(self, words: Sequence[str], remembered: int = 4096) -> None:
        self.words = list(words)
        self.weights = np.array([weight(word) for word in words], np.float32)
        self._position = {word: index for index, word in enumerate(words)}
        keys = [sound_key(word) for word in words]
        self._lengths = np.array([len(key) for key in keys])
        self._letters = np.zeros((max([1, *self._lengths]), len(keys)), np.int64)  # (longest, words)
        for column, key in enumerate(keys):
            for row, letter in enumerate(key):
                self._letters[row, column] = _INDEX[letter]
        self._gaps = GAP[self._letters]
        self._start = np.concatenate([np.zeros((1, len(keys)), np.float32), np.cumsum(self._gaps, axis=0)])
        self._cache: OrderedDict[str, np.ndarray] = OrderedDict()
        self._remembered = remembered

    def distances(self, heard: str) -> np.ndarray:
        """float32, shape (words,): letters that differ between a heard word and each word; 0 for itself."""
        known = self._cache.get(heard)
        if known is not None:
            self._cache.move_to_end(heard)
            return known
        costs = self._compare(sound_key(heard)) + np.float32(SOUNDS_ALIKE_COST)
        own = self._position.get(heard)
        if own is not None:
            costs[own] = 0.0
        self._cache[heard] = costs
        if len(self._cache) > self._remembered:
            self._cache.popitem(last=False)
        return costs

    def _compare(self, key: str) -> np.ndarray:
        """Weighted edit distance of one key to all words at once, a row for each letter heard."""
        before = self._start  # (longest + 1, words)
        for letter in key[:40]:
            code = _INDEX[letter]
            gap = GAP[code]
            row = np.empty_like(before)
            row[0] = before[0] + gap
            row[1:] = np.minimum(before[:-1] + CHANGE[code][self._letters], before[1:] + gap)
            for length in range(1, len(row)):
                np.minimum(row[length], row[length - 1] + self._gaps[length - 1], out=row[length])
            before = row
        return before[self._lengths, np.arange(len(self._lengths))].astype(np.float32)
