"""Graphs of TFLite operations, written straight to a file: converters give silently wrong numbers.

Every operation is at the oldest version that does the work, so that tflite-runtime 2.14 reads the file too.
The schema and flatbuffers are needed only by `Graph.to_bytes`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alexa_local.errors import ModelError
from alexa_local.tflite.sparse import BlockSparse

DENSE_FLOAT, DENSE_INT8, SPARSE_INT8 = 1, 3, 8
"""FULLY_CONNECTED versions; XNNPACK refuses exactly 8, and at any other may read packed blocks as dense."""


@dataclass(frozen=True)
class Tensor:
    """A value in a graph: its position among the graph's tensors, its shape and its type."""

    index: int
    shape: tuple[int, ...]
    dtype: str


@dataclass
class TensorRecord:
    """What the file says of a tensor.

    Attributes:
        name: unique in the graph.
        shape: sizes; () for a scalar.
        dtype: "float32", "int32" or "int8".
        data: a constant's values (packed blocks when sparse); None for what is computed.
        sparse: where the packed blocks lie; None for a dense tensor.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    data: NDArray[Any] | None = None
    sparse: BlockSparse | None = None


@dataclass(frozen=True)
class Operation:
    """One operation: a name of TFLite's BuiltinOperator, and the options table with its fields."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    version: int = 1
    options: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


