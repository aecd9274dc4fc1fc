"""Moments at which a wake word's network fires or nearly does, as the recogniser's encoder hears them.

The moments come from the pools that the wake word's own training has rendered and kept: windows with the
word, and the hours of other speech in which the network has found its worst mistakes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from alexa_local.frontend import STEP_FRAMES
from alexa_local.wake import WakeWord
from alexa_local.wake.verification import WINDOW_FRAMES, Encoder, encoded
from scripts.training.verify.network import STEPS
from scripts.training.wake.augment import Augmenter, Noises
from scripts.training.wake.pools import Features

FIRST_LOGIT = -4.0
"""The network has nearly fired when its smoothed logit is this high."""

LATER_STEPS = 6
"""The opinion is asked up to so many steps after that."""

_LIKELY, _ANY = 4000, 3000
"""Seconds of other speech: those with the highest logits, and others by chance."""
_MARGIN_FRAMES = 8
_AT_ONCE = 32


@dataclass(frozen=True)
class Examples:
    """What the network learns from.

    Attributes:
        rows: float16, shape (N, STEPS, width), the encoder's last outputs at each moment.
        wakes: bool, shape (N,), whether the wake word has just ended.
    """

    rows: NDArray[np.float16]
    wakes: NDArray[np.bool_]


@dataclass
class Maker:
    """Makes examples with one wake word's network, one encoder and one source of chance."""

    wake_word: WakeWord
    encoder: Encoder
    augment: Augmenter
    rng: np.random.Generator

    def words(self, windows: Features, before: Features, copies: int) -> list[NDArray[np.float32]]:
        """Moments soon after the network has nearly fired in windows (N, 256, 64) with the word in them.

        Args:
            windows: each is heard as it is and with noise, so often in all.
            before: other sound that comes before them, float16 (T, 64).
            copies: how often.
        """
        found = []
        for copy in range(copies):
            for scene in self._scenes(windows, before, noisy=copy > 0):
                end = self._nearly_fires(scene)
                if end is not None:
                    end += STEP_FRAMES * int(self.rng.integers(LATER_STEPS + 1))
                    found.append(self._encoded(scene[:end]))
        return found

    def parts(self, windows: Features, before: Features) -> list[NDArray[np.float32]]:
        """The likeliest moment of each window that holds a part of the word or another word."""
        scenes = self._scenes(windows, before, noisy=False)
        return [self._encoded(scene[: _likeliest(self._logits(scene))]) for scene in scenes]

    def others(self, stream: Features) -> list[NDArray[np.float32]]:
        """Moments of other speech, float16 (T, 64): the likeliest and some by chance, half with noise."""
        logits = np.concatenate([self._logits(part) for part in _pieces(stream)])
        seconds = logits[: len(logits) // 25 * 25].reshape(-1, 25)
        order = np.argsort(-seconds.max(1))
        chance = self.rng.choice(order[_LIKELY:], min(_ANY, max(0, len(order) - _LIKELY)), replace=False)
        found = []
        for second in np.concatenate([order[:_LIKELY], chance]):
            end = (int(second) * 25 + int(seconds[second].argmax()) + 1) * STEP_FRAMES
            frames = np.asarray(stream[max(0, end - WINDOW_FRAMES - _MARGIN_FRAMES) : end], np.float32)
            if self.rng.random() < 0.5 and len(frames) == WINDOW_FRAMES + _MARGIN_FRAMES:
                frames = self.augment(torch.from_numpy(frames[None])).numpy()[0]
            found.append(self._encoded(frames[: len(frames) - int(self.rng.integers(_MARGIN_FRAMES))]))
        return found

    def _scenes(self, windows: Features, before: Features, noisy: bool) -> Iterator[NDArray[np.float32]]:
        for first in range(0, len(windows), _AT_ONCE):
            some = windows[first : first + _AT_ONCE]
            starts = self.rng.integers(len(before) - WINDOW_FRAMES, size=len(some))
            lead = np.stack([before[start : start + WINDOW_FRAMES] for start in starts])
            scenes = np.concatenate([lead, some], axis=1).astype(np.float32)
            yield from self.augment(torch.from_numpy(scenes)).numpy() if noisy else scenes

    def _nearly_fires(self, scene: NDArray[np.float32]) -> int | None:
        """The frame at which the network nearly fires for the word, which is not in what comes before."""
        logits = self._logits(scene)
        logits[: WINDOW_FRAMES // STEP_FRAMES] = -np.inf
        high = np.flatnonzero(logits >= FIRST_LOGIT)
        return (int(high[0]) + 1) * STEP_FRAMES if len(high) else None

    def _logits(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        self.wake_word.reset()
        return np.array([step.logit for step in self.wake_word.trace(frames)], np.float32)

    def _encoded(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        return encoded(self.encoder, frames)[-STEPS:]


def _likeliest(logits: NDArray[np.float32]) -> int:
    return (int(logits.argmax()) + 1) * STEP_FRAMES


def _pieces(stream: Features, frames: int = 6000) -> Iterator[NDArray[np.float32]]:
    for first in range(0, len(stream) // STEP_FRAMES * STEP_FRAMES, frames):
        piece = np.asarray(stream[first : first + frames], np.float32)
        yield piece[: len(piece) // STEP_FRAMES * STEP_FRAMES]


def joined(wakes: list[NDArray[np.float32]], others: list[NDArray[np.float32]]) -> Examples:
    """Both kinds, stacked."""
    kinds = np.array([True] * len(wakes) + [False] * len(others))
    return Examples(np.stack([*wakes, *others]).astype(np.float16), kinds)


def kept_pool(cache: Path, name: str, key: str, every: int = 1) -> Features:
    """The windows of a pool that the wake word's training has kept, one in `every`, float16 (N, 256, 64)."""
    features: Features = np.load(cache / f"pool-{name}-{key}.npz")["features"][::every]
    return features


def kept_noises(cache: Path, key: str) -> Noises:
    """The noises that the wake word's training has kept."""
    with np.load(cache / f"noises-{key}.npz") as kept:
        return {name.split("/")[1]: (float(name.split("/")[0]), kept[name]) for name in kept.files}
