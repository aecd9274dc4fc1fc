"""Batches of log-mel features as they might sound elsewhere: rooms, microphones, recorders, noise, talk.

No vocal tract is ever changed, since that is what tells one speaker from another. Everything is done to
powers, band by band; sounds that meet add up but for their phases, for which a random term stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from alexa_local.frontend import log_mel
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS
from scripts.training.wake.corpus import NOISE_FOR_TRAINING, read_samples

_DB = float(np.log(10) / 10)
"""Natural-log energy of one decibel."""

_PHASES = 20_000
_SLOW_FRAMES = 9
"""A compressor follows the sound so slowly."""

_DEEPEST = 9.0
"""Natural log of energy: what lies deeper below the loudest is no more changed."""


@dataclass(frozen=True)
class Strength:
    """How much is done: shares of the examples, and ranges in decibels."""

    untouched: float = 0.08
    noise: float = 0.7
    babble: float = 0.35
    snr_db: tuple[float, float] = (0.0, 30.0)
    gain_db: tuple[float, float] = (-20.0, 8.0)
    tilt_db: float = 7.0
    noise_tilt_db: float = 9.0
    band_limit: float = 0.4
    echo: float = 0.3
    masks: float = 0.3
    dynamics: float = 0.5
    expansion: tuple[float, float] = (0.65, 1.4)


class Augmenter:
    """Draws noise from a pool of noise and, as babble, from a stream of speech."""

    def __init__(
        self,
        noise: NDArray[np.float16],
        speech: NDArray[np.float16],
        rng: np.random.Generator,
        strength: Strength | None = None,
    ) -> None:
        """Take noise (N, 64) and speech (M, 64), both log-mel rows."""
        self._noise, self._speech, self._rng = noise, speech, rng
        self._strength = strength or Strength()
        cosines = np.cos(rng.uniform(0, 2 * np.pi, (_PHASES, MEL_BANDS, 3))).mean(2)
        self._phases = torch.from_numpy(cosines.astype(np.float32))

    def __call__(self, rows: Tensor) -> Tensor:
        """Rows float32 (B, T, 64) heard elsewhere, same shape; some untouched."""
        rng, strength = self._rng, self._strength
        touched = torch.from_numpy(rng.random(len(rows)) >= strength.untouched)
        given = rows[touched]
        batch = len(given)
        echoing = torch.from_numpy(rng.random(batch) < strength.echo)
        power = given.exp()
        if echoing.any():
            power[echoing] = with_echo(power[echoing], rng)
        power *= self._tilts(batch, strength.tilt_db).exp()
        power = self._with_noise(power)
        squeezed = torch.from_numpy(rng.random(batch) < strength.dynamics)
        if squeezed.any():
            power[squeezed] = with_dynamics(power[squeezed], rng, strength.expansion)
        gain = np.exp(rng.uniform(*strength.gain_db, (batch, 1, 1)) * _DB).astype(np.float32)
        power = power * torch.from_numpy(gain) + float(np.exp(LOG_FLOOR))
        out = rows.clone()
        out[touched] = self._masked(power.log())
        return out

    def _with_noise(self, power: Tensor) -> Tensor:
        """Powers (B, T, 64) with noise or other talk under many of them, the same under every two.

        So two speakers are not told apart by what is around them.
        """
        rng, strength = self._rng, self._strength
        noisy = np.flatnonzero(rng.random(len(power)) < strength.noise)
        if not len(noisy):
            return power
        clear, frames = power[noisy], power.shape[1]
        kinds = (len(noisy) + 1) // 2
        noise = torch.from_numpy(np.stack([self._one_noise(frames) for _ in range(kinds)]))
        noise *= self._tilts(kinds, strength.noise_tilt_db).exp()
        noise = noise[rng.permutation(len(noisy)) % kinds]
        loud = torch.topk(clear.sum(2), max(1, frames // 4), 1).values.mean(1)
        snr_db = torch.from_numpy(rng.uniform(*strength.snr_db, len(noisy)).astype(np.float32))
        wanted = loud * torch.exp(-snr_db * _DB)
        noise *= (wanted / noise.sum(2).mean(1).clamp_min(1e-12))[:, None, None]
        at = rng.integers(_PHASES - frames, size=len(noisy))
        phases = torch.stack([self._phases[first : first + frames] for first in at])
        power = power.clone()
        power[noisy] = clear + noise + 1.8 * (clear * noise).sqrt() * phases
        return power

    def _one_noise(self, frames: int) -> NDArray[np.float32]:
        """Powers of noise from the pool, or of two to five people talking, float32 (frames, 64)."""
        rng = self._rng
        pool, count = self._noise, 1
        if rng.random() < self._strength.babble:
            pool, count = self._speech, int(rng.integers(2, 6))
        power = np.zeros((frames, MEL_BANDS), np.float32)
        for at in rng.integers(len(pool) - frames, size=count):
            power += np.exp(pool[at : at + frames].astype(np.float32))
        return power

    def _tilts(self, batch: int, tilt_db: float) -> Tensor:
        """Random responses of microphones and for some a cut-off, natural logs, float32 (B, 1, 64)."""
        rng = self._rng
        bands = np.linspace(0, np.pi, MEL_BANDS)
        curves = np.zeros((batch, MEL_BANDS))
        for order in range(1, 7):
            phase = rng.uniform(0, 2 * np.pi, (batch, 1))
            curves += rng.normal(0, tilt_db / order, (batch, 1)) * np.cos(order * bands + phase)
        cut = rng.integers(44, 64, (batch, 1))
        limited = rng.random((batch, 1)) < self._strength.band_limit
        curves = curves - 40.0 * (limited & (np.arange(MEL_BANDS) >= cut))
        return torch.from_numpy((curves * _DB).astype(np.float32))[:, None, :]

    def _masked(self, rows: Tensor) -> Tensor:
        """Some examples lose a few bands, replaced by the example's mean."""
        rng = self._rng
        for row in np.flatnonzero(rng.random(len(rows)) < self._strength.masks):
            band, width = rng.integers(MEL_BANDS - 8), rng.integers(2, 8)
            rows[row, :, band : band + width] = float(rows[row, ::16, ::8].mean())
        return rows


