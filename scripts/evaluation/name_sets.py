"""The sets of recordings of the biasing table, and which names are known while each is recognised."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from alexa_local.messages import PhraseClass
from scripts.evaluation.catalogue import Known, loose, read_phrases
from scripts.evaluation.manifest import Row, read_manifest
from scripts.evaluation.rare_names import ARTISTS, ITEMS, other_people, spoken_people

Classes = Sequence[PhraseClass]
Catalogue = Callable[[Row, int], Classes]
"""What the recogniser is told before a clip, with so many names in all."""


@dataclass(frozen=True)
class Set:
    """Recordings, and whose names are known while they are recognised.

    Attributes:
        name: for cells and the table.
        folder: where its manifest lies in SETS.
        about: one line for people.
        catalogue: what is known.
        whole: whether all clips know the same.
        has_names: whether names are spoken that biasing is to help with.
    """

    name: str
    folder: str
    about: str
    catalogue: Catalogue
    whole: bool = True
    has_names: bool = True


def sets(folder: Path) -> tuple[Set, ...]:
    """All of them: with names and without, by people and by synthesisers."""
    rare = read_phrases(folder / "rare_words.txt")
    said = [
        str(name) for row in read_manifest(folder / "said/manifest.jsonl") for name in row.labels["names"]
    ]
    return (
        Set("commands", "commands", "synthesised commands, their names in the catalogue", _household),
        Set("strangers", "commands", "the same, their names not in the catalogue", _strangers),
        Set(
            "everyday", "everyday", "synthesised everyday requests without names", _household, has_names=False
        ),
        Set("said", "said", "people saying and spelling names", partial(_listed, said)),
        Set(
            "rare words",
            "readers",
            "people reading, their rare words known",
            partial(_rare, rare),
            whole=False,
        ),
        Set("reading", "readers", "people reading, the household's names known", _household, has_names=False),
    )


def _household(row: Row, size: int) -> Classes:
    """The people, artists and shopping of the commands, and other people."""
    from alexa_local.understand import Contact

    people = spoken_people()
    others = max(0, size - len(people) - len(ARTISTS) - len(ITEMS))
    return Known(tuple(map(Contact, people)), ITEMS, others, ARTISTS).classes()


def _strangers(row: Row, size: int) -> Classes:
    """As many people, none of whom shares a word with anybody who is spoken of."""
    from alexa_local.understand import Contact

    spoken = {word for name in spoken_people() for word in name.split()}
    people = [name for name in other_people(2 * size, "strangers") if spoken.isdisjoint(name.split())]
    return Known(tuple(map(Contact, people[:size]))).classes()


def _listed(names: Sequence[str], row: Row, size: int) -> Classes:
    return Known((), names, max(0, size - len(names))).classes()


def _rare(pool: Sequence[str], row: Row, size: int) -> Classes:
    """A clip's rare words and others that are not in it (Le et al. 2021, arXiv 2104.02194)."""
    own = list(dict.fromkeys(row.labels["names"]))[:size]
    heard = set(str(row.labels["text"]).split())
    drawn = Random(row.audio).sample(pool, min(len(pool), size + len(heard)))
    return loose([*own, *[word for word in drawn if word not in heard][: size - len(own)]])
