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
from alexa_local.recognise.phrase_vectors import PLACE_PIECES
from alexa_local.tflite import layers
from alexa_local.tflite.layers import Kind
from alexa_local.tflite.writer import Graph, Tensor
from scripts.training.asr import parity as recogniser_parity
from scripts.training.asr.export import load_average
from scripts.training.attention import parity
from scripts.training.attention.model import Biasing
from scripts.training.attention.train import load_biasing
from scripts.training.manifest import write_manifest

PLACES_PER_RUN = 32
"""Places that the context encoder takes at once."""


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().numpy(), np.float32)


def _linear(graph: Graph, x: Tensor, layer: nn.Linear, kind: Kind) -> Tensor:
    bias = None if layer.bias is None else _array(layer.bias)
    return layers.linear(graph, x, _array(layer.weight), bias, kind)


def context_graph(biasing: Biasing, kind: Kind, rows: int = PLACES_PER_RUN) -> Graph:
    """Places, `pieces` int32 (rows * PLACE_PIECES,), to `keys` (rows, heads * key)."""
    context, graph = biasing.context, Graph()
    pieces = graph.input("pieces", (rows * PLACE_PIECES,), dtype="int32")
    x = layers.embedding(graph, pieces, _array(context.embedding.weight), kind)
    x = graph.reshape(x, (rows, PLACE_PIECES * biasing.sizes.embedding))
    hidden = graph.relu(_linear(graph, x, context.join, kind))
    graph.output("keys", _linear(graph, hidden, context.key, kind))
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
    _put_query(graph, _linear(graph, hidden, sound.query, kind), biasing, biasing.no_score)
    graph.output("past_out", graph.slice(steps, 1, sizes.steps, axis=0))
    return graph


def label_graph(biasing: Biasing, kind: Kind) -> Graph:
    """The prediction network's vector to a query."""
    graph = Graph()
    predicted = graph.input("predicted", (1, biasing.sizes.joint))
    _put_query(graph, _linear(graph, predicted, biasing.label, kind), biasing)
    return graph


def values_graph(biasing: Biasing, kind: Kind) -> Graph:
    """Pieces to what full attention adds to their logits; float32, for it runs but once."""
    graph = Graph()
    pieces = graph.input("pieces", (biasing.sizes.pieces,), dtype="int32")
    graph.output("values", layers.embedding(graph, pieces, _array(biasing.values), "float32"))
    return graph


def _put_query(graph: Graph, query: Tensor, biasing: Biasing, score: Any = None) -> None:
    """Outputs `query` (1, heads * key), scaled, and `nothing` (heads, 1), its part of the no-bias entry's."""
    sizes = biasing.sizes
    scaled = graph.mul(query, graph.constant([[sizes.key**-0.5]]))
    graph.output("query", scaled)
    each = graph.mul(scaled, graph.constant(_array(biasing.no_key).reshape(1, -1) * sizes.key))
    scores = graph.mean(graph.reshape(each, (sizes.heads, sizes.key)))
    added = np.zeros((sizes.heads, 1)) if score is None else _array(score)[:, None]
    graph.output("nothing", graph.add(graph.reshape(scores, (sizes.heads, 1)), graph.constant(added)))


GRAPHS = {
    "attention-context.tflite": context_graph,
    "attention-sound.tflite": sound_graph,
    "attention-label.tflite": label_graph,
    "attention-values.tflite": values_graph,
}
"""The files of the biasing networks."""


def section(biasing: Biasing, kind: Kind) -> dict[str, Any]:
    """What the manifest says of them."""
    return {
        "trust": [round(float(one), 5) for one in _array(biasing.trust)],
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
