"""Noise, gain, tilt, tempo, warps and masks on batches of log-mel features.

Powers of independent sounds add up but for their phases, so noise is added to energies band by band, with
a random term in place of the phases; that is far cheaper than on samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from alexa_local.frontend.logmel import FLOOR
from alexa_local.messages import MEL_BANDS

_DB = float(np.log(10) / 10)
"""Natural-log energy of one decibel."""

_LOUD_SHARE = 0.2
"""Of a window's frames: their mean is its level, since the word fills about a quarter of it."""

Noises = dict[str, tuple[float, NDArray[np.float16]]]
"""Kinds of noise: how often each is drawn, and its log-mel features, float16 (T, 64)."""


@dataclass(frozen=True)
class Strength:
    """How much is done: probabilities, and ranges in decibels."""

    noise: float = 0.75
    snr_db: tuple[float, float] = (-5.0, 25.0)
    second_noise: float = 0.3
    gain_db: tuple[float, float] = (-20.0, 10.0)
    tilt_db: float = 5.0
    band_limit: float = 0.12
    masks: float = 0.4
    slower: float = 0.6
    slowest: float = 0.78


class Augmenter:
    """Draws its noise from a few kinds of it."""

    def __init__(self, noises: Noises, rng: np.random.Generator, strength: Strength | None = None) -> None:
        self._noises, self._rng = list(noises.values()), rng
        shares = np.array([share for share, _ in self._noises])
        self._shares = shares / shares.sum()
        self._strength = strength or Strength()
        self._phases = torch.from_numpy(_phase_terms(rng))

    def __call__(self, features: Tensor) -> Tensor:
        """Features float32 (B, T, 64) as they might have been recorded elsewhere, same shape."""
        rng, strength = self._rng, self._strength
        batch, frames, _ = features.shape
        x = (self._warped(features) + self._tilts(batch)).exp_()
        loudest = torch.topk(x.sum(2), max(1, round(_LOUD_SHARE * frames)), 1).values.mean(1)
        noise = self._noise(batch, frames)
        snr_db = rng.uniform(*strength.snr_db, batch) + 80.0 * (rng.random(batch) > strength.noise)
        wanted = loudest * torch.from_numpy(np.exp(-snr_db * _DB).astype(np.float32))
        noise *= (wanted / noise.sum(2).mean(1).clamp_min(1e-12))[:, None, None]
        at = int(rng.integers(len(self._phases) - batch * frames))
        phases = self._phases[at : at + batch * frames].reshape(batch, frames, MEL_BANDS)
        both = (x * noise).sqrt_().mul_(phases).mul_(2.0).add_(x).add_(noise)
        gain = np.exp(rng.uniform(*strength.gain_db, batch).astype(np.float32) * _DB)
        return self._masked(both.mul_(torch.from_numpy(gain)[:, None, None]).add_(float(FLOOR)).log_())

    def stretched(
        self, features: NDArray[np.float32], starts: NDArray[np.int32], ends: NDArray[np.int32]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
        """Windows (B, T, 64), many of them slower at the same pitch, and where their words lie then."""
        rng, strength = self._rng, self._strength
        batch, frames, _ = features.shape
        rate = np.where(rng.random(batch) < strength.slower, rng.uniform(strength.slowest, 1.0, batch), 1.0)
        is_word = ends >= 0
        # What is shown begins late enough for the word's end to be in it, and early enough for its start.
        earliest = np.where(is_word, ends + 24 - rate * frames, 0.0).clip(0, None)
        latest = np.minimum((1.0 - rate) * frames, np.where(is_word, starts, frames))
        rate[earliest > latest] = 1.0
        first = np.where(rate < 1.0, earliest + rng.random(batch) * (latest - earliest), 0.0)
        where = (first[:, None] + rate[:, None] * np.arange(frames)).astype(np.float32)
        low = np.minimum(where.astype(np.int64), frames - 2)
        part = (where - low).astype(np.float32)[:, :, None]
        row = np.arange(batch)[:, None]
        stretched = features[row, low] * (1 - part) + features[row, low + 1] * part
        moved = [np.where(is_word, (points - first) / rate, -1).astype(np.int32) for points in (starts, ends)]
        return stretched, moved[0], moved[1]

    def _noise(self, batch: int, frames: int) -> Tensor:
        """Noise from the kinds, some of it of two at once, each with a tilt: power, float32 (B, T, 64)."""
        log_power = torch.from_numpy(np.stack([self._one_noise(frames) for _ in range(batch)])).float()
        power = (log_power + self._tilts(batch)).exp_()
        second = np.flatnonzero(self._rng.random(batch) < self._strength.second_noise)
        if len(second):
            other = torch.from_numpy(np.stack([self._one_noise(frames) for _ in second])).float().exp()
            ratio = power[second].sum((1, 2)) / other.sum((1, 2)).clamp_min(1e-12)
            power[second] += other * ratio[:, None, None]
        return power

    def _one_noise(self, frames: int) -> NDArray[np.float16]:
        kind = self._noises[self._rng.choice(len(self._noises), p=self._shares)][1]
        at = self._rng.integers(len(kind) - frames)
        return kind[at : at + frames]

    def _tilts(self, batch: int) -> Tensor:
        """Smooth random responses, and for a few a cut-off as of a telephone, float32 (B, 1, 64)."""
        rng = self._rng
        bands = np.linspace(0, np.pi, MEL_BANDS)
        curves = np.zeros((batch, MEL_BANDS))
        for order in (1, 2, 3):
            curves += rng.normal(0, self._strength.tilt_db / order, (batch, 1)) * np.cos(order * bands)
        cut = rng.integers(40, 62, (batch, 1))
        limited = rng.random((batch, 1)) < self._strength.band_limit
        curves = curves - 40.0 * (limited & (np.arange(MEL_BANDS) >= cut))
        return torch.from_numpy((curves * _DB).astype(np.float32))[:, None, :]

    def _warped(self, x: Tensor) -> Tensor:
        """Each example's bands stretched by up to some 5 bands, as by another vocal tract."""
        batch = len(x)
        stretch = torch.from_numpy(self._rng.uniform(0.92, 1.08, (batch, 1)).astype(np.float32))
        where = (torch.arange(MEL_BANDS)[None] * stretch).clamp(0, MEL_BANDS - 1.001)
        low = where.floor().long()
        part = (where - low)[:, None, :]
        low = low[:, None, :].expand_as(x)
        return x.gather(2, low) * (1 - part) + x.gather(2, (low + 1).clamp_max(MEL_BANDS - 1)) * part

    def _masked(self, x: Tensor) -> Tensor:
        """A few examples lose some bands or 60 ms, replaced by their mean."""
        rng = self._rng
        fills = x[:, ::16, ::8].mean((1, 2)).tolist()
        for row in np.flatnonzero(rng.random(len(x)) < self._strength.masks):
            fill = fills[row]
            band, width = rng.integers(MEL_BANDS - 8), rng.integers(1, 8)
            x[row, :, band : band + width] = fill
            frame, length = rng.integers(x.shape[1] - 8), rng.integers(1, 7)
            x[row, frame : frame + length] = fill
        return x


def _phase_terms(rng: np.random.Generator, frames: int = 100_000) -> NDArray[np.float32]:
    """Cosines between two sounds' phases, averaged over each band's bins, float32 (frames, 64)."""
    bins = np.linspace(1.0, 9.0, MEL_BANDS)
    return np.clip(rng.standard_normal((frames, MEL_BANDS)) / np.sqrt(2 * bins), -0.9, 0.9).astype(np.float32)


def babble(speech: NDArray[np.float16], frames: int, rng: np.random.Generator) -> NDArray[np.float16]:
    """Two to six people talking at once, drawn from a stream of speech, float16 (frames, 64)."""
    piece, parts = 1000, []
    for _ in range(-(-frames // piece)):
        power = np.full((piece, MEL_BANDS), 1e-7, np.float32)
        for at in rng.integers(len(speech) - piece, size=rng.integers(2, 7)):
            power += np.exp(speech[at : at + piece].astype(np.float32))
        parts.append(np.log(power))
    return np.concatenate(parts)[:frames].astype(np.float16)
