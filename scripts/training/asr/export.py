"""Write a trained transducer as a model folder: int8 .tflite files, word pieces, manifest.

python -m scripts.training.asr.export --run DIR --out firmware_models/asr-en [--ngrams FILE] [--figures FILE]

The figures are a JSON object, as measured by scripts/evaluate; they go into the manifest as they are.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alexa_local.tflite import layers
from alexa_local.tflite.layers import Kind
from alexa_local.tflite.sparse import share_of_empty_blocks
from alexa_local.tflite.writer import Graph, Tensor
from scripts.training.asr import parity
from scripts.training.asr.model import FRAMES_PER_STEP, Shape, Transducer
from scripts.training.manifest import write_manifest

DATA = [
    "LibriSpeech (train parts)",
    "speechocean762",
    "LJ Speech",
    "kathleen",
    "Common Voice (en)",
    "Google Speech Commands (words and noise)",
    "Picovoice wake-word-benchmark (all words; alexa 000-159)",
    "Precise-Community-Data",
    "custom-speech-commands-dataset",
    "commands, requests and sentences synthesised with flite, SVOX pico, festival and espeak-ng",
]
"""What the recipe trains on; the card has the licences."""

LANGUAGE = {"file": "ngrams.npz", "weight": 0.3, "bonus": 1.5}
"""The language model's part in a reading's score."""

SPARSE_ABOVE = 0.4
"""Share of empty blocks from which a matrix is stored, and computed, without them."""

JOINT_ROWS = 8
"""Hypotheses that the joint takes at once: the widest beam."""


def load_average(checkpoint: Path) -> Transducer:
    """The averaged weights of a checkpoint."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=False)
    model = Transducer(Shape(**state["shape"]))
    average = {
        name.removeprefix("module."): value
        for name, value in state["average"].items()
        if name != "n_averaged"
    }
    model.load_state_dict(average)
    return model.eval()


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(tensor.detach().numpy(), np.float32)


def _is_sparse(kind: Kind, *weights: NDArray[np.float32]) -> bool:
    """Whether matrices that are used together are pruned enough to leave out their empty blocks."""
    return kind == "int8" and min(share_of_empty_blocks(weight) for weight in weights) >= SPARSE_ABOVE


def _linear(graph: Graph, x: Tensor, layer: torch.nn.Linear, kind: Kind) -> Tensor:
    weight = _array(layer.weight)
    return layers.linear(graph, x, weight, _array(layer.bias), kind, _is_sparse(kind, weight))


def encoder_graph(model: Transducer, kind: Kind) -> Graph:
    """One step: frames (8, 64) and states to the joint's side of the encoder, (1, joint), and new states.

    States: `past`, the last 4 normalised frames; `conv`, the last output of the first convolution; h and c of
    each LSTM layer.
    """
    shape, encoder, graph = model.shape, model.encoder, Graph()
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
    y = graph.relu(_linear(graph, triple, encoder.conv2, kind))  # (1, lstm)
    states = [("past", graph.slice(seen, 8, 12, axis=0)), ("conv", newest)]
    for number, (norm, lstm) in enumerate(zip(encoder.norms, encoder.lstms, strict=True)):
        h, c = (graph.input(f"{name}{number}", (1, shape.lstm)) for name in "hc")
        normed = layers.layer_norm(graph, y, _array(norm.weight), _array(norm.bias))
        bias = _array(lstm.bias_ih_l0) + _array(lstm.bias_hh_l0)
        weights = _array(lstm.weight_ih_l0), _array(lstm.weight_hh_l0)
        sparse = _is_sparse(kind, *weights)
        h, c = layers.lstm_cell(graph, normed, h, c, *weights, bias, kind, sparse, joined=False)
        states += [(f"h{number}", h), (f"c{number}", c)]
        y = graph.add(y, h)
    y = layers.layer_norm(graph, y, _array(encoder.norm.weight), _array(encoder.norm.bias))
    graph.output("encoded", _linear(graph, y, model.encoder_out, kind))
    for name, tensor in states:
        graph.output(f"{name}_out", tensor)
    return graph


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


def export(
    model: Transducer, pieces: Path, ngrams: Path | None, out: Path, kind: Kind, about: dict[str, Any]
) -> None:
    """Write the folder `out`; with n-grams, the search adds them with LANGUAGE's weight and bonus."""
    out.mkdir(parents=True, exist_ok=True)
    encoder_graph(model, kind).save(out / "encoder.tflite")
    prediction_graph(model, kind).save(out / "prediction.tflite")
    joint_graph(model, kind).save(out / "joint.tflite")
    (out / "pieces.txt").write_bytes(pieces.read_bytes())
    about = {
        **about,
        "parity": {"input": "scripts.training.asr.parity", "encoded": parity.encoded(model, kind)},
    }
    files = ["encoder.tflite", "prediction.tflite", "joint.tflite", "pieces.txt"]
    if ngrams:
        (out / "ngrams.npz").write_bytes(ngrams.read_bytes())
        files.append("ngrams.npz")
        about = {**about, "language_model": LANGUAGE}
    write_manifest(out, files, about)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--run", type=Path, required=True, help="folder of the training: checkpoint.pt and pieces.txt"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float", action="store_true", help="keep float32 weights, to see what int8 costs")
    parser.add_argument("--ngrams", type=Path, help="language model to ship with it, from ngram.py")
    parser.add_argument("--figures", type=Path, help="JSON file with what was measured")
    args = parser.parse_args()
    model = load_average(args.run / "checkpoint.pt")
    about = {
        "name": args.out.name,
        "task": "streaming speech recognition, English",
        "shape": model.shape.as_dict(),
        "frames_per_step": FRAMES_PER_STEP,
        "training": {"command": "scripts/training/asr/recipe.sh DATA WORK", "data": DATA},
        "figures": json.loads(args.figures.read_text(encoding="utf-8")) if args.figures else {},
    }
    export(model, args.run / "pieces.txt", args.ngrams, args.out, "float32" if args.float else "int8", about)


if __name__ == "__main__":
    main()
