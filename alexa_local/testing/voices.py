"""Voices that need no model: people are hums of different pitch, and an embedder that tells them by it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE
from alexa_local.speaker.profiles import unit

_LOUD = -2.0
_PAUSES_S = 0.1


def hum(pitch_hz: float, seconds: float = 2.0, level: float = 0.2, seed: int = 0) -> NDArray[np.int16]:
    """Syllables of a tone in a little hiss, with pauses between them; int16 (N,), 16 kHz mono."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * pitch_hz * times_s) + 0.05 * rng.standard_normal(len(times_s))
    syllables = (times_s % 0.5 > _PAUSES_S).astype(float)
    sound = level * tone * syllables + 1e-4 * rng.standard_normal(len(times_s))
    return np.rint(np.clip(sound, -1, 1) * 32767).astype(np.int16)


class PitchEmbedder:
    """Takes the mean shape of loud frames for the voice; people at different pitches are strangers.

    Attributes:
        speech_s: seconds of loud frames since the last reset.
        pushed: frames that it was given in all.
    """

    known_probability = 0.9
    sure_probability = 0.98

    def __init__(self, version: int = 1) -> None:
        self.version = version
        self.pushed = 0
        self.reset()

    def reset(self) -> None:
        """Forget everything that was heard."""
        self.speech_s, self._sum = 0.0, np.zeros(64, np.float32)

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take feature frames, float32 (T, 64)."""
        self.pushed += len(frames)
        loud = frames[frames.max(axis=1, initial=-99.0) > _LOUD]
        self._sum = self._sum + (
            np.exp(loud - loud.max(axis=1, keepdims=True)).sum(axis=0) if len(loud) else 0
        )
        self.speech_s += len(loud) * FRAME_SAMPLES / SAMPLE_RATE

    def embedding(self) -> NDArray[np.float32] | None:
        """The mean shape, float32 (64,), of unit length; None below 0.3 s."""
        return unit(self._sum) if self.speech_s >= 0.3 else None

    def scores(self, ones: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosines of all pairs of embeddings (N, 64) and others (M, 64)."""
        return ones @ others.T

    def probability(self, score: float, speech_s: float) -> float:
        """Sure from a cosine of 0.9 on, with more than a second of speech."""
        steep = 20.0 * min(1.0, speech_s)
        return float(1 / (1 + np.exp(-steep * (score - 0.7))))
