"""The transducer's networks as graphs of TFLite operations, with the weights of a PyTorch model."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alexa_local.tflite import layers
from alexa_local.tflite.layers import Kind
from alexa_local.tflite.sparse import share_of_empty_blocks
from alexa_local.tflite.writer import Graph, Tensor
from scripts.training.asr.model import (
    FRAMES_PER_STEP,
    BranchingEncoder,
    Transducer,
    lstm_weights,
    small_weights,
)

SPARSE_ABOVE = 0.4
"""Share of empty blocks from which a matrix is stored, and computed, without them."""

JOINT_ROWS = 8
"""Hypotheses that the joint takes at once: the widest beam."""


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().numpy(), np.float32)


def _is_sparse(kind: Kind, *weights: NDArray[np.float32]) -> bool:
    """Whether matrices that are used together are pruned enough to leave out their empty blocks."""
    return kind == "int8" and min(share_of_empty_blocks(weight) for weight in weights) >= SPARSE_ABOVE


def _linear(graph: Graph, x: Tensor, layer: torch.nn.Linear, kind: Kind) -> Tensor:
    weight = _array(layer.weight)
    return layers.linear(graph, x, weight, _array(layer.bias), kind, _is_sparse(kind, weight))


def encoder_graph(model: Transducer, kind: Kind) -> Graph:
    """One step of an encoder without branches: frames (8, 64) and states to the joint's side, (1, joint).

    States, which are its outputs too: `past` and `conv`, the front's; h and c of each LSTM layer.
    """
    graph = Graph()
    heard, states = _front(graph, model, kind)
    _layers(graph, model, kind, heard, states)
    return graph


def front_graph(model: Transducer, kind: Kind) -> Graph:
    """What branches share: frames (8, 64) to `heard` (1, lstm), and the arbiter's log-odds, `worth` (1, 1).

    States: `past`, the last 4 normalised frames; `conv`, the last output of the first convolution.
    """
    graph, encoder = Graph(), model.encoder
    assert isinstance(encoder, BranchingEncoder)
    heard, states = _front(graph, model, kind)
    inner, last = encoder.arbiter[0], encoder.arbiter[2]
    assert isinstance(inner, torch.nn.Linear) and isinstance(last, torch.nn.Linear)
    worth = _linear(graph, graph.tanh(_linear(graph, heard, inner, kind)), last, kind)
    graph.output("heard", heard)
    graph.output("worth", worth)
    for name, tensor in states:
        graph.output(f"{name}_out", tensor)
    return graph


def branch_graph(model: Transducer, kind: Kind, small: bool) -> Graph:
    """One branch: `heard` (1, lstm) and the layers' states to the joint's side, (1, joint), and new ones."""
    graph = Graph()
    _layers(graph, model, kind, graph.input("heard", (1, model.shape.lstm)), [], small)
    return graph


def _front(graph: Graph, model: Transducer, kind: Kind) -> tuple[Tensor, list[tuple[str, Tensor]]]:
    """The convolutions: the newest step (1, lstm), and the states after it."""
    shape, encoder = model.shape, model.encoder
    frames = graph.input("frames", (FRAMES_PER_STEP, shape.bands))
    past = graph.input("past", (4, shape.bands))
    conv = graph.input("conv", (1, shape.conv))
    scale = _array(encoder.scale)[None]
    x = graph.mul(graph.sub(frames, graph.constant(_array(encoder.mean)[None])), graph.constant(scale))
    seen = graph.concatenation([past, x], axis=0)  # (12, 64)
    windows = [
        graph.reshape(graph.slice(seen, first, first + 8, axis=0), (1, 8 * shape.bands)) for first in (0, 4)
    ]
    first = graph.relu(_linear(graph, graph.concatenation(windows, axis=0), encoder.conv1, kind))  # (2, conv)
    newest = graph.slice(first, 1, 2, axis=0)
    triple = graph.reshape(graph.concatenation([conv, first], axis=0), (1, 3 * shape.conv))
    heard = graph.relu(_linear(graph, triple, encoder.conv2, kind))
    return heard, [("past", graph.slice(seen, 8, 12, axis=0)), ("conv", newest)]


def _layers(
    graph: Graph,
    model: Transducer,
    kind: Kind,
    heard: Tensor,
    states: list[tuple[str, Tensor]],
    small: bool = False,
) -> None:
    """The LSTM layers or their small stand-ins, the output layer, and all states as outputs."""
    shape, encoder, y, states = model.shape, model.encoder, heard, list(states)
    for number, (norm, lstm) in enumerate(zip(encoder.norms, encoder.lstms, strict=True)):
        h, c = (graph.input(f"{name}{number}", (1, shape.lstm)) for name in "hc")
        normed = layers.layer_norm(graph, y, _array(norm.weight), _array(norm.bias))
        if small:
            assert isinstance(encoder, BranchingEncoder)
            of_x, of_h, gates, bias = (_array(weight) for weight in small_weights(encoder.small[number]))
            h, c = layers.narrow_lstm_cell(graph, normed, h, c, of_x, of_h, gates, bias, kind)
        else:
            of_x, of_h, bias = (_array(weight) for weight in lstm_weights(lstm))
            sparse = _is_sparse(kind, of_x, of_h)
            h, c = layers.lstm_cell(graph, normed, h, c, of_x, of_h, bias, kind, sparse, joined=False)
        states += [(f"h{number}", h), (f"c{number}", c)]
        y = graph.add(y, h)
    y = layers.layer_norm(graph, y, _array(encoder.norm.weight), _array(encoder.norm.bias))
    graph.output("encoded", _linear(graph, y, model.encoder_out, kind))
    for name, tensor in states:
        graph.output(f"{name}_out", tensor)


def prediction_graph(model: Transducer, kind: Kind) -> Graph:
    """Label context (context,) int32, oldest first, to (1, joint)."""
    shape, graph = model.shape, Graph()
    labels = graph.input("labels", (shape.context,), dtype="int32")
    known = layers.embedding(graph, labels, _array(model.embedding.weight))  # (context, embedding)
    flat = graph.reshape(known, (1, shape.context * shape.embedding))
    graph.output("predicted", _linear(graph, flat, model.prediction, kind))
    return graph


def joint_graph(model: Transducer, kind: Kind) -> Graph:
    """The encoder's vector (1, joint) and predictions (8, joint) to logits (8, pieces)."""
    shape, graph = model.shape, Graph()
    encoded = graph.input("encoded", (1, shape.joint))
    predicted = graph.input("predicted", (JOINT_ROWS, shape.joint))
    graph.output("logits", _linear(graph, graph.tanh(graph.add(predicted, encoded)), model.output, kind))
    return graph
