"""What the layers compute, in numpy: the oracle for every exported model, on both runtimes.

int8 follows TFLite's hybrid kernels: each row of activations is quantised by its own largest magnitude,
products are summed in int32, and the sum is multiplied by the row's and the weights' scales.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.tflite.layers import Kind
from alexa_local.tflite.quantise import LIMIT, quantise_rows

Array = NDArray[np.float32]


def quantise_activations(x: Array) -> tuple[NDArray[np.int32], Array]:
    """Activations as the kernels see them.

    Args:
        x: float32, shape (N, I).

    Returns:
        int32, shape (N, I), in -127 to 127; and float32, shape (N, 1), the scales.
    """
    peaks = np.abs(x).max(axis=1, keepdims=True)
    peaks = np.where(peaks > 0, peaks, np.float32(1))
    steps = x * (np.float32(LIMIT) / peaks)
    rounded = np.copysign(np.floor(np.abs(steps) + np.float32(0.5)), steps)  # halves go away from zero
    return np.clip(rounded, -LIMIT, LIMIT).astype(np.int32), (peaks / np.float32(LIMIT)).astype(np.float32)


def linear(x: Array, weight: Array, bias: Array | None = None, kind: Kind = "float32") -> Array:
    """`layers.linear`: float32 (N, O) from x (N, I), weight (O, I) and bias (O,)."""
    offset = np.float32(0) if bias is None else bias
    if kind == "float32":
        return (x @ weight.T + offset).astype(np.float32)
    quantised, scales = quantise_rows(weight)
    steps, x_scales = quantise_activations(x)
    sums = steps.astype(np.float64) @ quantised.astype(np.float64).T  # (N, I) -> (N, O), exact and by BLAS
    return (sums.astype(np.float32) * x_scales * scales + offset).astype(np.float32)


def lstm_cell(
    x: Array,
    h: Array,
    c: Array,
    w_ih: Array,
    w_hh: Array,
    bias: Array,
    kind: Kind = "float32",
    joined: bool = True,
) -> tuple[Array, Array]:
    """`layers.lstm_cell`: the new h and c, (N, H) each."""
    if joined:
        gates = linear(np.concatenate([x, h], 1), np.concatenate([w_ih, w_hh], 1), bias, kind)
    else:
        gates = linear(x, w_ih, bias, kind) + linear(h, w_hh, None, kind)
    return _lstm_states(gates, c)


def narrow_lstm_cell(
    x: Array,
    h: Array,
    c: Array,
    of_x: Array,
    of_h: Array,
    gates: Array,
    bias: Array,
    kind: Kind = "float32",
) -> tuple[Array, Array]:
    """`layers.narrow_lstm_cell`: the new h and c, (N, H) each."""
    narrow = linear(x, of_x, None, kind) + linear(h, of_h, None, kind)
    return _lstm_states(linear(narrow, gates, bias, kind), c)


def _lstm_states(gates: Array, c: Array) -> tuple[Array, Array]:
    i, f, g, o = np.split(gates, 4, axis=1)
    new_c = _logistic(f) * c + _logistic(i) * np.tanh(g)
    return _logistic(o) * np.tanh(new_c), new_c


def gru_cell(
    x: Array, h: Array, w_ih: Array, w_hh: Array, b_ih: Array, b_hh: Array, kind: Kind = "float32"
) -> Array:
    """`layers.gru_cell`: the new h, (N, H)."""
    x_r, x_z, x_n = np.split(linear(x, w_ih, b_ih, kind), 3, axis=1)
    h_r, h_z, h_n = np.split(linear(h, w_hh, b_hh, kind), 3, axis=1)
    r, z = _logistic(x_r + h_r), _logistic(x_z + h_z)
    n = np.tanh(x_n + r * h_n)
    return n + z * (h - n)


def _logistic(x: Array) -> Array:
    return (np.float32(0.5) * (np.float32(1) + np.tanh(np.float32(0.5) * x))).astype(np.float32)
