"""Each operation against numpy on every runtime, and the rules that the writer enforces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from alexa_local.errors import ModelError
from alexa_local.tflite import layers
from alexa_local.tflite.network import Network
from alexa_local.tflite.sparse import MOST_COLUMNS, prune_blocks
from alexa_local.tflite.writer import DENSE_INT8, SPARSE_INT8, Graph, Tensor

Load = Callable[[Graph], Network]


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


ONE_INPUT: dict[str, tuple[Callable[[Graph, Tensor], Tensor], Callable[[np.ndarray], np.ndarray]]] = {
    "logistic": (Graph.logistic, lambda x: 1 / (1 + np.exp(-x))),
    "tanh": (Graph.tanh, np.tanh),
    "relu": (Graph.relu, lambda x: np.maximum(x, 0)),
    "abs": (Graph.abs, np.abs),
    "exp": (Graph.exp, np.exp),
    "rsqrt": (lambda g, x: g.rsqrt(g.abs(x)), lambda x: 1 / np.sqrt(np.abs(x))),
    "softmax": (Graph.softmax, softmax),
    "log_softmax": (Graph.log_softmax, lambda x: np.log(softmax(x))),
    "mean": (Graph.mean, lambda x: x.mean(-1, keepdims=True)),
    "mean of an axis": (lambda g, x: g.mean(x, 1), lambda x: x.mean(1, keepdims=True)),
    "slice": (lambda g, x: g.slice(x, 1, 4), lambda x: x[..., 1:4]),
    "slice of an axis": (lambda g, x: g.slice(x, 2, 3, axis=1), lambda x: x[:, 2:3]),
    "reshape": (lambda g, x: g.reshape(x, (6, 4)), lambda x: x.reshape(6, 4)),
    "split": (lambda g, x: g.split(x, [1, 3])[1], lambda x: x[..., 1:]),
    "equal split": (lambda g, x: g.split(x, 3, axis=1)[2], lambda x: x[:, 2:]),
    "cast": (lambda g, x: g.cast(g.cast(x, "int32")), np.trunc),
}

TWO_INPUTS = {
    "add": (Graph.add, np.add),
    "sub": (Graph.sub, np.subtract),
    "mul": (Graph.mul, np.multiply),
    "div": (Graph.div, np.divide),
    "maximum": (Graph.maximum, np.maximum),
    "minimum": (Graph.minimum, np.minimum),
    "concatenation": (lambda g, a, b: g.concatenation([a, b]), lambda a, b: np.concatenate([a, b], -1)),
    "concatenation of an axis": (
        lambda g, a, b: g.concatenation([b, a], 0),
        lambda a, b: np.concatenate([b, a], 0),
    ),
}


@pytest.mark.parametrize("name", ONE_INPUT)
def test_an_operation_on_one_tensor_equals_numpy(loaded: Load, name: str) -> None:
    add, wanted = ONE_INPUT[name]
    x = (np.random.default_rng(3).standard_normal((2, 3, 4)) * 3).astype(np.float32)
    graph = Graph()
    graph.output("y", add(graph, graph.input("x", x.shape)))
    network = loaded(graph)
    assert network.outputs["y"] == wanted(x).shape
    np.testing.assert_allclose(network.run(x=x)["y"], wanted(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", TWO_INPUTS)
def test_an_operation_on_two_tensors_equals_numpy(loaded: Load, name: str) -> None:
    add, wanted = TWO_INPUTS[name]
    a, b = np.random.default_rng(4).standard_normal((2, 3, 5)).astype(np.float32)
    graph = Graph()
    graph.output("y", add(graph, graph.input("a", a.shape), graph.input("b", b.shape)))
    np.testing.assert_allclose(loaded(graph).run(a=a, b=b)["y"], wanted(a, b), rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 5), (3, 1), (1, 1)])
def test_arithmetic_broadcasts(loaded: Load, shape: tuple[int, int]) -> None:
    a = np.random.default_rng(5).standard_normal((3, 5)).astype(np.float32)
    b = np.random.default_rng(6).standard_normal(shape).astype(np.float32)
    graph = Graph()
    graph.output("y", graph.sub(graph.input("a", a.shape), graph.constant(b)))
    np.testing.assert_allclose(loaded(graph).run(a=a)["y"], a - b, rtol=1e-6)


def test_an_input_a_constant_and_a_tensor_twice_can_be_outputs(loaded: Load) -> None:
    x = np.array([[1, -2]], np.float32)
    graph = Graph()
    arriving = graph.input("x", (1, 2))
    positive = graph.relu(arriving)
    for name, tensor in {
        "same": arriving,
        "fixed": graph.constant([[7.0]]),
        "one": positive,
        "two": positive,
    }.items():
        graph.output(name, tensor)
    found = loaded(graph).run(x=x)
    assert {name: value.tolist() for name, value in found.items()} == {
        "same": [[1, -2]],
        "fixed": [[7]],
        "one": [[1, 0]],
        "two": [[1, 0]],
    }


def sparse_layer(columns: int, rows: int = 4) -> Graph:
    weight = np.random.default_rng(7).standard_normal((rows, columns)).astype(np.float32)
    graph = Graph()
    x = graph.input("x", (1, columns))
    graph.output("y", layers.linear(graph, x, weight, None, "int8", sparse=True))
    return graph


def test_the_same_weights_give_the_same_bytes() -> None:
    assert sparse_layer(64).to_bytes() == sparse_layer(64).to_bytes()


def test_int8_layers_have_the_versions_that_both_runtimes_read() -> None:
    assert sparse_layer(64).operations[0].version == SPARSE_INT8 == 8
    graph = Graph()
    layers.linear(graph, graph.input("x", (1, 4)), np.ones((2, 4), np.float32), kind="int8")
    assert graph.operations[0].version == DENSE_INT8


def test_a_file_has_one_scale_of_1_for_each_int8_tensor() -> None:
    """tflite-runtime 2.14 ignores per-row scales without an error."""
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    model = schema.ModelT.InitFromPackedBuf(sparse_layer(64).to_bytes())
    scales = [
        t.quantization.scale.tolist() for t in model.subgraphs[0].tensors if t.type == schema.TensorType.INT8
    ]
    assert scales == [[1.0]]


def test_constants_start_at_multiples_of_16_bytes() -> None:
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    data = sparse_layer(64).to_bytes()
    model = schema.Model.GetRootAs(data)
    buffers = [model.Buffers(i) for i in range(model.BuffersLength())]
    starts = [b._tab.Vector(b._tab.Offset(4)) for b in buffers if b.DataLength()]
    assert starts
    assert [start % 16 for start in starts] == [0] * len(starts)


def test_sparsity_shrinks_the_file() -> None:
    weight = np.random.default_rng(8).standard_normal((256, 512)).astype(np.float32)

    def size_bytes(sparsity: float) -> int:
        graph = Graph()
        pruned = prune_blocks(weight, sparsity)
        graph.output("y", layers.linear(graph, graph.input("x", (1, 512)), pruned, None, "int8", sparse=True))
        return len(graph.to_bytes())

    assert size_bytes(0.5) < 0.6 * weight.size
    assert size_bytes(0.9) < 0.2 * weight.size


def test_a_row_of_255_blocks_is_written_and_one_of_256_refused() -> None:
    """The kernels' ledger counts blocks in a byte: past 255 they return garbage without an error."""
    sparse_layer(MOST_COLUMNS)
    with pytest.raises(ModelError, match="at most 4080 columns"):
        sparse_layer(MOST_COLUMNS + 16)


