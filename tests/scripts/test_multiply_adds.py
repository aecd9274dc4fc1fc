"""Counting what a network's run costs."""

from pathlib import Path

import numpy as np
import pytest

from alexa_local.tflite import layers
from alexa_local.tflite.sparse import prune_blocks, share_of_empty_blocks
from alexa_local.tflite.writer import Graph
from scripts.benchmarks.multiply_adds import multiply_adds

WEIGHT = np.random.default_rng(0).standard_normal((48, 64)).astype(np.float32)


def graph_of(rows: int, weight: np.ndarray, kind: layers.Kind, sparse: bool = False) -> Graph:
    graph = Graph()
    y = layers.linear(graph, graph.input("x", (rows, 64)), weight, np.ones(48, np.float32), kind, sparse)
    graph.output("y", graph.tanh(y))
    return graph


@pytest.mark.parametrize("kind", ["float32", "int8"])
@pytest.mark.parametrize("rows", [1, 2])
def test_every_weight_counts_for_every_row(tmp_path: Path, kind: layers.Kind, rows: int) -> None:
    graph_of(rows, WEIGHT, kind).save(tmp_path / "x.tflite")
    assert multiply_adds(tmp_path / "x.tflite") == rows * 48 * 64


def test_of_a_sparse_matrix_what_is_stored_counts(tmp_path: Path) -> None:
    pruned = prune_blocks(WEIGHT, 0.75)
    graph_of(2, pruned, "int8", sparse=True).save(tmp_path / "x.tflite")
    assert share_of_empty_blocks(pruned) == 0.75
    assert multiply_adds(tmp_path / "x.tflite") == 2 * 48 * 64 / 4


def test_layers_one_after_the_other_add_up(tmp_path: Path) -> None:
    graph = Graph()
    x, h, c = (graph.input(name, (1, 16)) for name in "xhc")
    of_x, of_h, bias = (np.ones(shape, np.float32) for shape in ((64, 16), (64, 16), (64,)))
    for name, tensor in zip("hc", layers.lstm_cell(graph, x, h, c, of_x, of_h, bias, "int8"), strict=True):
        graph.output(f"{name}_out", tensor)
    graph.save(tmp_path / "x.tflite")
    assert multiply_adds(tmp_path / "x.tflite") == 64 * 32
