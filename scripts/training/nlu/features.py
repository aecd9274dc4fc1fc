"""Words as numbers, the same way in training and on the device, and the names of training's made-up homes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random

from alexa_local.understand.reading import FLAGS, flags_of
from scripts.training import vocabulary

FLAGGED = 0.75
KNOWN_NAME = 0.5
WRONGLY = 0.01
HEARD_WRONG = 0.2
UNKNOWN = 0.02


def known_words(sentences: Iterable[Sequence[str]], most: int) -> list[str]:
    """The most frequent words; row 0 of the table is for all others."""
    counts = Counter(word for words in sentences for word in words)
    return ["", *sorted(word for word, _ in counts.most_common(most - 1))]


def vocabulary_names() -> dict[str, frozenset[str]]:
    """Names that homes may have, by what they are; a made-up home knows a half of them."""
    return {
        "device": frozenset(
            {*vocabulary.LIGHTS, *vocabulary.SWITCHES, *vocabulary.COVERS, *vocabulary.SCENES}
        ),
        "room": frozenset({*vocabulary.ROOMS, *vocabulary.OWNED_ROOMS}),
        "contact": frozenset(vocabulary.FIRST_NAMES),
        "music": frozenset({*vocabulary.BANDS, *vocabulary.SONGS, *vocabulary.PLAYLISTS}),
        "list": frozenset({"shopping", "to do", "grocery", "groceries"}),
        "timer_name": frozenset(vocabulary.TIMER_NAMES),
    }


def made_up_flags(
    words: Sequence[str], tags: Sequence[str] | None, names: dict[str, frozenset[str]], random: Random
) -> list[list[float]]:
    """Which words a made-up home knows as names: most of those that are tagged, half of what could be."""
    flags = flags_of(words, names)
    for row in flags:
        for kind, value in enumerate(row):
            if value and random.random() > KNOWN_NAME:
                row[kind] = 0.0
    if tags:
        known = False
        for at, tag in enumerate(tags):
            if tag.startswith("B-"):
                known = random.random() < FLAGGED
            name = tag.removeprefix("B-")
            if name in FLAGS and known:
                flags[at][FLAGS.index(name)] = 1.0
    for row in flags:
        if random.random() < WRONGLY:
            row[random.randrange(len(FLAGS))] = 1.0
    return flags
