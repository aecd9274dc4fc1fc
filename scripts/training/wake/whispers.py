"""Whispers made from recordings of a word, since nobody's whispered "Alexa" is at hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scripts.training.whisper.recipes import Recipes
from scripts.training.whisper.vocoder import ENVELOPES, Envelope

TRAINED_ENVELOPES, JUDGING_ENVELOPES = ENVELOPES[:-1], ENVELOPES[-1:]
"""Ways to take speech apart: a network must not know the ones that it is judged by."""

_LOUDEST = 16_000


def whispers(
    samples: NDArray[np.int16], count: int, envelopes: tuple[Envelope, ...], rng: np.random.Generator
) -> Iterator[NDArray[np.int16]]:
    """So many whispers of a recording, int16 (N,) of other lengths; as loud as speech near a microphone."""
    recipes = Recipes(rng, envelopes)
    apart = recipes.take_apart(samples.astype(np.float32))
    for _ in range(count):
        sound = recipes.whisper(apart).sound
        yield np.round(sound * (_LOUDEST / max(1e-6, np.abs(sound).max()))).astype(np.int16)
