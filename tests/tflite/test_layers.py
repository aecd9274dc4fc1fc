"""Every layer on every runtime against the numpy reference."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from alexa_local.tflite import layers, reference
from alexa_local.tflite.network import Network
from alexa_local.tflite.quantise import dequantise_rows, quantise_rows
from alexa_local.tflite.sparse import BLOCK, MOST_COLUMNS, pad_columns, prune_blocks
from alexa_local.tflite.writer import Graph

Load = Callable[[Graph], Network]
KINDS = [("float32", False), ("int8", False), ("int8", True)]
SEED = 20


def random_layer(
    rows: int, columns: int, sparsity: float = 0.0
) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    """A generator, float32 (O, I) weights whose rows differ much in size, and a float32 (O,) bias."""
    rng = np.random.default_rng(SEED)
    sizes = rng.uniform(0.1, 3.0, (rows, 1)) / np.sqrt(columns)
    weight = (rng.standard_normal((rows, columns)) * sizes).astype(np.float32)
    if sparsity:
        weight = prune_blocks(weight, sparsity)
    return rng, weight, rng.standard_normal(rows).astype(np.float32)


def linear_graph(
    weight: np.ndarray, bias: np.ndarray | None, kind: str, sparse: bool, rows: int = 1
) -> Graph:
    graph = Graph()
    x = graph.input("x", (rows, weight.shape[1]))
    graph.output("y", layers.linear(graph, x, weight, bias, kind, sparse))
    return graph


def assert_close(found: np.ndarray, wanted: np.ndarray, atol: float) -> None:
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, rtol=0, atol=atol)


@pytest.mark.parametrize("rows", [1, 5])
@pytest.mark.parametrize("columns", [16, 100, 512])
@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_a_dense_layer_equals_the_reference(loaded: Load, kind: str, columns: int, rows: int) -> None:
    rng, weight, bias = random_layer(70, columns)
    x = rng.standard_normal((rows, columns)).astype(np.float32)
    found = loaded(linear_graph(weight, bias, kind, False, rows)).run(x=x)["y"]
    assert_close(found, reference.linear(x, weight, bias, kind), 1e-5)


@pytest.mark.parametrize("rows", [1, 5])
@pytest.mark.parametrize("sparsity", [0.5, 0.7, 0.9])
def test_a_sparse_layer_equals_the_reference(loaded: Load, sparsity: float, rows: int) -> None:
    rng, weight, bias = random_layer(200, 320, sparsity)
    x = rng.standard_normal((rows, 320)).astype(np.float32)
    found = loaded(linear_graph(weight, bias, "int8", True, rows)).run(x=x)["y"]
    assert_close(found, reference.linear(x, weight, bias, "int8"), 1e-5)


@pytest.mark.parametrize("sparsity", [0.0, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("columns", [16, 1024, MOST_COLUMNS])
def test_a_sparse_layer_equals_the_dense_one_with_the_same_zeros(
    loaded: Load, columns: int, sparsity: float
) -> None:
    rng, weight, bias = random_layer(48, columns, sparsity)
    x = rng.standard_normal((2, columns)).astype(np.float32)
    dense, sparse = (loaded(linear_graph(weight, bias, "int8", stored, 2)) for stored in (False, True))
    np.testing.assert_array_equal(sparse.run(x=x)["y"], dense.run(x=x)["y"])


def test_rows_without_any_block_give_the_bias(loaded: Load) -> None:
    rng, weight, bias = random_layer(8, 64)
    weight[[0, 3, 7]] = 0
    x = rng.standard_normal((1, 64)).astype(np.float32)
    found = loaded(linear_graph(weight, bias, "int8", True)).run(x=x)["y"]
    assert_close(found, reference.linear(x, weight, bias, "int8"), 1e-5)
    np.testing.assert_array_equal(found[0, [0, 3, 7]], bias[[0, 3, 7]])


def test_a_layer_of_many_blocks_needs_wide_indices_and_still_agrees(loaded: Load) -> None:
    """More than 65535 blocks in all: the segments no longer fit 16 bits."""
    rng, weight, bias = random_layer(300, MOST_COLUMNS)
    x = rng.standard_normal((1, MOST_COLUMNS)).astype(np.float32)
    found = loaded(linear_graph(weight, bias, "int8", True)).run(x=x)["y"]
    assert_close(found, reference.linear(x, weight, bias, "int8"), 1e-5)


@pytest.mark.parametrize(("kind", "sparse"), KINDS)
def test_silence_gives_the_bias(loaded: Load, kind: str, sparse: bool) -> None:
    _, weight, bias = random_layer(8, 64)
    found = loaded(linear_graph(weight, bias, kind, sparse)).run(x=np.zeros((1, 64), np.float32))["y"]
    np.testing.assert_array_equal(found[0], bias)


@pytest.mark.parametrize(("kind", "sparse"), KINDS)
def test_rows_of_activations_are_quantised_apart(loaded: Load, kind: str, sparse: bool) -> None:
    """A loud row must not coarsen a quiet one that goes through in the same step."""
    rng, weight, _ = random_layer(32, 64)
    x = (rng.standard_normal((2, 64)) * [[1000.0], [0.01]]).astype(np.float32)
    both = loaded(linear_graph(weight, None, kind, sparse, 2)).run(x=x)["y"]
    alone = loaded(linear_graph(weight, None, kind, sparse, 1)).run(x=x[1:])["y"]
    assert_close(both[1:], alone, 1e-7)


@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize(("kind", "sparse"), KINDS)
def test_an_lstm_cell_follows_the_reference_over_20_steps(
    loaded: Load, kind: str, sparse: bool, joined: bool
) -> None:
    size, width = 64, 48
    rng, w_ih, bias = random_layer(4 * size, width, 0.5 if sparse else 0)
    w_hh = random_layer(4 * size, size, 0.5 if sparse else 0)[1]
    graph = Graph()
    x, h, c = graph.input("x", (1, width)), graph.input("h", (1, size)), graph.input("c", (1, size))
    new_h, new_c = layers.lstm_cell(graph, x, h, c, w_ih, w_hh, bias, kind, sparse, joined)
    graph.output("h_out", new_h)
    graph.output("c_out", new_c)
    network = loaded(graph)
    hidden, cell = np.zeros((2, 1, size), np.float32)
    for _ in range(20):
        value = rng.standard_normal((1, width)).astype(np.float32)
        found = network.run(x=value, h=hidden, c=cell)
        wanted = reference.lstm_cell(value, hidden, cell, w_ih, w_hh, bias, kind, joined)
        hidden, cell = found["h_out"], found["c_out"]
        assert_close(hidden, wanted[0], 2e-5)
        assert_close(cell, wanted[1], 2e-5)


@pytest.mark.parametrize(("kind", "sparse"), KINDS)
def test_a_gru_cell_follows_the_reference_over_20_steps(loaded: Load, kind: str, sparse: bool) -> None:
    size, width = 48, 32
    rng, w_ih, b_ih = random_layer(3 * size, width, 0.5 if sparse else 0)
    _, w_hh, b_hh = random_layer(3 * size, size, 0.5 if sparse else 0)
    graph = Graph()
    x, h = graph.input("x", (1, width)), graph.input("h", (1, size))
    graph.output("h_out", layers.gru_cell(graph, x, h, w_ih, w_hh, b_ih, b_hh, kind, sparse))
    network = loaded(graph)
    hidden = np.zeros((1, size), np.float32)
    for _ in range(20):
        value = rng.standard_normal((1, width)).astype(np.float32)
        wanted = reference.gru_cell(value, hidden, w_ih, w_hh, b_ih, b_hh, kind)
        hidden = network.run(x=value, h=hidden)["h_out"]
        assert_close(hidden, wanted, 2e-5)


@pytest.mark.parametrize("kind", ["float32", "int8"])
def test_embedding_looks_up_rows(loaded: Load, kind: str) -> None:
    _, table, _ = random_layer(300, 24)
    graph = Graph()
    graph.output("rows", layers.embedding(graph, graph.input("index", (3,), "int32"), table, kind))
    found = loaded(graph).run(index=np.array([299, 0, 7], np.int32))["rows"]
    wanted = table if kind == "float32" else dequantise_rows(*quantise_rows(table))
    assert_close(found, wanted[[299, 0, 7]], 1e-7)


def test_layer_norm_gives_each_row_the_wanted_mean_and_spread(loaded: Load) -> None:
    rng = np.random.default_rng(SEED)
    x, weight, bias = (rng.standard_normal(shape).astype(np.float32) for shape in ((3, 40), 40, 40))
    graph = Graph()
    graph.output("y", layers.layer_norm(graph, graph.input("x", (3, 40)), weight, bias))
    centred = x - x.mean(1, keepdims=True)
    wanted = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * weight + bias
    assert_close(loaded(graph).run(x=x)["y"], wanted, 1e-5)


def test_padding_weights_and_inputs_makes_any_width_sparse(loaded: Load) -> None:
    rng, weight, bias = random_layer(20, 40)
    x = rng.standard_normal((2, 40)).astype(np.float32)
    graph = Graph()
    padded = layers.pad_input(graph, graph.input("x", (2, 40)))
    assert padded.shape[1] % BLOCK == 0
    graph.output("y", layers.linear(graph, padded, pad_columns(weight), bias, "int8", sparse=True))
    assert_close(loaded(graph).run(x=x)["y"], reference.linear(x, weight, bias, "int8"), 1e-5)


def test_an_int8_layer_stays_near_the_float_one() -> None:
    rng, weight, bias = random_layer(128, 256)
    x = rng.standard_normal((10, 256)).astype(np.float32)
    exact = reference.linear(x, weight, bias)
    error = reference.linear(x, weight, bias, "int8") - exact
    assert np.sqrt((error**2).mean() / (exact**2).mean()) < 0.02
