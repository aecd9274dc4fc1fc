"""Words as pieces of words, so that a language model of few pieces has a probability for every word."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

END = 0
"""Piece 0 is a sentence's end, and stands before its first piece."""

EDGE_PIECE = "<edge>"
BEGINS_WORD = "\u2581"
"""What a piece begins with that begins a word, as SentencePiece writes it."""

LETTERS = "abcdefghijklmnopqrstuvwxyz'"
_KEPT_WORDS = 50_000


class Pieces:
    """A vocabulary; a word is cut into the longest pieces that fit, from its beginning on."""

    def __init__(self, pieces: Iterable[str]) -> None:
        """Take the vocabulary, piece 0 first.

        Raises:
            ValueError: it cannot write every word.
        """
        self._pieces = tuple(pieces)
        self._numbers = {piece: number for number, piece in enumerate(self._pieces)}
        needed = {EDGE_PIECE, BEGINS_WORD, *LETTERS}
        if self._pieces[:1] != (EDGE_PIECE,) or not needed <= set(self._numbers):
            raise ValueError("the vocabulary lacks the edge, the beginning of a word, or a letter")
        self._longest = max(map(len, self._pieces))
        self.of_word = lru_cache(maxsize=_KEPT_WORDS)(self._cut)

    def __len__(self) -> int:
        return len(self._pieces)

    def of(self, text: str) -> list[int]:
        """The numbers of a text's pieces and the sentence's end; signs that it does not know are left out."""
        return [*(number for word in text.split() for number in self.of_word(word)), END]

    def _cut(self, word: str) -> tuple[int, ...]:
        rest, found = BEGINS_WORD + word, []
        while rest:
            for length in range(min(self._longest, len(rest)), 0, -1):
                number = self._numbers.get(rest[:length])
                if number is not None:
                    found.append(number)
                    break
            rest = rest[length:]
        return tuple(found)
