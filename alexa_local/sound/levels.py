"""How loud sound is: pure functions of samples, for whoever has to say that it is too quiet or too loud."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

CLIPPED_FROM = 32_700
SILENCE_DB = -120.0
"""What digital silence is said to be."""


def rms_db(samples: NDArray[np.int16]) -> float:
    """Loudness of int16 (N,), in dB below full scale, -120 for digital silence."""
    if not len(samples):
        return SILENCE_DB
    rms = math.sqrt(float(np.mean(samples.astype(np.float64) ** 2)))
    return max(SILENCE_DB, 20 * math.log10(rms / 32768)) if rms else SILENCE_DB


def peak_db(samples: NDArray[np.int16]) -> float:
    """The loudest sample of int16 (N,), in dB below full scale."""
    peak = int(np.abs(samples.astype(np.int32)).max(initial=0))
    return 20 * math.log10(peak / 32768) if peak else SILENCE_DB


def clipped_share(samples: NDArray[np.int16]) -> float:
    """Which part of int16 (N,) is at the end of the scale."""
    return float(np.mean(np.abs(samples.astype(np.int32)) >= CLIPPED_FROM)) if len(samples) else 0.0


def noise_floor_db(samples: NDArray[np.int16], piece_samples: int = 1600) -> float:
    """The loudness of the quieter pieces of int16 (N,): what is there when nobody makes a sound."""
    count = len(samples) // piece_samples
    if not count:
        return rms_db(samples)
    pieces = samples[: count * piece_samples].reshape(count, -1)
    return sorted(rms_db(piece) for piece in pieces)[count // 5]
