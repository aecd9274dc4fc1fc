"""Draws batches from a pool: short words and long sentences, whispered or not, and sounds of no mouth."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from alexa_local.frontend import STEP_FRAMES
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS
from scripts.training.wake.augment import Augmenter, Noises, Strength
from scripts.training.whisper.pool import READ_ALOUD, READ_IN_A_WHISPER, RECORDED, VOCODED, WHISPERED, Pool

WINDOW_FRAMES = 160
"""Every example is so long: 1.6 s."""

STRENGTH = Strength(noise=0.7, snr_db=(0.0, 35.0), second_noise=0.2, tilt_db=4.0, band_limit=0.15, masks=0.08)
_LEAST_HEARD_FRAMES = 8
_SHARES = {WHISPERED: 0.37, READ_IN_A_WHISPER: 0.07, RECORDED: 0.27, VOCODED: 0.17, READ_ALOUD: 0.05}
_NOISE_SHARE = 0.07


class Batches:
    """Examples, their answers, and from which step on an answer can be asked for."""

    def __init__(self, pool: Pool, noises: Noises, rng: np.random.Generator) -> None:
        """Take a pool, and what is to be mixed into it and heard alone."""
        self._pool, self._rng = pool, rng
        self._sounds = [features for _, features in noises.values()]
        self._clips = {origin: np.flatnonzero(pool.origin == origin) for origin in _SHARES}
        self._augment = Augmenter(noises, rng, STRENGTH)
        shares = {origin: share for origin, share in _SHARES.items() if len(self._clips[origin])}
        total = sum(shares.values())
        self._origins = list(shares)
        self._chances = [share / total for share in shares.values()]

    def draw(self, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Frames float32 (B, 160, 64), whispered float32 (B,), heard bool (B, 40): enough for an answer."""
        frames = np.full((size, WINDOW_FRAMES, MEL_BANDS), LOG_FLOOR, np.float32)
        whispered = np.zeros(size, np.float32)
        heard = np.zeros((size, WINDOW_FRAMES), np.bool_)
        for row in range(size):
            if self._rng.random() < _NOISE_SHARE:
                self._sound(frames[row])
                heard[row] = True
            else:
                whispered[row] = self._utterance(frames[row], heard[row])
        enough = heard.cumsum(1) >= _LEAST_HEARD_FRAMES
        enough = enough.reshape(size, -1, STEP_FRAMES)[:, :, -1]
        return self._augment(torch.from_numpy(frames)), torch.from_numpy(whispered), torch.from_numpy(enough)

    def _rows(self, clip: int) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        pool = self._pool
        part = slice(pool.first[clip], pool.first[clip] + pool.frames[clip])
        return pool.features[part], pool.voiced[part]

    def _utterance(self, out: NDArray[np.float32], heard: NDArray[np.bool_]) -> bool:
        """Put a piece with a vowel in it somewhere into `out`; whether it is whispered."""
        rng = self._rng
        origin = self._origins[int(rng.choice(len(self._origins), p=self._chances))]
        while True:
            clips = self._clips[origin]
            rows, voiced = self._rows(int(clips[int(rng.integers(len(clips)))]))
            vowels = np.flatnonzero(voiced > 0.5)
            if len(vowels) >= _LEAST_HEARD_FRAMES:
                break
        length = int(rng.integers(18, 65)) if rng.random() < 0.5 else WINDOW_FRAMES
        vowel = int(vowels[int(rng.integers(len(vowels)))])
        first = max(0, vowel - int(rng.uniform(0.1, 0.7) * length))
        rows, voiced = rows[first : first + length], voiced[first : first + length]
        room = WINDOW_FRAMES - len(rows)
        at = int(rng.integers(room + 1)) if rng.random() < 0.7 else 0
        out[at : at + len(rows)] = rows
        heard[at : at + len(rows)] = voiced > 0.5
        return origin in (WHISPERED, READ_IN_A_WHISPER)

    def _sound(self, out: NDArray[np.float32]) -> None:
        """Noise, music, or many people far away."""
        kind = self._sounds[int(self._rng.integers(len(self._sounds)))]
        at = int(self._rng.integers(len(kind) - len(out)))
        out[:] = kind[at : at + len(out)]
