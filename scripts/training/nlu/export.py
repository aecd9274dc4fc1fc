"""Write a trained student as a model folder: int8 `.tflite` files, the words, the manifest.

python -m scripts.training.nlu.export --student student.pt --out firmware_models/understand-en
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from alexa_local.tflite import layers
from alexa_local.tflite.layers import Kind
from alexa_local.tflite.writer import Graph
from alexa_local.understand.reading import FLAGS, NETWORKS, PARTS
from scripts.training.manifest import write_manifest
from scripts.training.nlu.network import Reader, Shape

DATA = [
    "CLINC150",
    "HWU64",
    "SLURP (no labels)",
    "Snips",
    "Home Assistant intents",
    "Wikipedia",
    "own templates",
]


def write(model: Reader, folder: Path, kind: Kind = "int8") -> None:
    """The five networks: words to vectors, one LSTM cell each way, heads."""
    shape = model.shape
    weights = {name: np.asarray(value.detach().numpy()) for name, value in model.state_dict().items()}

    graph = Graph()
    word, parts = graph.input("word", (1,), "int32"), graph.input("parts", (PARTS,), "int32")
    share = graph.input("share", (1, 1))
    of_parts = graph.mean(layers.embedding(graph, parts, weights["parts.weight"], kind), axis=0)
    of_parts = graph.mul(graph.reshape(of_parts, (1, shape.width)), share)
    graph.output("vector", graph.add(layers.embedding(graph, word, weights["words.weight"], kind), of_parts))
    graph.save(folder / "words.tflite")

    for name, end in (("forward", ""), ("backward", "_reverse")):
        graph = Graph()
        x = graph.input("x", (1, shape.width + shape.flags))
        h, c = graph.input("h", (1, shape.hidden)), graph.input("c", (1, shape.hidden))
        w_ih, w_hh = weights[f"lstm.weight_ih_l0{end}"], weights[f"lstm.weight_hh_l0{end}"]
        bias = weights[f"lstm.bias_ih_l0{end}"] + weights[f"lstm.bias_hh_l0{end}"]
        new_h, new_c = layers.lstm_cell(graph, x, h, c, w_ih, w_hh, bias, kind, joined=False)
        graph.output("h_out", new_h)
        graph.output("c_out", new_c)
        graph.save(folder / f"{name}.tflite")

    graph = Graph()
    x = graph.input("sentence", (1, 4 * shape.hidden))
    x = graph.relu(layers.linear(graph, x, weights["narrow.weight"], weights["narrow.bias"], kind))
    for task in shape.intents:
        head = (weights[f"intents.{task}.weight"], weights[f"intents.{task}.bias"])
        graph.output(task, layers.linear(graph, x, *head, kind))
    graph.save(folder / "intents.tflite")

    graph = Graph()
    x = graph.input("place", (1, 2 * shape.hidden))
    for task in shape.tags:
        graph.output(
            task, layers.linear(graph, x, weights[f"tags.{task}.weight"], weights[f"tags.{task}.bias"], kind)
        )
    graph.save(folder / "slots.tflite")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--student", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float", action="store_true", help="keep float32 weights, to see what int8 costs")
    args = parser.parse_args()
    state = torch.load(args.student, weights_only=True)
    model = Reader(Shape(**state["shape"])).eval()
    model.load_state_dict(state["network"])
    args.out.mkdir(parents=True, exist_ok=True)
    write(model, args.out, "float32" if args.float else "int8")
    (args.out / "words.txt").write_text("\n".join(state["words"]) + "\n", encoding="utf-8")
    reads = {
        "intents": model.shape.intents,
        "slots": model.shape.tags,
        "parts": model.shape.parts,
        "flags": list(FLAGS),
        "temperature": state["temperature"],
    }
    files = [*(f"{name}.tflite" for name in NETWORKS), "words.txt"]
    write_manifest(args.out, files, {"reads": reads, "data": DATA, "figures": state["figures"]})
    print(f"{sum((args.out / name).stat().st_size for name in files) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
