"""Float weights to int8 with one scale a row, rounded the same way every time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError

LIMIT = 127
"""Largest magnitude of a quantised weight or activation: symmetric, so -128 is never used."""


def quantise_rows(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantise each row by its own scale; zeros stay zeros.

    Args:
        weight: float32, shape (O, I).

    Returns:
        int8, shape (O, I), in -127 to 127; and float32, shape (O,), the scales: weight is about
        int8 * scale[:, None]. A row of zeros has scale 1.

    Raises:
        ModelError: the weights are not a finite matrix.
    """
    weight = np.asarray(weight, np.float32)
    if weight.ndim != 2 or not np.isfinite(weight).all():
        raise ModelError(f"Weights of shape {weight.shape} are not a finite matrix. Check the checkpoint.")
    peaks = np.abs(weight).max(axis=1, initial=0.0)
    scales = np.where(peaks > 0, peaks / np.float32(LIMIT), np.float32(1)).astype(np.float32)
    scales = np.maximum(scales, np.finfo(np.float32).tiny)
    steps = np.rint(weight.astype(np.float64) / scales[:, None].astype(np.float64))
    return np.clip(steps, -LIMIT, LIMIT).astype(np.int8), scales


def dequantise_rows(quantised: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """The float32 (O, I) weights that `quantise_rows`' result stands for."""
    return quantised.astype(np.float32) * scales[:, None]
