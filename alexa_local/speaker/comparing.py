"""Whether voices are one person's: of two requests, of two sentences, of somebody and a profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import Voice
from alexa_local.speaker.profiles import Profile, unit

ENROLLED_SPEECH_S = 10.0
"""What a profile rests on, about: five sentences."""


class Embedder(Protocol):
    """`embedding.SpeakerEmbedder`, or the fake in alexa_local.testing.voices."""

    known_probability: float
    sure_probability: float
    version: int

    @property
    def speech_s(self) -> float:
        """Seconds of speech since the last reset."""

    def reset(self) -> None:
        """Forget everything that was heard."""

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take feature frames, float32 (T, 64), any T."""

    def embedding(self) -> NDArray[np.float32] | None:
        """The voice since the last reset, float32 (D,) of unit length; None without enough speech."""

    def scores(self, ones: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
        """How much alike all pairs of embeddings (N, D) and others (M, D) are, (N, M)."""

    def probability(self, score: float, speech_s: float) -> float:
        """How probable it is that a voice of so much speech, with this score beside a person's, is theirs."""


def heard(embedder: Embedder) -> Voice | None:
    """The voice since the embedder's last reset; None without enough speech."""
    embedding = embedder.embedding()
    return None if embedding is None else Voice(embedding, embedder.speech_s)


def voice_of(embedder: Embedder, frames: NDArray[np.float32]) -> Voice | None:
    """The voice in feature frames, float32 (T, 64); what the embedder heard before is forgotten."""
    embedder.reset()
    embedder.push(frames)
    return heard(embedder)


def together(voices: Sequence[Voice]) -> Voice:
    """Several of one person's as one."""
    mean = np.sum([voice.speech_s * voice.embedding for voice in voices], axis=0)
    return Voice(unit(mean), sum(voice.speech_s for voice in voices))


def same_person(embedder: Embedder, one: Voice, other: Voice) -> float:
    """How probable it is that two voices are one person's, 0 to 1.

    The embedder's probability is that of a voice beside a profile. With less speech behind the other voice
    the cosine is as uncertain as with less behind the first: variances, which fall with the seconds, add.
    """
    shortest_s = max(min(one.speech_s, other.speech_s), 1e-3)
    longest_s = max(one.speech_s, other.speech_s, 1e-3)
    inverse = max(1 / shortest_s + 1 / longest_s - 1 / ENROLLED_SPEECH_S, 1 / shortest_s)
    return embedder.probability(_score(embedder, one.embedding, other.embedding), 1 / inverse)


@dataclass(frozen=True)
class Likeness:
    """Who a voice may be.

    Attributes:
        person: the likeliest one's name.
        probability: 0 to 1, that it is they and nobody else who is known, and no stranger.
        stranger: that it is none of those who are known.
        score: the embedder's, of the voice and them.
    """

    person: str
    probability: float
    stranger: float
    score: float


def likeness(embedder: Embedder, voice: Voice, people: Sequence[Profile]) -> Likeness | None:
    """Whose voice it is likeliest; None where nobody is known.

    Each person and "a stranger" are taken for equally likely beforehand. Two people who are both alike take
    probability from each other, so that a margin between them is part of it.
    """
    if not people:
        return None
    scores = [_score(embedder, voice.embedding, one.mean) for one in people]
    shares = [min(max(embedder.probability(score, voice.speech_s), 1e-6), 1 - 1e-6) for score in scores]
    odds = np.array([share / (1 - share) for share in shares])
    best = int(np.argmax(odds))
    total = 1.0 + float(odds.sum())
    return Likeness(people[best].name, float(odds[best]) / total, 1.0 / total, scores[best])


def _score(embedder: Embedder, one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """How much alike two embeddings are, (D,) each."""
    return float(embedder.scores(one[None], other[None])[0, 0])
