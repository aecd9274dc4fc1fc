"""Names that were said and names that were understood: how many of a catalogue's are right in what was heard.

A name is right when consecutive words of what was recognised, written together, are the name written
together. So "mac leod" is Macleod, "c i a r a n" (spelled) is Ciaran and "double seven" is 77, but a wrong
letter is a wrong name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alexa_local.recognise import spoken_form

_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
_SMALL = {word: n for n, word in enumerate(f"{_UNITS} sixteen seventeen eighteen nineteen".split())}
_TENTHS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * n for n, word in enumerate(_TENTHS.split()) if n > 1}
_TIMES = {"double": 2, "triple": 3}


class Names:
    """The names of a catalogue, found in texts whatever way they are written."""

    def __init__(self, phrases: Iterable[str]) -> None:
        """Take the names as people write or say them; empty ones are left out."""
        self._names = {words for phrase in phrases if (words := comparable_words(phrase))}
        self._longest = max(map(len, self._names), default=0)

    def in_row(self, labels: Mapping[str, Any]) -> list[str]:
        """The names spoken in a labelled clip, written together, as often as they are spoken.

        Those that the row's `names` lists; without that, this catalogue's that occur in its `text` or, where
        the words are not known one by one, in its `reference`.
        """
        if (listed := labels.get("names")) is not None:
            return ["".join(words) for name in listed if (words := comparable_words(name))]
        return self.spoken_in(str(labels.get("text") or labels.get("reference") or ""))

    def spoken_in(self, text: str) -> list[str]:
        """This catalogue's names in a text, the longest first where they overlap, written together."""
        words, found, at = comparable_words(text), [], 0
        while at < len(words):
            length = next((n for n in range(self._longest, 0, -1) if words[at : at + n] in self._names), None)
            if length:
                found.append("".join(words[at : at + length]))
            at += length or 1
        return found


def right_of(spoken: Sequence[str], recognised: str) -> int:
    """How many of the spoken names (written together) are in what was recognised, as often as spoken."""
    words = comparable_words(recognised)
    return sum(min(times, _occurrences(name, words)) for name, times in Counter(spoken).items())


def _occurrences(name: str, words: Sequence[str]) -> int:
    found = at = 0
    while at < len(words):
        joined, end = "", at
        while end < len(words) and name.startswith(joined) and joined != name:
            joined += words[end]
            end += 1
        if joined == name:
            found, at = found + 1, end
        else:
            at += 1
    return found


def comparable_words(text: str) -> tuple[str, ...]:
    """Words in spoken form without apostrophes, and numbers in digits: "eight fourteen" is ("8", "14")."""
    parts = re.split(r"(?<!\S)(\d+)(?![\w.:%])", text)  # odd parts are numbers by themselves
    words: list[str] = []
    for number, part in enumerate(parts):
        words += [part] if number % 2 else spoken_form(part).replace("'", "").split()
    return tuple(_digits(words))


def _digits(words: Sequence[str]) -> Iterable[str]:
    """The words with numbers in digits, however they are read out."""
    at = 0
    while at < len(words):
        times = _TIMES.get(words[at], 1)
        first = at + (times > 1)
        value, end = _number(words, first)
        if end == first or (times > 1 and value > 9):
            is_zero = words[at] in ("oh", "o") and (_is_digit(words, at - 1) or _is_digit(words, at + 1))
            yield "0" if is_zero else words[at]
            at += 1
        else:
            yield str(value) * times
            at = end


def _is_digit(words: Sequence[str], at: int) -> bool:
    return 0 <= at < len(words) and (_SMALL.get(words[at], 10) < 10 or words[at] in _TIMES)


def _number(words: Sequence[str], at: int) -> tuple[int, int]:
    """The number that begins at a word and the place after it; the same place when none does."""
    value, end = _below_hundred(words, at)
    if end > at:
        for word, unit in (("hundred", 100), ("thousand", 1000)):
            if value and words[end : end + 1] == [word]:
                start = end + 1 + (words[end + 1 : end + 2] == ["and"])
                rest, after = _number(words, start)
                below = after > start and rest < unit
                value, end = (value * unit + rest, after) if below else (value * unit, end + 1)
    return value, end


def _below_hundred(words: Sequence[str], at: int) -> tuple[int, int]:
    word = words[at] if at < len(words) else ""
    if word in _SMALL:
        return _SMALL[word], at + 1
    if word in _TENS:
        unit = _SMALL.get(words[at + 1], 0) if at + 1 < len(words) else 0
        return (_TENS[word] + unit, at + 2) if 0 < unit < 10 else (_TENS[word], at + 1)
    return 0, at
