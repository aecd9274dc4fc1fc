"""Add trained biasing networks to a recogniser's model folder: int8 .tflite files, a section of its manifest.

    python -m scripts.training.attention.export --run DIR --model firmware_models/asr-en [--figures FILE]

The model must be the recogniser that they were trained on, exported before (`scripts.training.asr.export`,
with the same run when the recogniser learnt along).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from alexa_local.errors import ModelError
from alexa_local.models.manifest import MANIFEST
from alexa_local.tflite import layers
from alexa_local.tflite.layers import Kind
from alexa_local.tflite.writer import Graph, Tensor
from scripts.training.asr import parity as recogniser_parity
from scripts.training.asr.export import load_average
from scripts.training.attention import parity
from scripts.training.attention.model import Biasing
from scripts.training.attention.train import load_biasing
from scripts.training.manifest import write_manifest

PHRASES_PER_RUN, PLACES_PER_RUN = 16, 32
"""Phrases that the context encoder takes at once, and places."""
STRENGTH = 1.0
"""What the vectors that the attention adds are multiplied by."""


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().numpy(), np.float32)


def _linear(graph: Graph, x: Tensor, layer: nn.Linear, kind: Kind) -> Tensor:
    bias = None if layer.bias is None else _array(layer.bias)
    return layers.linear(graph, x, _array(layer.weight), bias, kind)


def context_graph(biasing: Biasing, kind: Kind, rows: int = PHRASES_PER_RUN) -> Graph:
    """Phrases to keys and values.

    Inputs: `pieces` int32 (rows * longest,), padded with 0; `there` float32 (rows * longest, 1), 1 where a
    piece is; `counts` float32 (rows, 1), pieces of each phrase, at least 1.
    """
    context, sizes, graph = biasing.context, biasing.sizes, Graph()
    longest, width = sizes.longest, sizes.embedding
    pieces = graph.input("pieces", (rows * longest,), dtype="int32")
    there = graph.input("there", (rows * longest, 1))
    counts = graph.input("counts", (rows, 1))
    x = layers.embedding(graph, pieces, _array(context.embedding.weight), kind)
    x = graph.add(graph.reshape(x, (rows, longest, width)), graph.constant(_array(context.position)[None]))
    x = graph.mul(x, graph.reshape(there, (rows, longest, 1)))
    nothing = graph.constant(np.zeros((rows, 1, width)))
    padded = graph.concatenation([nothing, x, nothing], axis=1)
    beside = [graph.slice(padded, first, first + longest, axis=1) for first in range(3)]
    windows = graph.reshape(graph.concatenation(beside), (rows * longest, 3 * width))
    hidden = graph.mul(graph.relu(_linear(graph, windows, context.conv, kind)), there)
    hidden = graph.reshape(hidden, (rows, longest, sizes.hidden))
    total = graph.reshape(graph.mean(hidden, axis=1), (rows, sizes.hidden))
    mean = graph.div(graph.mul(total, graph.constant([[longest]])), counts)
    highest = hidden
    while highest.shape[1] > 1:
        half = highest.shape[1] // 2
        rest = highest.shape[1] - half
        highest = graph.maximum(
            graph.slice(highest, 0, rest, axis=1), graph.slice(highest, half, half + rest, axis=1)
        )
    pooled = graph.concatenation([mean, graph.reshape(highest, (rows, sizes.hidden))])
    graph.output("keys", _linear(graph, pooled, context.key, kind))
    shares = np.repeat(_array(context.piece_share), sizes.value, axis=1)[None]  # (1, longest, heads * value)
    parts = layers.embedding(graph, pieces, _array(biasing.piece_value.weight), kind)
    parts = graph.mul(
        graph.reshape(parts, (rows, longest, shares.shape[2])), graph.constant(shares * longest)
    )
    parts = graph.mean(graph.mul(parts, graph.reshape(there, (rows, longest, 1))), axis=1)
    parts = graph.reshape(parts, (rows, shares.shape[2]))
    graph.output("values", graph.add(_linear(graph, pooled, context.value, kind), parts))
    return graph


def places_graph(biasing: Biasing, kind: Kind, rows: int = PLACES_PER_RUN) -> Graph:
    """Pairs of pieces before places, `before` int32 (rows * 2,), to `keys`; `after` (rows,) to `values`."""
    sizes, graph = biasing.sizes, Graph()
    before = graph.input("before", (rows * 2,), dtype="int32")
    after = graph.input("after", (rows,), dtype="int32")
    known = layers.embedding(graph, before, _array(biasing.place_embedding.weight), kind)
    flat = graph.reshape(known, (rows, 2 * sizes.embedding))
    graph.output("keys", _linear(graph, flat, biasing.place_key, kind))
    graph.output("values", layers.embedding(graph, after, _array(biasing.piece_value.weight), kind))
    return graph


def sound_graph(biasing: Biasing, kind: Kind) -> Graph:
    """The encoder's vector and the narrowed `past` (steps - 1, narrow) to a query, and the new past."""
    sound, sizes, graph = biasing.sound, biasing.sizes, Graph()
    encoded = graph.input("encoded", (1, sizes.joint))
    past = graph.input("past", (sizes.steps - 1, sizes.narrow))
    newest = graph.tanh(_linear(graph, encoded, sound.narrow, kind))
    steps = graph.concatenation([past, newest], axis=0)
    joined = graph.reshape(steps, (1, sizes.steps * sizes.narrow))
    hidden = graph.relu(_linear(graph, joined, sound.join, kind))
    _put_query(
        graph,
        _linear(graph, hidden, sound.query, kind),
        biasing,
        biasing.no_sound_key,
        biasing.no_sound_score,
    )
    graph.output("past_out", graph.slice(steps, 1, sizes.steps, axis=0))
    return graph


