"""Batches that are made once and drawn again and again, each time with a catalogue of its own.

Half of them are of made-up names (`scripts.training.made_up_names`): of these the recogniser knows nothing,
so that there is much to be told. In the others a catalogue mostly holds nothing that is said, and must do no
harm.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import sentencepiece
from numpy.typing import NDArray

from alexa_local.errors import ConfigError
from scripts.training.asr.data import Batch, Part, Trainset, open_part, open_sounds
from scripts.training.asr.features import open_store
from scripts.training.asr.train import PARTS, STRENGTH, open_trainset
from scripts.training.attention.catalogue import Catalogue, Words, draw_catalogue, places, split_words, unsaid
from scripts.training.attention.model import Places

Kind = Literal["names", "other"]

DRAWN = 1 / 3
"""Share of a batch's utterances that is drawn at a time: many small steps get further than few large ones."""
NAMES_SHARE = 0.5
"""Share of the draws that are of made-up names."""
WITHOUT: dict[Kind, float] = {"names": 0.15, "other": 0.7}
"""Share of the catalogues that hold nothing of what is said."""
HELD_OUT_CLIPS = 0.05
"""Share of the clips with made-up names that are for judging alone."""
HELD_OUT = 4
"""Batches of each kind for judging."""
HELD_OUT_SEED = 10_000


@dataclass(frozen=True)
class Held:
    """A batch for judging, the places of a catalogue that holds some of what is said, and without that.

    Attributes:
        inside: the share of its labels that a phrase of the catalogue is of.
    """

    batch: Batch
    saying: Places
    unsaid: Places
    inside: float


class Pool:
    """Batches of both kinds, and catalogues for them.

    Args:
        stores: feature stores; those of made-up names are called names-*.
        pieces: the recogniser's pieces.model.
        count: batches of each kind.
        prepare: what is done to a batch before it is kept.
        seed: of the batches and the catalogues.
    """

    def __init__(
        self, stores: Path, pieces: Path, count: int, prepare: Callable[[Batch], Batch], seed: int
    ) -> None:
        self._stores, self._pieces, self._prepare = stores, pieces, prepare
        self._random = np.random.default_rng(seed)
        self._names, self._held_names = open_names(stores)
        text = sentencepiece.SentencePieceProcessor(model_file=str(pieces))
        self.starts: NDArray[np.bool_] = np.array(
            [text.id_to_piece(i).startswith("\u2581") for i in range(text.get_piece_size())]
        )
        named = [said for part in self._names for _, _, said in part.clips]
        self._words = [
            Words(split_words(labels, self.starts) for labels in text.encode(texts))
            for texts in (named, texts_in(stores))
        ]
        self._batches = self._make(seed, count, self._names)

    def draw(self) -> tuple[Batch, Catalogue]:
        """Some utterances of one of the batches, with a new catalogue."""
        kind: Kind = "names" if self._random.random() < NAMES_SHARE else "other"
        batches = self._batches[kind]
        batch = batches[int(self._random.integers(len(batches)))]
        rows = self._random.permutation(len(batch.counts))[: max(1, round(DRAWN * len(batch.counts)))]
        batch = Batch(batch.frames[rows], batch.labels[rows], batch.steps[rows], batch.counts[rows])
        return batch, self._catalogue(batch, WITHOUT[kind], self._random)

    def hold_out(self) -> dict[Kind, list[Held]]:
        """Batches for judging, always the same; those of names are of clips that are never drawn."""
        random = np.random.default_rng(HELD_OUT_SEED)
        made = self._make(HELD_OUT_SEED, HELD_OUT, self._held_names)
        return {kind: [self._hold(batch, random) for batch in batches] for kind, batches in made.items()}

    def _make(self, seed: int, count: int, names: list[Part]) -> dict[Kind, list[Batch]]:
        noises = open_sounds(self._stores / "noise")
        sets: dict[Kind, Trainset] = {
            "names": Trainset(names, self._pieces, noises, [], seed, strength=STRENGTH),
            "other": open_trainset(self._stores, self._pieces, seed),
        }
        return {
            kind: [self._prepare(batch) for batch in itertools.islice(one.batches(ahead=2), count)]
            for kind, one in sets.items()
        }

    def _catalogue(self, batch: Batch, without: float, random: np.random.Generator) -> Catalogue:
        """A catalogue whose other phrases are of made-up names or of any text, whatever the batch is of."""
        return draw_catalogue(
            batch, self._words[int(random.integers(len(self._words)))], self.starts, random, without
        )

    def _hold(self, batch: Batch, random: np.random.Generator) -> Held:
        catalogue = self._catalogue(batch, 0.0, random)
        anti = unsaid(batch, catalogue, self.starts)
        inside = float(catalogue.inside.sum() / batch.counts.sum())
        return Held(batch, places(batch, catalogue.phrases), places(batch, anti.phrases), inside)


def open_names(stores: Path) -> tuple[list[Part], list[Part]]:
    """The clips with made-up names to train on, and those to judge with.

    Raises:
        ConfigError: there are none.
    """
    parts = [open_part(folder) for folder in sorted(stores.glob("names-*")) if (folder / "rows.f16").exists()]
    if not parts:
        raise ConfigError(
            f"{stores} has no store of made-up names. Make one: scripts.training.synthesise --kind names, "
            f"then scripts.training.asr.features --out {stores / 'names-00'}."
        )
    ends = [round(len(part.clips) * (1 - HELD_OUT_CLIPS)) for part in parts]
    return (
        [Part(part.rows, part.clips[:end]) for part, end in zip(parts, ends, strict=True)],
        [Part(part.rows, part.clips[end:]) for part, end in zip(parts, ends, strict=True)],
    )


def texts_in(stores: Path) -> list[str]:
    """What is said in the recogniser's stores, each sentence once."""
    names = (folder for folder in sorted(stores.iterdir()) if folder.name.split("-")[0] in PARTS)
    return sorted({row["text"] for folder in names for row in open_store(folder)[1] if row["text"]})
