"""Whether the words so far plainly ask for more: "set a timer for", a name spelled, digits one by one.

People pause longest where they dictate, and their voice falls there as it does at the end of a sentence; only
the words tell the difference.
"""

from __future__ import annotations

from itertools import takewhile


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WANTING = _words(
    "a add an and are at find for from give in is it's make my named of or play put remind send tell the to"
    " turn what's with your"
)
"""Something is missing after these: fewer than one sentence in fifty to assistants ends with them (SLURP)."""

WANTING_ALONE = _words("call dial set spell text")
"""Nothing but such a word is no request yet."""

DIGITS = _words("zero oh one two three four five six seven eight nine double triple")
"""These and single letters are dictated one by one."""

ANNOUNCING = (
    "name is",
    "first name",
    "last name",
    "surname",
    "spelled",
    "number is",
    "address is",
    "code is",
)
"""What begins to dictate: nobody knows how much is to come."""

_DAYTIME = (["a", "m"], ["p", "m"])


def is_open_ended(words: str) -> bool:
    """Whether more words are to be expected after these.

    Args:
        words: lower case, as the recogniser writes them; "" is nothing yet, which asks for nothing.
    """
    said = words.split()
    if not said or said[-2:] in _DAYTIME:
        return False
    dictated = sum(1 for _ in takewhile(_is_dictated, reversed(said)))
    return (
        said[-1] in WANTING
        or words in WANTING_ALONE
        or dictated >= min(2, len(said))
        or any(f" {phrase} " in f" {words} " for phrase in ANNOUNCING)
    )


def _is_dictated(word: str) -> bool:
    return len(word) == 1 or word in DIGITS
