"""A recogniser whose encoder has branches, small enough to be written by a test, and the same in numpy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import MEL_BANDS
from alexa_local.models import Model, open_folder
from alexa_local.tflite import layers, reference
from alexa_local.tflite.sparse import prune_blocks
from alexa_local.tflite.writer import Graph, Tensor

Array = NDArray[np.float32]
Weights = dict[str, Array]
PIECES = ("<blank>", "\u2581a", "\u2581b", "c")
THRESHOLDS = {"normal": 0.0, "cheap": 3.0}
HIDDEN, JOINT, LAYERS, ROWS, CONTEXT = 32, 16, 2, 4, 2
_FRAMES, _PAST = 8, 4
SPARSITY = 0.5
"""Share of the large branch's blocks that are empty."""


@dataclass(frozen=True)
class BranchingWeights:
    """The matrices, float32 (O, I): the branches compute other things on the same states."""

    front: Weights
    large: Weights
    small: Weights

    def __getitem__(self, branch: str) -> Weights:
        return {"large": self.large, "small": self.small}[branch]


def weights(seed: int = 0) -> BranchingWeights:
    """Random ones, always the same; the worth of steps is now above and now below the thresholds."""
    random = np.random.default_rng(seed)

    def matrix(rows: int, columns: int, gain: float = 1.0) -> Array:
        return (gain * random.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32)

    def branch(sparsity: float) -> Weights:
        found = {"out": matrix(JOINT, HIDDEN)}
        for number in range(LAYERS):
            for name in ("x", "h"):
                found[f"{name}{number}"] = prune_blocks(matrix(4 * HIDDEN, HIDDEN), sparsity)
            found[f"bias{number}"] = matrix(4 * HIDDEN, 1)[:, 0]
        return found

    front = {
        "heard": matrix(HIDDEN, (_PAST + _FRAMES) * MEL_BANDS + HIDDEN),
        "worth": matrix(1, HIDDEN, 8.0),
    }
    return BranchingWeights(front, branch(SPARSITY), branch(0.0))


def step(made: BranchingWeights, frames: Array, states: Mapping[str, Array], threshold: float) -> Any:
    """One step, as `recognise.encoder` does it: what is encoded, the states, whether the branch was large."""
    seen = np.concatenate([states["past"], frames])
    both = np.concatenate([seen.reshape(1, -1), states["conv"]], 1)
    heard = np.tanh(reference.linear(both, made.front["heard"]))
    is_large = bool(reference.linear(heard, made.front["worth"])[0, 0] > threshold)
    ours = made["large" if is_large else "small"]
    new, x = {"past": seen[_FRAMES:], "conv": heard}, heard
    for number in range(LAYERS):
        given = states[f"h{number}"], states[f"c{number}"]
        of = ours[f"x{number}"], ours[f"h{number}"], ours[f"bias{number}"]
        h, c = reference.lstm_cell(x, *given, *of, "int8", joined=False)
        new |= {f"h{number}": h, f"c{number}": c}
        x = x + h
    return reference.linear(x, ours["out"], None, "int8"), new, is_large


def front_graph(made: BranchingWeights) -> Graph:
    """What both branches share, and the arbiter; the state `conv` is what was heard last."""
    graph = Graph()
    heard = _front(graph, made)
    graph.output("heard", heard)
    graph.output("worth", layers.linear(graph, heard, made.front["worth"]))
    return graph


def branch_graph(ours: Weights, is_sparse: bool, hidden: int = HIDDEN) -> Graph:
    """Two layers on what was heard; another `hidden` makes one that does not fit."""
    graph = Graph()
    _layers(graph, graph.input("heard", (1, HIDDEN)), ours, is_sparse, hidden)
    return graph


def whole_graph(made: BranchingWeights) -> Graph:
    """The same encoder without its small branch, as one network."""
    graph = Graph()
    _layers(graph, _front(graph, made), made.large, is_sparse=True)
    return graph


def _front(graph: Graph, made: BranchingWeights) -> Tensor:
    frames = graph.input("frames", (_FRAMES, MEL_BANDS))
    past, before = graph.input("past", (_PAST, MEL_BANDS)), graph.input("conv", (1, HIDDEN))
    seen = graph.concatenation([past, frames], axis=0)
    both = graph.concatenation([graph.reshape(seen, (1, (_PAST + _FRAMES) * MEL_BANDS)), before])
    heard = graph.tanh(layers.linear(graph, both, made.front["heard"]))
    graph.output("past_out", graph.slice(seen, _FRAMES, _FRAMES + _PAST, axis=0))
    graph.output("conv_out", graph.reshape(heard, heard.shape))
    return heard


def _layers(graph: Graph, x: Tensor, ours: Weights, is_sparse: bool, hidden: int = HIDDEN) -> None:
    states: dict[str, Tensor] = {}
    for number in range(LAYERS):
        h, c = (graph.input(f"{name}{number}", (1, hidden)) for name in "hc")
        h, c = (graph.slice(one, 0, HIDDEN) for one in (h, c))
        of = ours[f"x{number}"], ours[f"h{number}"], ours[f"bias{number}"]
        h, c = layers.lstm_cell(graph, x, h, c, *of, "int8", is_sparse, joined=False)
        states |= {f"h{number}_out": h, f"c{number}_out": c}
        x = graph.add(x, h)
    graph.output("encoded", layers.linear(graph, x, ours["out"], None, "int8"))
    for name, tensor in states.items():
        graph.output(name, tensor)


def write_model(folder: Path, made: BranchingWeights, has_branches: bool = True) -> Model:
    """Write the whole recogniser into a folder, and open it."""
    if has_branches:
        graphs = {
            "encoder-front": front_graph(made),
            "encoder-large": branch_graph(made.large, is_sparse=True),
            "encoder-small": branch_graph(made.small, is_sparse=False),
        }
    else:
        graphs = {"encoder": whole_graph(made)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, graph in {**graphs, **_search_graphs()}.items():
        graph.save(folder / f"{name}.tflite")
    (folder / "pieces.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    return relist(folder, {"branches": THRESHOLDS} if has_branches else {})


def _search_graphs() -> dict[str, Graph]:
    """The prediction network and the joint."""
    random, count = np.random.default_rng(7), len(PIECES)
    predict, output = (
        random.standard_normal(shape).astype(np.float32)
        for shape in ((JOINT, CONTEXT * count), (count, JOINT))
    )
    prediction, joint = Graph(), Graph()
    labels = prediction.input("labels", (CONTEXT,), dtype="int32")
    known = layers.embedding(prediction, labels, np.eye(count, dtype=np.float32))
    flat = prediction.reshape(known, (1, CONTEXT * count))
    prediction.output("predicted", layers.linear(prediction, flat, predict))
    encoded, predicted = joint.input("encoded", (1, JOINT)), joint.input("predicted", (ROWS, JOINT))
    joint.output("logits", layers.linear(joint, joint.tanh(joint.add(predicted, encoded)), output))
    return {"prediction": prediction, "joint": joint}


def relist(folder: Path, about: Mapping[str, Any]) -> Model:
    """Write a manifest of what lies in a folder, and open it."""
    files = {
        file.name: {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in sorted(folder.iterdir())
        if file.name != "manifest.json"
    }
    (folder / "manifest.json").write_text(json.dumps({**about, "files": files}), encoding="utf-8")
    return open_folder(folder)