def test_a_joined_lstm_counts_the_columns_of_both_inputs() -> None:
    graph = Graph()
    x, h, c = graph.input("x", (1, 4064)), graph.input("h", (1, 32)), graph.input("c", (1, 32))
    w_ih, w_hh, bias = (np.ones((128, 4064)), np.ones((128, 32)), np.zeros(128))
    with pytest.raises(ModelError, match="at most 4080 columns"):
        layers.lstm_cell(graph, x, h, c, w_ih, w_hh, bias, "int8", sparse=True)
    layers.lstm_cell(graph, x, h, c, w_ih, w_hh, bias, "int8", sparse=True, joined=False)


WRONG: dict[str, tuple[str, Callable[[Graph, Tensor], object]]] = {
    "width not of 16": (
        "multiple of 16",
        lambda g, x: layers.linear(g, g.slice(x, 0, 20), np.ones((2, 20)), None, "int8", True),
    ),
    "sparse float": ("Only int8", lambda g, x: layers.linear(g, x, np.ones((2, 32)), sparse=True)),
    "unknown kind": ("float32 or int8", lambda g, x: layers.linear(g, x, np.ones((2, 32)), kind="int4")),
    "weights of another width": ("must agree", lambda g, x: layers.linear(g, x, np.ones((2, 31)))),
    "bias of another size": ("does not fit", lambda g, x: layers.linear(g, x, np.ones((2, 32)), np.ones(3))),
    "int8 bias of another size": (
        "does not fit",
        lambda g, x: layers.linear(g, x, np.ones((2, 32)), np.ones(1), "int8"),
    ),
    "bias before row scales": (
        "layers.linear",
        lambda g, x: g.fully_connected(x, g.constant(np.ones((2, 32)), "int8"), g.constant([0.0, 0.0])),
    ),
    "weights not finite": (
        "finite",
        lambda g, x: layers.linear(g, x, np.full((2, 32), np.nan), None, "int8"),
    ),
    "float weights not finite": ("finite", lambda g, x: layers.linear(g, x, np.full((2, 32), np.inf))),
    "no broadcast": ("do not broadcast", lambda g, x: g.add(x, g.constant(np.ones((1, 3))))),
    "two types": ("cast one", lambda g, x: g.add(x, g.constant([[1]], "int32"))),
    "float index": ("int32", lambda g, x: g.gather(g.constant(np.ones((2, 3))), x)),
    "slice outside": ("not inside", lambda g, x: g.slice(x, 30, 33)),
    "split that leaves some": ("do not make up", lambda g, x: g.split(x, [16, 15])),
    "split into unequal parts": ("do not make up", lambda g, x: g.split(x, 3)),
    "reshape to another size": ("number of values", lambda g, x: g.reshape(x, (31,))),
    "parts that do not fit": (
        "the other axes differ",
        lambda g, x: g.concatenation([x, g.constant(np.ones((2, 1)))]),
    ),
    "a name twice": ("taken", lambda g, x: g.output("x", g.relu(x))),
    "a name that is no argument": ("plain Python name", lambda g, x: g.output("x y", g.relu(x))),
    "a constant too large for int8": (
        "does not hold",
        lambda g, x: g.constant([[300]], "int8"),
    ),
    "no output": ("no output", lambda g, x: g.to_bytes()),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_would_give_a_wrong_model_is_refused(name: str) -> None:
    fact, build = WRONG[name]
    graph = Graph()
    x = graph.input("x", (1, 32))
    with pytest.raises(ModelError, match=fact):
        build(graph, x)
