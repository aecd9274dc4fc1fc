"""Layers made of a graph's operations, from the weights as PyTorch holds them."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.tflite.quantise import quantise_rows
from alexa_local.tflite.sparse import BLOCK, pack_blocks
from alexa_local.tflite.writer import Graph, Tensor

Kind = Literal["float32", "int8"]
Array = NDArray[np.float32]


def linear(
    graph: Graph,
    x: Tensor,
    weight: Array,
    bias: Array | None = None,
    kind: Kind = "float32",
    sparse: bool = False,
) -> Tensor:
    """x W^T + b for x (N, I), weight float32 (O, I), bias (O,): float32 (N, O).

    int8 weights get a scale a row. The runtimes disagree about such scales, so the file says 1 and the
    scales are multiplied in afterwards, before the bias; this costs about 1 % of the time.

    Args:
        graph: where to add the layer.
        x: float32 (N, I).
        weight: float32, shape (O, I).
        bias: float32, shape (O,), or None.
        kind: how the weights are stored.
        sparse: store only the 1x16 blocks that are not zero (int8 only); prune them beforehand.

    Raises:
        ModelError: shapes do not fit, or the columns break a rule of the sparse kernels.
    """
    if kind not in get_args(Kind):
        raise ModelError(f"There is no kind {kind!r} of weights. Use float32 or int8.")
    weight = np.asarray(weight, np.float32)
    if bias is not None and np.shape(bias) != weight.shape[:1]:
        raise ModelError(f"A bias of shape {np.shape(bias)} does not fit weights {weight.shape}.")
    if kind == "float32":
        if sparse:
            raise ModelError("Only int8 weights can be stored as 1x16 blocks. Use kind='int8'.")
        offset = None if bias is None else graph.constant(np.asarray(bias, np.float32))
        return graph.fully_connected(x, graph.constant(weight), offset)
    quantised, scales = quantise_rows(weight)
    stored = graph.sparse_constant(pack_blocks(quantised)) if sparse else graph.constant(quantised, "int8")
    y = graph.mul(graph.fully_connected(x, stored), graph.constant(scales[None, :]))  # (N, O) * (1, O)
    return y if bias is None else graph.add(y, graph.constant(np.asarray(bias, np.float32)[None, :]))


def lstm_cell(
    graph: Graph,
    x: Tensor,
    h: Tensor,
    c: Tensor,
    w_ih: Array,
    w_hh: Array,
    bias: Array,
    kind: Kind = "float32",
    sparse: bool = False,
    joined: bool = True,
) -> tuple[Tensor, Tensor]:
    """One step of PyTorch's LSTM: (h, c) from x (N, I), h (N, H), c (N, H).

    Args:
        graph: where to add the cell.
        x: float32 (N, I).
        h: float32 (N, H), the last output.
        c: float32 (N, H), the last cell state.
        w_ih: float32, shape (4 H, I), gates in PyTorch's order i, f, g, o.
        w_hh: float32, shape (4 H, H).
        bias: float32, shape (4 H,): PyTorch's bias_ih + bias_hh.
        kind: how the weights are stored.
        sparse: store the weights' 1x16 blocks that are not zero.
        joined: x and h go through one matrix, and so share one activation scale in int8; False keeps
            them apart, for an x whose values are much larger than 1.
    """
    w_ih, w_hh, bias = (file_order(a) for a in (w_ih, w_hh, bias))
    if joined:
        both = graph.concatenation([x, h])  # (N, I), (N, H) -> (N, I + H)
        gates = linear(graph, both, np.concatenate([w_ih, w_hh], axis=1), bias, kind, sparse)
    else:
        of_x = linear(graph, x, w_ih, bias, kind, sparse)
        gates = graph.add(of_x, linear(graph, h, w_hh, None, kind, sparse))
    return _lstm_states(graph, gates, c)


def narrow_lstm_cell(
    graph: Graph,
    x: Tensor,
    h: Tensor,
    c: Tensor,
    of_x: Array,
    of_h: Array,
    gates: Array,
    bias: Array,
    kind: Kind = "float32",
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM whose gates come out of a narrow vector: (h, c) from x (N, I), h (N, H), c (N, H).

    Args:
        graph: where to add the cell.
        x: float32 (N, I).
        h: float32 (N, H), the last output.
        c: float32 (N, H), the last cell state.
        of_x: float32, shape (R, I): the narrow vector's part that x makes.
        of_h: float32, shape (R, H): the part that h makes.
        gates: float32, shape (4 H, R), in PyTorch's order i, f, g, o.
        bias: float32, shape (4 H,).
        kind: how the weights are stored.
    """
    narrow = graph.add(linear(graph, x, of_x, None, kind), linear(graph, h, of_h, None, kind))
    return _lstm_states(graph, linear(graph, narrow, file_order(gates), file_order(bias), kind), c)