class Graph:
    """A TFLite model under construction; methods add operations and return their results.

    The names given to `input` and `output` are those that `Network.run` takes and returns.
    The same calls with the same weights give the same bytes.
    """

    def __init__(self) -> None:
        self.tensors: list[TensorRecord] = []
        self.operations: list[Operation] = []
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self._names: set[str] = set()
        self._constants: dict[tuple[str, tuple[int, ...], bytes], Tensor] = {}

    # -- tensors

    def input(self, name: str, shape: Sequence[int], dtype: str = "float32") -> Tensor:
        """Declare an input, float32 or int32."""
        tensor = self._tensor(tuple(shape), dtype, name=name)
        self.inputs.append(tensor.index)
        return tensor

    def output(self, name: str, tensor: Tensor) -> None:
        """Declare a tensor as an output under a name of its own."""
        record = self.tensors[tensor.index]
        if tensor.index in self.inputs or tensor.index in self.outputs or record.data is not None:
            tensor = self.reshape(tensor, tensor.shape)  # a tensor has one name and one use outside: copy it
        self._rename(tensor.index, name)
        self.outputs.append(tensor.index)

    def constant(self, values: ArrayLike, dtype: str = "float32") -> Tensor:
        """A constant of the given values; equal ones are stored once.

        Raises:
            ModelError: a value is not finite, or the type does not hold it.
        """
        given = np.asarray(values)
        data = given.astype(dtype, order="C")  # a copy: what the caller does to theirs later is not written
        if not np.isfinite(given).all():
            raise ModelError(f"A constant of shape {given.shape} is not finite. Check the checkpoint.")
        if data.dtype.kind == "i" and not np.array_equal(data, given):
            raise ModelError(f"{dtype} does not hold the values of a constant of shape {given.shape}.")
        key = (dtype, data.shape, data.tobytes())
        if key not in self._constants:
            self._constants[key] = self._tensor(data.shape, dtype, data=data)
        return self._constants[key]

    def sparse_constant(self, blocks: BlockSparse) -> Tensor:
        """An int8 matrix stored as its 1x16 blocks, for `fully_connected`."""
        return self._tensor(blocks.shape, "int8", data=blocks.values, sparse=blocks)

    # -- matrices

    def fully_connected(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        """x (N, I) times weight (O, I) transposed, plus bias (O,): float32 (N, O).

        int8 weights have scale 1 in the file: x is quantised row by row when the model runs (symmetric),
        and the scales of the weights' rows are for the caller to multiply in (`layers.linear` does).

        Raises:
            ModelError: shapes do not fit, or a bias is given with int8 weights.
        """
        if len(x.shape) != 2 or len(weight.shape) != 2 or x.shape[1] != weight.shape[1]:
            raise ModelError(
                f"A layer of weights {weight.shape} cannot take {x.shape}: (N, I) and (O, I) must agree in I."
            )
        if bias is not None and weight.dtype == "int8":
            raise ModelError("A bias cannot go before the row scales of int8 weights. Use layers.linear.")
        if bias is not None and bias.shape != weight.shape[:1]:
            raise ModelError(f"A bias of shape {bias.shape} does not fit weights {weight.shape}.")
        version = DENSE_FLOAT if weight.dtype == "float32" else DENSE_INT8
        if self.tensors[weight.index].sparse is not None:
            version = SPARSE_INT8
        fields = {"keepNumDims": False, "asymmetricQuantizeInputs": False}
        last = bias.index if bias is not None else -1
        return self._add_raw(
            "FULLY_CONNECTED",
            (x.index, weight.index, last),
            (x.shape[0], weight.shape[0]),
            "FullyConnectedOptions",
            fields,
            version,
        )

    def gather(self, table: Tensor, index: Tensor) -> Tensor:
        """Rows of a table (V, ...) by int32 index (N,): (N, ...); `Network.run` refuses one outside."""
        if index.dtype != "int32":
            raise ModelError(f"Rows are looked up by int32, not {index.dtype}. Declare the input as int32.")
        version = 2 if table.dtype == "int8" else 1
        return self._add(
            "GATHER",
            (table, index),
            index.shape + table.shape[1:],
            "GatherOptions",
            {"axis": 0},
            version=version,
            dtype=table.dtype,
        )

    # -- element by element, with broadcasting

    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """a + b."""
        return self._pairwise("ADD", a, b, "AddOptions")

    def sub(self, a: Tensor, b: Tensor) -> Tensor:
        """a - b."""
        return self._pairwise("SUB", a, b, "SubOptions")

    def mul(self, a: Tensor, b: Tensor) -> Tensor:
        """a * b."""
        return self._pairwise("MUL", a, b, "MulOptions")

    def div(self, a: Tensor, b: Tensor) -> Tensor:
        """a / b."""
        return self._pairwise("DIV", a, b, "DivOptions")

    def maximum(self, a: Tensor, b: Tensor) -> Tensor:
        """The larger of a and b."""
        return self._pairwise("MAXIMUM", a, b, "MaximumMinimumOptions")

    def minimum(self, a: Tensor, b: Tensor) -> Tensor:
        """The smaller of a and b."""
        return self._pairwise("MINIMUM", a, b, "MaximumMinimumOptions")

    def logistic(self, x: Tensor) -> Tensor:
        """1 / (1 + exp(-x))."""
        return self._add("LOGISTIC", (x,), x.shape)

    def tanh(self, x: Tensor) -> Tensor:
        """The hyperbolic tangent."""
        return self._add("TANH", (x,), x.shape)

    def relu(self, x: Tensor) -> Tensor:
        """max(x, 0)."""
        return self._add("RELU", (x,), x.shape)

    def abs(self, x: Tensor) -> Tensor:
        """|x|."""
        return self._add("ABS", (x,), x.shape, "AbsOptions")

    def rsqrt(self, x: Tensor) -> Tensor:
        """1 / sqrt(x)."""
        return self._add("RSQRT", (x,), x.shape)

    def exp(self, x: Tensor) -> Tensor:
        """e to the x."""
        return self._add("EXP", (x,), x.shape, "ExpOptions")

    def cast(self, x: Tensor, dtype: str = "float32") -> Tensor:
        """The same numbers in another type."""
        return self._add("CAST", (x,), x.shape, dtype=dtype)

    # -- along the last axis

    def softmax(self, x: Tensor) -> Tensor:
        """Shares that add to 1 along the last axis."""
        return self._add("SOFTMAX", (x,), x.shape, "SoftmaxOptions", {"beta": 1.0})

    def log_softmax(self, x: Tensor) -> Tensor:
        """Natural logarithm of `softmax`."""
        return self._add("LOG_SOFTMAX", (x,), x.shape, "LogSoftmaxOptions")

    def mean(self, x: Tensor, axis: int = -1) -> Tensor:
        """The mean along an axis, which stays with size 1."""
        axis = axis % len(x.shape)
        shape = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
        return self._add(
            "MEAN", (x, self.constant([axis], "int32")), shape, "ReducerOptions", {"keepDims": True}
        )

    # -- shapes

    def concatenation(self, parts: Sequence[Tensor], axis: int = -1) -> Tensor:
        """The parts one after another along an axis."""
        axis = axis % len(parts[0].shape)
        others = {(*part.shape[:axis], 0, *part.shape[axis + 1 :]) for part in parts}
        if len(others) > 1:
            raise ModelError(
                f"Cannot join {[part.shape for part in parts]} along axis {axis}: the other axes differ."
            )
        shape = list(parts[0].shape)
        shape[axis] = sum(part.shape[axis] for part in parts)
        return self._add("CONCATENATION", parts, tuple(shape), "ConcatenationOptions", {"axis": axis})

    def split(self, x: Tensor, sizes: int | Sequence[int], axis: int = -1) -> list[Tensor]:
        """Parts of the given sizes, or that many equal parts, along an axis."""
        axis = axis % len(x.shape)
        if isinstance(sizes, int):
            sizes = [x.shape[axis] // sizes] * sizes
        if sum(sizes) != x.shape[axis]:
            raise ModelError(f"Parts of {list(sizes)} do not make up axis {axis} of {x.shape}.")
        parts = [self._tensor((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype) for size in sizes]
        inputs = (x.index, self.constant(sizes, "int32").index, self.constant(axis, "int32").index)
        outputs = tuple(part.index for part in parts)
        self.operations.append(
            Operation("SPLIT_V", inputs, outputs, options="SplitVOptions", fields={"numSplits": len(parts)})
        )
        return parts

    def slice(self, x: Tensor, start: int, stop: int, axis: int = -1) -> Tensor:
        """Positions start to stop of an axis, whole along the others."""
        axis = axis % len(x.shape)
        if not 0 <= start < stop <= x.shape[axis]:
            raise ModelError(f"Positions {start} to {stop} are not inside axis {axis} of {x.shape}.")
        begin, size = [0] * len(x.shape), list(x.shape)
        begin[axis], size[axis] = start, stop - start
        inputs = (x, self.constant(begin, "int32"), self.constant(size, "int32"))
        return self._add("SLICE", inputs, tuple(size), "SliceOptions")

    def reshape(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        """The same values, in the same order, in another shape."""
        if np.prod(shape) != np.prod(x.shape):
            raise ModelError(f"{x.shape} cannot become {tuple(shape)}: the number of values differs.")
        inputs = (x, self.constant(list(shape), "int32"))
        return self._add("RESHAPE", inputs, tuple(shape), "ReshapeOptions", {"newShape": list(shape)})

    # -- the file

    def to_bytes(self) -> bytes:
        """The model as a `.tflite` file.

        Raises:
            ModelError: the graph has no output, or the training-only dependencies are not installed.
        """
        from alexa_local.tflite.serialise import serialise

        if not self.outputs:
            raise ModelError("The graph has no output. Name one with Graph.output.")
        return serialise(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the `.tflite` file."""
        Path(path).write_bytes(self.to_bytes())

    # -- inside

    def _tensor(
        self,
        shape: tuple[int, ...],
        dtype: str,
        name: str = "",
        data: NDArray[Any] | None = None,
        sparse: BlockSparse | None = None,
    ) -> Tensor:
        if name:
            self._reserve(name)
        self.tensors.append(TensorRecord(name or f"_{len(self.tensors)}", shape, dtype, data, sparse))
        return Tensor(len(self.tensors) - 1, shape, dtype)

    def _reserve(self, name: str) -> None:
        if not name.isidentifier() or name.startswith("_") or name in self._names:
            raise ModelError(f"{name!r} cannot name a tensor: it is taken, or not a plain Python name.")
        self._names.add(name)

    def _rename(self, index: int, name: str) -> None:
        self._reserve(name)
        self.tensors[index].name = name

    def _pairwise(self, name: str, a: Tensor, b: Tensor, options: str) -> Tensor:
        try:
            shape = np.broadcast_shapes(a.shape, b.shape)
        except ValueError:
            raise ModelError(
                f"{name} cannot take shapes {a.shape} and {b.shape}: they do not broadcast."
            ) from None
        if a.dtype != b.dtype:
            raise ModelError(f"{name} cannot take {a.dtype} and {b.dtype}: cast one.")
        return self._add(name, (a, b), shape, options)

    def _add(
        self,
        name: str,
        inputs: Sequence[Tensor],
        shape: tuple[int, ...],
        options: str = "",
        fields: Mapping[str, Any] | None = None,
        version: int = 1,
        dtype: str = "",
    ) -> Tensor:
        indices = tuple(tensor.index for tensor in inputs)
        return self._add_raw(name, indices, shape, options, fields, version, dtype or inputs[0].dtype)

    def _add_raw(
        self,
        name: str,
        inputs: tuple[int, ...],
        shape: tuple[int, ...],
        options: str = "",
        fields: Mapping[str, Any] | None = None,
        version: int = 1,
        dtype: str = "float32",
    ) -> Tensor:
        result = self._tensor(shape, dtype)
        self.operations.append(Operation(name, inputs, (result.index,), version, options, fields or {}))
        return result
