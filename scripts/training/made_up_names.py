"""Names that nobody has, of real words' syllables: what a recogniser has not heard, it must be told.

On names of its own training text a recogniser is sure, and networks that learn on those alone learn to trust
it too much. The names that we test with are left out, with each of their words.
"""

import re
from collections.abc import Collection
from random import Random

from scripts.evaluation.rare_names import ARTISTS, FAMILY, GIVEN, ITEMS, JOINING_WORDS
from scripts.training import vocabulary

SHORTEST, LONGEST = 4, 11
"""Letters of a made-up word."""
SYLLABLES = {2: 0.5, 3: 0.35, 4: 0.15}
"""How many a made-up word has, and how often."""
KINDS = {"one word": 0.3, "two words": 0.4, "after a first name": 0.2, "before a known word": 0.1}
TESTED_WITH = frozenset(" ".join([*GIVEN, *FAMILY, *ARTISTS, *ITEMS]).split()) - JOINING_WORDS
"""The words of the names to test with."""

_PLAIN = re.compile(f"[a-z]{{{SHORTEST},{LONGEST}}}")
_SYLLABLE = re.compile(r"[^aeiouy]*[aeiouy]+(?:[^aeiouy]*$|[^aeiouy](?=[^aeiouy]))?")
_MOST_LETTERS = 5
_TRIPLE = re.compile(r"(.)\1\1")


class MadeUpNames:
    """Draws names.

    Args:
        random: what they are drawn with.
        known: the words of the training text, which give the syllables and are no made-up words themselves.
    """

    def __init__(self, random: Random, known: Collection[str]) -> None:
        self._random = random
        self._taken = {*known, *TESTED_WITH}
        self._known = sorted(word for word in {*known} - TESTED_WITH if _PLAIN.fullmatch(word))
        self._first: list[str] = []
        self._middle: list[str] = []
        self._last: list[str] = []
        for word in self._known:
            syllables = _SYLLABLE.findall(word)
            if len(syllables) > 1 and max(map(len, syllables)) <= _MOST_LETTERS:
                first, *middle, last = syllables
                self._first.append(first)
                self._middle += middle
                self._last.append(last)

    def draw(self) -> str:
        """A name of one or two words, at least one of them made up."""
        kind = self._random.choices(list(KINDS), list(KINDS.values()))[0]
        if kind == "two words":
            return f"{self.word()} {self.word()}"
        if kind == "after a first name":
            return f"{self._random.choice(vocabulary.FIRST_NAMES)} {self.word()}"
        if kind == "before a known word":
            return f"{self.word()} {self._random.choice(self._known)}"
        return self.word()

    def word(self) -> str:
        """A word that is not in the training text, nor in a name to test with."""
        while True:
            count = self._random.choices(list(SYLLABLES), list(SYLLABLES.values()))[0]
            middle = self._random.choices(self._middle or self._last, k=count - 2)
            word = "".join([self._random.choice(self._first), *middle, self._random.choice(self._last)])
            if SHORTEST <= len(word) <= LONGEST and word not in self._taken and not _TRIPLE.search(word):
                return word
