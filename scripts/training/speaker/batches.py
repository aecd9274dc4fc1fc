"""Crops of speech by many people, as they might have been recorded elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from alexa_local.frontend import STEP_FRAMES
from scripts.training.speaker.augment import Augmenter
from scripts.training.speaker.network import LABEL_LAG_STEPS
from scripts.training.speaker.store import Piece, Store

SHARES = {"librispeech": 0.4, "speechocean": 0.27, "speech_commands": 0.27, "others": 0.06}
"""Which part of the speakers of a batch each group gives."""

_TRIES = 4


@dataclass(frozen=True)
class Batch:
    """Two crops of each of some speakers.

    Attributes:
        frames: float32 (2 N, T, 64); rows i and N + i are one speaker's.
        voice: float32 (2 N, T / 4), 1 where there is speech.
        speakers: int64 (N,), numbers of speakers.
    """

    frames: Tensor
    voice: Tensor
    speakers: Tensor


class Batches:
    """Draws batches from a store's training part."""

    def __init__(self, store: Store, noise: NDArray[np.float16], rng: np.random.Generator) -> None:
        self._store, self._rng = store, rng
        train = [piece for piece in store.pieces if piece.split == "train"]
        said: dict[str, list[Piece]] = defaultdict(list)
        for piece in train:
            said[piece.speaker].append(piece)
        self.names = sorted(said)
        self._sessions = [_by_session(said[name]) for name in self.names]
        self.groups = [said[name][0].group for name in self.names]
        self._chances = {}
        for group in sorted(set(self.groups)):
            numbers = np.array([n for n, of in enumerate(self.groups) if of == group])
            amounts = np.sqrt([sum(piece.frames for piece in said[self.names[n]]) for n in numbers])
            self._chances[group] = (numbers, amounts / amounts.sum())
        stream = store.rows[: max(piece.first + piece.frames for piece in train)]
        self._augment = Augmenter(noise, stream, rng)

    def draw(self, speakers: int, frames: int) -> Batch:
        """So many different speakers, twice so many frames of each; `frames` is a multiple of 4."""
        chosen = self._speakers(speakers)
        sessions = [self._two_sessions(number) for number in chosen]
        crops = [self._crop(two[one], frames) for one in range(2) for two in sessions]
        rows = torch.from_numpy(np.stack([crop for crop, _ in crops]).astype(np.float32))
        speech = np.stack([speech for _, speech in crops])
        return Batch(self._augment(rows), _labels(speech), torch.tensor(chosen))

    def _speakers(self, count: int) -> list[int]:
        shares = np.array([SHARES.get(group, 0.0) for group in self._chances])
        wanted = self._rng.multinomial(count, shares / shares.sum())
        found: list[int] = []
        for (numbers, chances), share in zip(self._chances.values(), wanted, strict=True):
            found += self._rng.choice(numbers, min(share, len(numbers)), False, chances).tolist()
        return found

    def _two_sessions(self, number: int) -> tuple[list[Piece], list[Piece]]:
        """Pieces for the two crops of one speaker: of two sessions, where there are so many."""
        sessions = self._sessions[number]
        if len(sessions) == 1:
            return sessions[0], sessions[0]
        one, other = self._rng.choice(len(sessions), 2, replace=False)
        return sessions[one], sessions[other]

    def _crop(self, pieces: list[Piece], frames: int) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
        """Rows (T, 64) of one speaker's session and which are speech (T,); short clips are joined."""
        rows, speech, have = [], [], 0
        while have < frames:
            piece = pieces[self._rng.integers(len(pieces))]
            start, length = self._place(piece, frames - have)
            rows.append(self._store.rows[start : start + length])
            speech.append(self._store.speech[start : start + length])
            have += length
        return np.concatenate(rows), np.concatenate(speech)

    def _place(self, piece: Piece, frames: int) -> tuple[int, int]:
        """Where in a piece to take at most so many frames: of some places the one with the most speech."""
        spare = piece.frames - frames
        if spare <= 0:
            return piece.first, piece.frames
        starts = piece.first + self._rng.integers(spare + 1, size=_TRIES)
        amounts = [self._store.speech[start : start + frames].sum() for start in starts]
        enough = [start for start, amount in zip(starts, amounts, strict=True) if amount > frames / 2]
        return int(enough[0] if enough else starts[int(np.argmax(amounts))]), frames


def _by_session(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """A speaker's pieces, session by session: a reader's chapter is one, and nobody else tells of theirs."""
    found: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        found[piece.audio.rsplit("-", 1)[0] if piece.group == "librispeech" else ""].append(piece)
    return list(found.values())


def _labels(speech: NDArray[np.bool_]) -> Tensor:
    """Which steps are speech, float32 (B, T / 4), a little later than the frames (B, T) are."""
    steps = speech.reshape(len(speech), -1, STEP_FRAMES).mean(2) >= 0.5
    late = np.zeros_like(steps)
    late[:, LABEL_LAG_STEPS:] = steps[:, : steps.shape[1] - LABEL_LAG_STEPS]
    return torch.from_numpy(late.astype(np.float32))
