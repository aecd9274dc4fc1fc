"""Noise, gain, tilt, warps and masks on batches of log-mel features.

Powers of independent sounds add, so noise is added to energies band by band; that is far cheaper
than on samples and differs from it only by the phases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS

_DB = float(np.log(10) / 10)
"""Natural-log energy of one decibel."""


@dataclass(frozen=True)
class Strength:
    """How much is done: probabilities, and ranges in decibels."""

    noise: float = 0.7
    snr_db: tuple[float, float] = (0.0, 30.0)
    gain_db: tuple[float, float] = (-15.0, 10.0)
    tilt_db: float = 5.0
    band_limit: float = 0.12
    warp: float = 0.5
    masks: float = 0.4


class Augmenter:
    """Draws its noise from a pool of noise and, as babble, from a stream of speech."""

    def __init__(
        self,
        noise: NDArray[np.float16],
        speech: NDArray[np.float16],
        rng: np.random.Generator,
        strength: Strength | None = None,
    ) -> None:
        self._noise, self._speech, self._rng = noise, speech, rng
        self._strength = strength or Strength()

    def __call__(self, features: Tensor) -> Tensor:
        """Features float32 (B, T, 64) as they might have been recorded elsewhere, same shape."""
        rng, strength = self._rng, self._strength
        batch, frames, _ = features.shape
        x = self._warped(features) if rng.random() < 2 * strength.warp else features
        x = x + self._tilts(batch)
        noise = torch.from_numpy(np.stack([self._one_noise(frames) for _ in range(batch)]).astype(np.float32))
        level = torch.quantile(torch.logsumexp(x, 2), 0.9, dim=1)
        noise_level = torch.logsumexp(noise, 2).exp().mean(1).clamp_min(1e-9).log()
        snr = torch.from_numpy(rng.uniform(*strength.snr_db, batch).astype(np.float32)) * _DB
        snr[torch.from_numpy(rng.random(batch) > strength.noise)] = 60.0 * _DB
        x = torch.logaddexp(x, noise + (level - snr - noise_level)[:, None, None])
        gain = torch.from_numpy(rng.uniform(*strength.gain_db, batch).astype(np.float32)) * _DB
        x = x + gain[:, None, None]
        x = torch.logaddexp(x, torch.tensor(LOG_FLOOR))
        return self._masked(x)

    def _one_noise(self, frames: int) -> NDArray[np.float32]:
        """Noise from the pool, or up to five people talking, float32 (frames, 64)."""
        rng = self._rng
        if rng.random() < 0.6:
            at = rng.integers(len(self._noise) - frames)
            return self._noise[at : at + frames].astype(np.float32)
        power = np.full((frames, MEL_BANDS), 1e-7, np.float32)
        for at in rng.integers(len(self._speech) - frames, size=rng.integers(2, 6)):
            power += np.exp(self._speech[at : at + frames].astype(np.float32))
        return np.log(power)

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
        """Each example's bands moved and stretched by up to some 4 bands, as by another vocal tract."""
        batch = len(x)
        stretch = torch.from_numpy(self._rng.uniform(0.93, 1.07, (batch, 1)).astype(np.float32))
        where = (torch.arange(MEL_BANDS)[None] * stretch).clamp(0, MEL_BANDS - 1.001)
        low = where.floor().long()
        part = (where - low)[:, None, :]
        low = low[:, None, :].expand_as(x)
        return x.gather(2, low) * (1 - part) + x.gather(2, (low + 1).clamp_max(MEL_BANDS - 1)) * part

    def _masked(self, x: Tensor) -> Tensor:
        """A few examples lose some bands or 60 ms, replaced by the example's mean."""
        rng = self._rng
        for row in np.flatnonzero(rng.random(len(x)) < self._strength.masks):
            fill = float(x[row, ::16, ::8].mean())
            band, width = rng.integers(MEL_BANDS - 8), rng.integers(1, 8)
            x[row, :, band : band + width] = fill
            frame, length = rng.integers(x.shape[1] - 8), rng.integers(1, 7)
            x[row, frame : frame + length] = fill
        return x
