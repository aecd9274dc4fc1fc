"""Where a recording is most like what was played: how long sound takes to the microphone; pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_WHITENING = 0.8
"""How far the spectrum is flattened before the correlation: 0 not at all, 1 altogether (PHAT)."""

_BESIDE_SAMPLES = 160
"""What lies nearer to the peak belongs to it."""

_REACH = 16
_STEPS = np.arange(-8, 9) / 8
_APART = _STEPS[:, None] - np.arange(-_REACH, _REACH + 1)
_FINER = np.sinc(_APART) * np.cos(np.pi * np.clip(_APART / (2 * _REACH + 2), -0.5, 0.5)) ** 2
"""Reads a curve between its samples: 17 places, from one sample before the middle to one after it."""


@dataclass(frozen=True)
class Place:
    """Where a recording is most like what was played.

    Attributes:
        lag_samples: by how much the recording is later, with a fraction.
        clarity: how far the peak stands out of the rest, in standard deviations; noise alone reaches about 5.
    """

    lag_samples: float
    clarity: float


def find_lag(heard: NDArray[np.float32], played: NDArray[np.float32]) -> Place:
    """Find what was played in a recording.

    C. Knapp and G. Carter, "The generalized correlation method for estimation of time delay", 1976, with only
    a part of the phase transform's whitening: music has gaps in its spectrum, and they are noise.

    Args:
        heard: float32 (N,).
        played: float32 (L + N,), beginning L samples before the recording: lags of 0 to L are looked at.

    Returns:
        the place; its clarity is 0 when one of the two is silent.
    """
    reach = len(played) - len(heard)
    size = 1 << (len(played) - 1).bit_length()
    cross = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size))
    strength = np.abs(cross)
    if not strength.any():
        return Place(0.0, 0.0)
    cross /= np.maximum(strength, strength.max() * 1e-9) ** _WHITENING
    return _peak(np.fft.irfft(cross, size)[np.arange(-reach, 1) % size])


def _peak(likeness: NDArray[np.float64]) -> Place:
    size = np.abs(likeness)
    top = int(size.argmax())
    rest = np.concatenate([size[: max(0, top - _BESIDE_SAMPLES)], size[top + _BESIDE_SAMPLES + 1 :]])
    spread = float(np.sqrt(np.mean(rest**2))) if len(rest) else 0.0
    return Place(top + _fraction(likeness, top), float(size[top]) / spread if spread else 0.0)


def _fraction(likeness: NDArray[np.float64], top: int) -> float:
    """By how much the curve's own peak is beside its largest sample, -1 to 1."""
    around = np.pad(likeness, _REACH)[top : top + 2 * _REACH + 1]
    curve = np.abs(_FINER @ around)
    best = int(np.clip(curve.argmax(), 1, len(curve) - 2))
    before, at, after = curve[best - 1 : best + 2]
    bend = before - 2 * at + after
    return float(_STEPS[best] + (0.5 * (before - after) / bend if bend else 0.0) * (_STEPS[1] - _STEPS[0]))
