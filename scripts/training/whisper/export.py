"""Writes a trained whisper network as an int8 `.tflite` file that takes one step at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES
from alexa_local.messages import MEL_BANDS
from alexa_local.tflite import layers, writer
from scripts.training.patches import PATCH_BANDS, PATCH_STRIDE, PATCHES, WINDOW_FRAMES
from scripts.training.whisper.network import (
    DEPTH,
    FALL_A_STEP,
    WhisperNetwork,
)


def export(network: WhisperNetwork, path: Path, kind: layers.Kind = "int8") -> None:
    """Write the network.

    Inputs: frames (8, 64), of which the last four are new; loudest (1, 1), first_h, first_c, second_h and
    second_c, the state. Outputs: heard (1, 2), the logit and its weight; the state as NAME_out.
    """
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    graph = writer.Graph()
    frames = graph.input("frames", (WINDOW_FRAMES, MEL_BANDS))
    before = graph.input("loudest", (1, 1))
    new = graph.reshape(graph.slice(frames, LEFT_FRAMES, WINDOW_FRAMES, axis=0), (1, STEP_FRAMES * MEL_BANDS))
    loudest = graph.maximum(graph.mean(new), graph.sub(before, graph.constant([[FALL_A_STEP]])))
    graph.output("loudest_out", loudest)
    x = graph.relu(graph.sub(frames, graph.sub(loudest, graph.constant([[DEPTH]]))))
    x = graph.mul(graph.sub(x, graph.constant(weights["mean"][None])), graph.constant(weights["scale"][None]))
    patches = [
        graph.reshape(graph.slice(x, at, at + PATCH_BANDS, axis=1), (1, WINDOW_FRAMES * PATCH_BANDS))
        for at in range(0, PATCHES * PATCH_STRIDE, PATCH_STRIDE)
    ]
    x = graph.concatenation(patches, axis=0)  # (14, 96)
    patch = weights["patch.weight"]
    x = graph.relu(layers.linear(graph, x, patch, weights["patch.bias"], kind))
    x = graph.reshape(x, (1, PATCHES * len(patch)))
    x = graph.relu(layers.linear(graph, x, weights["mix.weight"], weights["mix.bias"], kind))
    for name, joined in (("first", False), ("second", True)):
        size = weights[f"{name}.weight_hh_l0"].shape[1]
        h, c = graph.input(f"{name}_h", (1, size)), graph.input(f"{name}_c", (1, size))
        bias = weights[f"{name}.bias_ih_l0"] + weights[f"{name}.bias_hh_l0"]
        w_ih, w_hh = weights[f"{name}.weight_ih_l0"], weights[f"{name}.weight_hh_l0"]
        x, c = layers.lstm_cell(graph, x, h, c, w_ih, w_hh, np.asarray(bias), kind, joined=joined)
        graph.output(f"{name}_h_out", x)
        graph.output(f"{name}_c_out", c)
    graph.output("heard", layers.linear(graph, x, weights["head.weight"], weights["head.bias"], kind))
    graph.save(path)
