"""Writes a trained network as an int8 `.tflite` file that takes one step at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from alexa_local.messages import MEL_BANDS
from alexa_local.tflite import layers, writer
from alexa_local.wake.detector import GROUP_BANDS
from scripts.training.patches import PATCH_BANDS, PATCHES, WINDOW_FRAMES
from scripts.training.wake.network import WakeNetwork

_GROUPS_A_PATCH = PATCH_BANDS // GROUP_BANDS


def grouped(values: np.ndarray) -> np.ndarray:
    """One value a band (64,) in the layout of the input "bands", (1, 16, 8 x 4) without the first axis."""
    tiled = np.tile(values.reshape(-1, 1, GROUP_BANDS), (1, WINDOW_FRAMES, 1))  # (16, 8, 4)
    return tiled.reshape(-1, WINDOW_FRAMES * GROUP_BANDS)


def export(network: WakeNetwork, path: Path, kind: layers.Kind = "int8") -> None:
    """Write the network.

    Inputs: bands (16, 32), 16 groups of 4 bands, each 8 frames by 4 bands; first (1, F), second (1, S), the
    GRU states. Outputs: heard (1, 2), logit and length; first_out, second_out.
    """
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    graph = writer.Graph()
    bands = graph.input("bands", (MEL_BANDS // GROUP_BANDS, WINDOW_FRAMES * GROUP_BANDS))
    first = graph.input("first", (1, network.first.hidden_size))
    second = graph.input("second", (1, network.second.hidden_size))
    centred = graph.sub(bands, graph.constant(grouped(weights["mean"])))
    x = graph.mul(centred, graph.constant(grouped(weights["scale"])))
    x = graph.concatenation(
        [graph.slice(x, at, at + PATCHES, axis=0) for at in range(_GROUPS_A_PATCH)]
    )  # (14, 96)
    patch = weights["patch.weight"].reshape(-1, WINDOW_FRAMES, _GROUPS_A_PATCH, GROUP_BANDS)
    patch = patch.transpose(0, 2, 1, 3)
    x = graph.relu(layers.linear(graph, x, patch.reshape(len(patch), -1), weights["patch.bias"], kind))
    x = graph.reshape(x, (1, PATCHES * len(patch)))
    x = graph.relu(layers.linear(graph, x, weights["mix.weight"], weights["mix.bias"], kind))
    for name, state in (("first", first), ("second", second)):
        w_ih, w_hh = weights[f"{name}.weight_ih_l0"], weights[f"{name}.weight_hh_l0"]
        b_ih, b_hh = weights[f"{name}.bias_ih_l0"], weights[f"{name}.bias_hh_l0"]
        x = layers.gru_cell(graph, x, state, w_ih, w_hh, b_ih, b_hh, kind)
        graph.output(f"{name}_out", x)
    graph.output("heard", layers.linear(graph, x, weights["head.weight"], weights["head.bias"], kind))
    graph.save(path)
