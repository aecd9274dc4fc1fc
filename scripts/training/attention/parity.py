"""The exported biasing networks once more in numpy, int8 arithmetic included: the oracle of their files.

Some of its answers to known inputs go into the manifest; a test runs the shipped files on every installed
TFLite runtime against them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import nn

from alexa_local.tflite import reference
from alexa_local.tflite.layers import Kind
from alexa_local.tflite.quantise import dequantise_rows, quantise_rows
from scripts.training.attention.model import Biasing

Array = NDArray[np.float32]
SHOWN = 8
KNOWN_PLACE = (1, 2, 3, 4)
KNOWN_STEPS = 8


def place_key(biasing: Biasing, place: tuple[int, ...], kind: Kind) -> Array:
    """The key (heads * key,) of a place."""
    context = biasing.context
    flat = _table(context.embedding, kind)[list(place)].reshape(1, -1)
    return _linear(np.maximum(_linear(flat, context.join, kind), 0), context.key, kind)[0]


def sound_query(biasing: Biasing, encoded: Array, kind: Kind) -> Array:
    """The query (heads * key,) after the encoder's vectors (T, joint), T at least `steps`."""
    sound, sizes = biasing.sound, biasing.sizes
    narrow = np.concatenate(
        [np.tanh(_linear(row[None], sound.narrow, kind)) for row in encoded[-sizes.steps :]]
    )
    hidden = np.maximum(_linear(narrow.reshape(1, -1), sound.join, kind), 0)
    return _linear(hidden, sound.query, kind)[0] * np.float32(sizes.key**-0.5)


def label_query(biasing: Biasing, predicted: Array, kind: Kind) -> Array:
    """The query (heads * key,) for the prediction network's vector (joint,)."""
    return _linear(predicted[None], biasing.label, kind)[0] * np.float32(biasing.sizes.key**-0.5)


def known_vectors(rows: int, width: int) -> Array:
    """float32 (rows, width), smooth, of the size of the encoder's vectors; the same everywhere."""
    row, column = np.arange(rows)[:, None], np.arange(width)[None]
    return (1.5 * np.sin(0.7 * row + 0.13 * column)).astype(np.float32)


def numbers(biasing: Biasing, kind: Kind) -> dict[str, list[float]]:
    """The first values of each network's answer to the known inputs."""
    steps = known_vectors(KNOWN_STEPS, biasing.sizes.joint)
    answers = {
        "key": place_key(biasing, KNOWN_PLACE, kind),
        "sound": sound_query(biasing, steps, kind),
        "label": label_query(biasing, steps[0], kind),
        "values": _array(biasing.values).ravel(),
    }
    return {name: [round(float(x), 5) for x in answer[:SHOWN]] for name, answer in answers.items()}


def _array(tensor: object) -> Array:
    return np.asarray(tensor.detach().numpy(), np.float32)  # type: ignore[attr-defined]


def _table(layer: nn.Embedding, kind: Kind) -> Array:
    table = _array(layer.weight)
    return dequantise_rows(*quantise_rows(table)) if kind == "int8" else table


def _linear(x: Array, layer: nn.Linear, kind: Kind) -> Array:
    bias = None if layer.bias is None else _array(layer.bias)
    return reference.linear(x.astype(np.float32), _array(layer.weight), bias, kind)