def file_order(rows: NDArray[Any]) -> NDArray[Any]:
    """Gates' rows i, f, g, o, or their numbers, as i, f, o, g: one operation squashes the first three."""
    i, f, g, o = np.split(rows, 4)
    return np.concatenate([i, f, o, g])


def _lstm_states(graph: Graph, gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """h and c (N, H) after a step, from its gates i, f, o, g (N, 4 H) and the c before it."""
    size = c.shape[1]
    opened, candidate = graph.split(gates, [3 * size, size])
    i, f, o = graph.split(graph.logistic(opened), 3)
    new_c = graph.add(graph.mul(f, c), graph.mul(i, graph.tanh(candidate)))
    return graph.mul(o, graph.tanh(new_c)), new_c


def gru_cell(
    graph: Graph,
    x: Tensor,
    h: Tensor,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array,
    b_hh: Array,
    kind: Kind = "float32",
    sparse: bool = False,
) -> Tensor:
    """One step of PyTorch's GRU: the new h (N, H) from x (N, I) and h (N, H).

    Weights and biases are PyTorch's: (3 H, I), (3 H, H), (3 H,), (3 H,), gates in the order r, z, n, with
    n = tanh(W_in x + b_in + r * (W_hn h + b_hn)).
    """
    size = h.shape[1]
    x_gates, x_new = graph.split(linear(graph, x, w_ih, b_ih, kind, sparse), [2 * size, size])
    h_gates, h_new = graph.split(linear(graph, h, w_hh, b_hh, kind, sparse), [2 * size, size])
    r, z = graph.split(graph.logistic(graph.add(x_gates, h_gates)), 2)
    n = graph.tanh(graph.add(x_new, graph.mul(r, h_new)))
    return graph.add(n, graph.mul(z, graph.sub(h, n)))


def embedding(graph: Graph, index: Tensor, table: Array, kind: Kind = "float32") -> Tensor:
    """Rows of a float32 (V, D) table by int32 index (N,): float32 (N, D)."""
    table = np.asarray(table, np.float32)
    if kind == "float32":
        return graph.gather(graph.constant(table), index)
    quantised, scales = quantise_rows(table)
    rows = graph.cast(graph.gather(graph.constant(quantised, "int8"), index))
    return graph.mul(rows, graph.gather(graph.constant(scales[:, None]), index))  # (N, D) * (N, 1)


def layer_norm(graph: Graph, x: Tensor, weight: Array, bias: Array, epsilon: float = 1e-5) -> Tensor:
    """PyTorch's LayerNorm over the last axis of x (N, D), with weight (D,) and bias (D,)."""
    centred = graph.sub(x, graph.mean(x))
    variance = graph.mean(graph.mul(centred, centred))
    scaled = graph.mul(centred, graph.rsqrt(graph.add(variance, graph.constant([[epsilon]]))))
    return graph.add(
        graph.mul(scaled, graph.constant(np.asarray(weight)[None, :])),
        graph.constant(np.asarray(bias)[None, :]),
    )


def pad_input(graph: Graph, x: Tensor, multiple: int = BLOCK) -> Tensor:
    """Append zeros to the last axis of x (N, I), as `sparse.pad_columns` does to the weights."""
    missing = -x.shape[1] % multiple
    return graph.concatenation([x, graph.constant(np.zeros((x.shape[0], missing)))]) if missing else x
