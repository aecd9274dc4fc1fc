"""Writes a trained end-of-speech network as an int8 `.tflite` file that takes one step at a time."""

from __future__ import annotations

from pathlib import Path

from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES
from alexa_local.messages import MEL_BANDS
from alexa_local.tflite import layers, writer
from scripts.training.endpoint.network import EndNetwork


def export(network: EndNetwork, path: Path, kind: layers.Kind = "int8") -> None:
    """Write the network.

    Inputs: frames (8, 64), of which the last four are new; memory (1, H), the GRU's state.
    Outputs: logits (1, 2), voice and end; memory_out.
    """
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    graph = writer.Graph()
    frames = graph.input("frames", (LEFT_FRAMES + STEP_FRAMES, MEL_BANDS))
    memory = graph.input("memory", (1, network.gru.hidden_size))
    x = graph.mul(
        graph.sub(frames, graph.constant(weights["mean"][None])), graph.constant(weights["scale"][None])
    )
    x = graph.relu(layers.linear(graph, x, weights["frame.weight"], weights["frame.bias"], kind))
    x = graph.reshape(x, (1, (LEFT_FRAMES + STEP_FRAMES) * len(weights["frame.bias"])))
    x = graph.relu(layers.linear(graph, x, weights["mix.weight"], weights["mix.bias"], kind))
    w_ih, w_hh = weights["gru.weight_ih_l0"], weights["gru.weight_hh_l0"]
    b_ih, b_hh = weights["gru.bias_ih_l0"], weights["gru.bias_hh_l0"]
    x = layers.gru_cell(graph, x, memory, w_ih, w_hh, b_ih, b_hh, kind)
    graph.output("memory_out", x)
    graph.output("logits", layers.linear(graph, x, weights["head.weight"], weights["head.bias"], kind))
    graph.save(path)
