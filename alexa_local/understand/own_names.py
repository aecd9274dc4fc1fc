"""Whose names are likelier to be said: a person calls those of their own address book."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from alexa_local.messages import Hypothesis, PhraseClass

OWN_NATS = 2.3
"""How much likelier a name of the speaker's own is than another one: ten times."""

MOST_NAME_WORDS = 5


def favoured(readings: Sequence[Hypothesis], own: PhraseClass) -> list[Hypothesis]:
    """Readings in the order that they have where those which name one of the speaker's own are likelier.

    Args:
        readings: any order.
        own: the names, with the words that announce them.
    """
    names = frozenset(own.phrases)
    scored = [
        replace(reading, score=reading.score + OWN_NATS * _names_one(reading.text, names, own.after))
        for reading in readings
    ]
    return sorted(scored, key=lambda reading: -reading.score)


def _names_one(text: str, names: frozenset[str], announcers: Iterable[str]) -> bool:
    words = text.split()
    starts = (
        at
        for at in range(len(words))
        if any(" ".join(words[at:end]) in names for end in range(at + 1, at + 1 + MOST_NAME_WORDS))
    )
    before = [f" {' '.join(words[:at])}" for at in starts]
    return any(said.endswith(f" {announcer}") for said in before for announcer in announcers)
