"""What the exported encoder must answer to a known input: its int8 arithmetic once more, in numpy.

The numbers go into the manifest; a test runs the shipped file on every installed TFLite runtime against them.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from alexa_local.tflite import reference
from alexa_local.tflite.layers import Kind
from scripts.training.asr.model import (
    FRAMES_PER_STEP,
    BranchingEncoder,
    Transducer,
    lstm_weights,
    small_weights,
)

STEPS = 12
SHOWN = 16
"""Outputs of the last step that are kept."""

Array = NDArray[np.float32]


def known_frames(bands: int = 64) -> Array:
    """float32 (STEPS * 8, 64): smooth, about as loud as speech, the same everywhere (no random generator)."""
    time = np.arange(STEPS * FRAMES_PER_STEP)[:, None]
    band = np.arange(bands)[None]
    return (-6.0 + 3.0 * np.sin(0.37 * time + 0.11 * band) + 2.0 * np.cos(0.05 * time * band)).astype(
        np.float32
    )


def encoded(model: Transducer, kind: Kind) -> list[float]:
    """The first outputs of the last of STEPS steps over `known_frames`; branches take turns, large first."""
    encoder, shape = model.encoder, model.shape
    frames = (known_frames(shape.bands) - _array(encoder.mean)) * _array(encoder.scale)
    seen = np.concatenate([np.zeros((4, shape.bands), np.float32), frames])
    conv = np.zeros((1, shape.conv), np.float32)
    states = [np.zeros((2, 1, shape.lstm), np.float32) for _ in encoder.lstms]
    y = np.zeros((1, shape.lstm), np.float32)
    for step in range(STEPS):
        at = step * FRAMES_PER_STEP
        windows = np.stack([seen[at + first : at + first + 8].ravel() for first in (0, 4)])  # (2, 8 * 64)
        first_conv = np.maximum(_linear(windows, encoder.conv1, kind), 0)
        y = np.maximum(_linear(np.concatenate([conv, first_conv]).reshape(1, -1), encoder.conv2, kind), 0)
        conv = first_conv[1:]
        for number, (norm, lstm) in enumerate(zip(encoder.norms, encoder.lstms, strict=True)):
            h, c = states[number]
            x = _norm(y, norm)
            if isinstance(encoder, BranchingEncoder) and step % 2:
                of_x, of_h, gates, bias = (_array(weight) for weight in small_weights(encoder.small[number]))
                h, c = reference.narrow_lstm_cell(x, h, c, of_x, of_h, gates, bias, kind)
            else:
                of_x, of_h, bias = (_array(weight) for weight in lstm_weights(lstm))
                h, c = reference.lstm_cell(x, h, c, of_x, of_h, bias, kind, joined=False)
            states[number] = np.stack([h, c])
            y = y + h
        y = _norm(y, encoder.norm)
    return [round(float(value), 5) for value in _linear(y, model.encoder_out, kind)[0, :SHOWN]]


def _array(tensor: object) -> Array:
    assert isinstance(tensor, torch.Tensor)
    return np.asarray(tensor.detach().numpy(), np.float32)


def _linear(x: Array, layer: torch.nn.Linear, kind: Kind) -> Array:
    return reference.linear(x.astype(np.float32), _array(layer.weight), _array(layer.bias), kind)


def _norm(x: Array, norm: torch.nn.Module, epsilon: float = 1e-5) -> Array:
    centred = x - x.mean(axis=1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + epsilon)
    return (scaled * _array(norm.weight) + _array(norm.bias)).astype(np.float32)