def label_graph(biasing: Biasing, kind: Kind) -> Graph:
    """The prediction network's vector to a query."""
    graph = Graph()
    predicted = graph.input("predicted", (1, biasing.sizes.joint))
    _put_query(
        graph,
        _linear(graph, predicted, biasing.label_query, kind),
        biasing,
        biasing.no_label_key,
        biasing.no_label_score,
    )
    return graph


def out_graph(biasing: Biasing, kind: Kind) -> Graph:
    """What both attentions found, `found` (1, heads * value), to what is added before the joint."""
    graph = Graph()
    found = graph.input("found", (1, biasing.sizes.heads * biasing.sizes.value))
    graph.output("added", _linear(graph, found, biasing.out, kind))
    return graph


def _put_query(graph: Graph, query: Tensor, biasing: Biasing, nothing: Any, score: Any) -> None:
    """Outputs `query` (1, heads * key), scaled, and `nothing` (heads, 1), the no-bias entry's scores."""
    sizes = biasing.sizes
    scaled = graph.mul(query, graph.constant([[sizes.key**-0.5]]))
    graph.output("query", scaled)
    each = graph.mul(scaled, graph.constant(_array(nothing).reshape(1, -1) * sizes.key))
    scores = graph.mean(graph.reshape(each, (sizes.heads, sizes.key)))
    graph.output("nothing", graph.add(scores, graph.constant(_array(score)[:, None])))


GRAPHS = {
    "attention-context.tflite": context_graph,
    "attention-places.tflite": places_graph,
    "attention-sound.tflite": sound_graph,
    "attention-label.tflite": label_graph,
    "attention-out.tflite": out_graph,
}
"""The files of the biasing networks."""


def section(biasing: Biasing, kind: Kind) -> dict[str, Any]:
    """What the manifest says of them."""
    sizes = biasing.sizes
    return {
        "heads": sizes.heads,
        "pieces": sizes.pieces,
        "longest": sizes.longest,
        "strength": STRENGTH,
        "parity": parity.numbers(biasing, kind),
    }


def export(
    biasing: Biasing, folder: Path, kind: Kind = "int8", figures: dict[str, Any] | None = None
) -> None:
    """Write the files into a model folder, and say so in its manifest."""
    about = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for name, graph in GRAPHS.items():
        graph(biasing, kind).save(folder / name)
    about["attention"] = section(biasing, kind)
    if figures is not None:
        about["attention"]["figures"] = figures
    files = [*(name for name in about.pop("files") if name not in GRAPHS), *GRAPHS]
    write_manifest(folder, files, about)


def check_recogniser(run: Path, folder: Path) -> None:
    """Refuse a model folder of another recogniser than that of the run.

    Raises:
        ModelError: the folder's parity numbers are not those of the run's recogniser.
    """
    model = load_average(run / "checkpoint.pt")
    shipped = json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("parity", {}).get("encoded", [])
    close = (
        np.allclose(shipped, recogniser_parity.encoded(model, kind), atol=1e-2)
        for kind in ("int8", "float32")
        if len(shipped) == recogniser_parity.SHOWN
    )
    if not any(close):
        raise ModelError(
            f"{folder} holds another recogniser than the one that {run} was trained on. "
            "Export that one first (scripts.training.asr.export), or train the attention anew."
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--run", type=Path, required=True, help="run folder of scripts.training.attention.train"
    )
    parser.add_argument("--model", type=Path, required=True, help="the recogniser's model folder")
    parser.add_argument("--float", action="store_true", help="keep float32 weights, to see what int8 costs")
    parser.add_argument("--figures", type=Path, help="JSON file with what was measured")
    args = parser.parse_args()
    check_recogniser(args.run, args.model)
    figures = json.loads(args.figures.read_text(encoding="utf-8")) if args.figures else None
    biasing = load_biasing(args.run / "checkpoint.pt")
    export(biasing, args.model, "float32" if args.float else "int8", figures)


if __name__ == "__main__":
    main()