def with_echo(power: Tensor, rng: np.random.Generator) -> Tensor:
    """Powers (B, T, 64) with tails that decay, faster in high bands, as a room's do."""
    batch, bands = len(power), power.shape[2]
    decay_s = torch.from_numpy(rng.uniform(0.15, 0.9, (batch, 1)).astype(np.float32))
    keep = torch.exp(-0.138 * torch.linspace(1.0, 1.8, bands) / decay_s)  # (B, 64): 60 dB in decay_s
    below_db = torch.from_numpy(rng.uniform(-3.0, 12.0, (batch, 1)).astype(np.float32))
    gain = (1 - keep) * 10 ** (-below_db / 10)
    tail, out = torch.zeros(batch, bands), []
    for frame in power.unbind(1):
        out.append(frame + gain * tail)
        tail = keep * tail + frame
    return torch.stack(out, 1)


def with_dynamics(power: Tensor, rng: np.random.Generator, expansion: tuple[float, float]) -> Tensor:
    """Powers (B, T, 64) after a compressor or a gate: what is below the loudest comes nearer or sinks.

    Args:
        power: of the recordings.
        rng: draws.
        expansion: least and most of the factor of the decibels below the loudest.
    """
    energy = power.sum(2).clamp_min(1e-12).log()  # (B, T, 64) -> (B, T)
    below = energy.amax(1, keepdim=True) - energy
    below = functional.avg_pool1d(below[:, None], _SLOW_FRAMES, 1, _SLOW_FRAMES // 2, count_include_pad=False)
    factor = torch.from_numpy(rng.uniform(*expansion, (len(power), 1)).astype(np.float32))
    return power * ((1 - factor) * below[:, 0].clamp_max(_DEEPEST)).exp()[..., None]


def noise_rows(data: Path) -> NDArray[np.float16]:
    """The household noise that may be trained with, float16 (N, 64)."""
    return np.concatenate(
        [log_mel(read_samples(data / "noise" / f"{name}.opus")) for name in NOISE_FOR_TRAINING]
    ).astype(np.float16)
