"""Which phrases sound so much alike that one may be heard for the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alexa_local.understand.sound import SOUNDS_ALIKE_COST, Vocabulary, weight

ALIKE = 0.3
"""Differing sounds for each sound of a phrase; below this, somebody who speaks unclearly says both alike."""


@dataclass(frozen=True)
class Alike:
    """A phrase that sounds like another.

    Attributes:
        phrase: its words.
        difference: sounds that differ, for each sound of the longer of both; 0 for the same sounds.
    """

    phrase: str
    difference: float


def sounding_alike(said: str, phrases: Iterable[str], most: int = 5) -> list[Alike]:
    """The phrases that are likely to be confused with the one said, the likeliest first."""
    others = [phrase for phrase in dict.fromkeys(phrases) if phrase != said]
    if not others:
        return []
    distances = Vocabulary(others).distances(said) - SOUNDS_ALIKE_COST
    found = [
        Alike(other, round(float(distance) / max(weight(said), weight(other), 1.0), 2))
        for other, distance in zip(others, distances, strict=True)
    ]
    return sorted((one for one in found if one.difference < ALIKE), key=lambda one: one.difference)[:most]
