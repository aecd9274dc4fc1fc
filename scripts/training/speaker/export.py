"""Writes a trained speaker network as two int8 `.tflite` files: sound to sums over time, sums to a vector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import STEP_FRAMES
from alexa_local.messages import MEL_BANDS
from alexa_local.speaker.embedding import CHUNK_FRAMES, FRAMES_FILE, VOICE_FILE
from alexa_local.tflite import layers, writer
from scripts.training.speaker.network import Past, VoiceNetwork

Weights = NDArray[np.float32]


def export(network: VoiceNetwork, folder: Path, kind: layers.Kind = "int8") -> None:
    """Write both files into a folder.

    speaker.tflite takes frames (20, 64), less their running level; counts (5, 1), 1 for a step that counts;
    and past0 and so on, what each convolution keeps. It gives weight, weighted and squared (1, W), the sums
    over the steps of the weights, of weights times values and of weights times squares; voice (5, 1), how
    probable speech is; and past0_out and so on.
    voice.tflite takes pooled (1, 2 W), mean and deviation, and gives vector (1, D).
    """
    _frames_graph(network, kind).save(folder / FRAMES_FILE)
    _voice_graph(network, kind).save(folder / VOICE_FILE)


def _frames_graph(network: VoiceNetwork, kind: layers.Kind) -> writer.Graph:
    graph = writer.Graph()
    frames = graph.input("frames", (CHUNK_FRAMES, MEL_BANDS))
    steps = CHUNK_FRAMES // STEP_FRAMES
    counts = graph.input("counts", (steps, 1))
    x = graph.mul(
        graph.sub(frames, graph.constant(_array(network.mean)[None])),
        graph.constant(_array(network.scale)[None]),
    )
    x = _past(graph, x, network.first, 0, kind)
    x = _past(graph, x, network.second, 1, kind)
    for number, block in enumerate(network.blocks, 2):
        assert isinstance(block, Past)
        x = graph.add(x, _past(graph, x, block, number, kind))
    voice = layers.linear(graph, x, _array(network.voice.weight), _array(network.voice.bias), kind)
    voice = graph.mul(graph.logistic(voice), counts)
    h = _past(graph, x, network.wide, -1, kind)
    look = graph.tanh(layers.linear(graph, h, _array(network.look.weight), _array(network.look.bias), kind))
    attend = layers.linear(graph, look, _array(network.attend.weight), _array(network.attend.bias), kind)
    weight = graph.mul(graph.logistic(attend), voice)
    weighted = graph.mul(weight, h)
    squared = graph.mul(weighted, h)
    count = graph.constant([[float(steps)]])
    for name, values in (("weight", weight), ("weighted", weighted), ("squared", squared)):
        graph.output(name, graph.mul(graph.mean(values, axis=0), count))  # (S, W) -> (1, W)
    graph.output("voice", voice)
    return graph


def _past(
    graph: writer.Graph, x: writer.Tensor, layer: Past, number: int, kind: layers.Kind
) -> writer.Tensor:
    """The convolution of a chunk (T, C) and what is kept from before it: (T / stride, C')."""
    (stride,), (dilation,), (width,) = layer.conv.stride, layer.conv.dilation, layer.conv.kernel_size
    if layer.left:
        before = graph.input(f"past{number}", (layer.left, x.shape[1]))
        x = graph.concatenation([before, x], axis=0)
        graph.output(f"past{number}_out", graph.slice(x, x.shape[0] - layer.left, x.shape[0], axis=0))
    count = (x.shape[0] - layer.left) // stride
    if stride > 1:
        x = graph.reshape(x, (x.shape[0] // stride, stride * x.shape[1]))
    taps = range(0, (width // stride) * dilation, dilation)
    if len(taps) > 1:
        x = graph.concatenation([graph.slice(x, tap, tap + count, axis=0) for tap in taps])
    weight, bias = folded(layer)
    return graph.relu(layers.linear(graph, x, weight, bias, kind))


def folded(layer: Past) -> tuple[Weights, Weights]:
    """The convolution's weights (C', width C) and biases (C',), with the normalisation in them."""
    gain, offset = _affine(layer.norm)
    weight = _array(layer.conv.weight).transpose(0, 2, 1)  # (C', C, width) -> (C', width, C)
    return (weight * gain[:, None, None]).reshape(len(weight), -1), offset


def _voice_graph(network: VoiceNetwork, kind: layers.Kind) -> writer.Graph:
    graph = writer.Graph()
    pooled = graph.input("pooled", (1, network.embed.in_features))
    gain, offset = _affine(network.norm)
    x = graph.add(graph.mul(pooled, graph.constant(gain[None])), graph.constant(offset[None]))
    gain, offset = _affine(network.embed_norm)
    weight, bias = _array(network.embed.weight), _array(network.embed.bias)
    graph.output("vector", layers.linear(graph, x, weight * gain[:, None], bias * gain + offset, kind))
    return graph


def _affine(norm: object) -> tuple[Weights, Weights]:
    """A trained batch normalisation as gains and offsets, (C,) each."""
    from torch import nn

    assert isinstance(norm, nn.BatchNorm1d) and norm.running_var is not None
    gain = _array(norm.weight) / np.sqrt(_array(norm.running_var) + np.float32(norm.eps))
    return gain, _array(norm.bias) - _array(norm.running_mean) * gain


def _array(values: object) -> Weights:
    return np.asarray(values.detach().numpy(), np.float32)  # type: ignore[attr-defined]
