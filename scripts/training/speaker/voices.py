"""Vectors of whole clips from a network in training: how far it is, and how strangers' voices lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from scripts.evaluation.speaker import cosines, equal_error_pct, pairs
from scripts.training.speaker.network import VoiceNetwork
from scripts.training.speaker.store import Piece, Store

CROP_FRAMES = {"librispeech": 300, "speechocean": 200, "speech_commands": 92}
"""The middle of a clip, so long, stands for it."""

_AT_ONCE = 50
_STRANGERS_A_GROUP, _CLIPS_A_STRANGER = 250, 4
Vectors = NDArray[np.float32]


@torch.no_grad()
def vectors_of(network: VoiceNetwork, store: Store, pieces: Sequence[Piece], frames: int) -> Vectors:
    """One vector of unit length a piece, float32 (N, D); clips that are too short are repeated."""
    network.eval()
    found = []
    for at in range(0, len(pieces), _AT_ONCE):
        crops = []
        for piece in pieces[at : at + _AT_ONCE]:
            start = piece.first + max(0, (piece.frames - frames) // 2)
            crop = store.rows[start : start + min(frames, piece.frames)]
            crops.append(np.resize(crop, (frames, crop.shape[1])))
        found.append(network(torch.from_numpy(np.stack(crops).astype(np.float32)))[0].numpy())
    vectors = np.concatenate(found)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def by_speaker(store: Store, split: str, group: str) -> dict[str, list[Piece]]:
    """The pieces of one split and group, speaker by speaker."""
    found: dict[str, list[Piece]] = defaultdict(list)
    for piece in store.pieces:
        if piece.split == split and piece.group == group:
            found[piece.speaker].append(piece)
    return found


def validation_error(network: VoiceNetwork, store: Store, group: str, most: int) -> float:
    """The equal error rate in percent over at most so many clips of people kept out of training."""
    people = by_speaker(store, "validation", group)
    a_person = max(2, most // max(1, len(people)))
    chosen = [piece for pieces in people.values() for piece in pieces[:a_person]]
    vectors = vectors_of(network, store, chosen, CROP_FRAMES[group])
    return round(equal_error_pct(*pairs([piece.speaker for piece in chosen], vectors, cosines)), 2)


def strangers(network: VoiceNetwork, store: Store, rng: np.random.Generator) -> tuple[Vectors, Vectors]:
    """Mean (D,) and covariance (D, D) of the voices of people trained on, as many of each group."""
    found = []
    for group, frames in CROP_FRAMES.items():
        people = by_speaker(store, "train", group)
        if not people:
            continue
        names = rng.permutation(sorted(people))[:_STRANGERS_A_GROUP]
        chosen = [piece for name in names for piece in people[name][:_CLIPS_A_STRANGER]]
        vectors = vectors_of(network, store, chosen, frames)
        speakers = np.array([piece.speaker for piece in chosen])
        means = np.stack([vectors[speakers == name].mean(axis=0) for name in names])
        found.append(means / np.linalg.norm(means, axis=1, keepdims=True))
    voices = np.concatenate(found)
    return voices.mean(axis=0), np.cov(voices.T).astype(np.float32)
