"""The weights inside a `.tflite` file of ours, readable and writable where they lie.

Whatever is not written stays bit for bit, so a file that was opened and saved is the same file, and one whose
weights changed a little differs by little. Only files that `alexa_local.tflite.writer` wrote are understood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.tflite.seal import is_sealed, seal
from alexa_local.tflite.sparse import BLOCK

Array = NDArray[np.float32]
_SEAL_BYTES = 8


@dataclass(frozen=True)
class Matrix:
    """One int8 matrix (O, I) of a layer.

    Attributes:
        shape: (O, I).
        blocks: int8 (blocks, 16), a view of the file: what is stored of the matrix, row by row.
        places: int64 (blocks,): where each block lies among the whole matrix's, row by row.
        scales: float32 (O,): a row's step.
        bias: float32 (O,), or None for a layer without.
    """

    shape: tuple[int, int]
    blocks: NDArray[np.int8]
    places: NDArray[np.int64]
    scales: Array
    bias: Array | None

    def whole(self) -> NDArray[np.int8]:
        """int8 (O, I), a copy with the zeros that the file leaves out."""
        all_blocks = np.zeros((self.shape[0] * self.shape[1] // BLOCK, BLOCK), np.int8)
        all_blocks[self.places] = self.blocks
        return all_blocks.reshape(self.shape)

    def write(self, whole: NDArray[np.int8]) -> None:
        """Put an int8 (O, I) into the file; it may hold nothing where the file has no block.

        Raises:
            ModelError: it does.
        """
        all_blocks = whole.reshape(-1, BLOCK)
        if np.count_nonzero(all_blocks) != np.count_nonzero(all_blocks[self.places]):
            raise ModelError("A weight outside the stored blocks is not zero. Train with the blocks' mask.")
        self.blocks[:] = all_blocks[self.places]


class StoredNetwork:
    """A file, held in memory.

    Attributes:
        matrices: its int8 layers, in the order of their use.
        norms: weight and bias of its layer norms, float32 (D,) each, in the order of their use.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ModelError: it is damaged, or not ours.
        """
        self._data = bytearray(path.read_bytes())
        if not is_sealed(bytes(self._data)):
            raise ModelError(f"{path} is damaged, or not written by alexa_local.tflite. Restore it.")
        self._model = schema.Model.GetRootAs(self._data, 0)
        self._graph = self._model.Subgraphs(0)
        self.matrices: list[Matrix] = []
        self.norms: list[tuple[Array, Array]] = []
        for operation in self._operations("FULLY_CONNECTED"):
            self.matrices.append(self._matrix(operation))
        for operation in self._operations("RSQRT"):
            scaled = self._next(operation.Outputs(0), "MUL")  # the normalised values, then the weight's
            weighted = self._next(scaled.Outputs(0), "MUL")
            shifted = self._next(weighted.Outputs(0), "ADD")
            self.norms.append((self._given(weighted).ravel(), self._given(shifted).ravel()))

    def constants_of(self, operation: str) -> Array:
        """The float32 constant of the first operation of a name, flat."""
        return self._given(next(self._operations(operation))).ravel()

    def table(self) -> Array:
        """float32 (V, D): what the first look-up looks into."""
        return self._constant(next(self._operations("GATHER")).Inputs(0))

    def to_bytes(self) -> bytes:
        """The file, sealed anew."""
        return seal(bytes(self._data[:-_SEAL_BYTES]))

    def _operations(self, name: str) -> Iterator[Any]:
        code = getattr(schema.BuiltinOperator, name)
        for number in range(self._graph.OperatorsLength()):
            operation = self._graph.Operators(number)
            if self._model.OperatorCodes(operation.OpcodeIndex()).BuiltinCode() == code:
                yield operation

    def _next(self, tensor: int, name: str) -> Any:
        """The first operation of a name that takes a tensor."""
        for operation in self._operations(name):
            if tensor in operation.InputsAsNumpy():
                return operation
        raise ModelError(f"Tensor {tensor} goes into no {name}: the file's graph is not the writer's.")

    def _data_of(self, tensor: int) -> Any:
        return self._model.Buffers(self._graph.Tensors(tensor).Buffer()).DataAsNumpy()

    def _constant(self, tensor: int) -> Array:
        data = self._data_of(tensor)
        shape = self._graph.Tensors(tensor).ShapeAsNumpy()
        return np.array(data.view(np.float32).reshape(shape))

    def _given(self, operation: Any) -> Array:
        """The constant among an operation's two inputs."""
        for tensor in operation.InputsAsNumpy():
            if not isinstance(self._data_of(tensor), int):  # 0 stands for no data
                return self._constant(tensor)
        raise ModelError("An operation has no constant: the file's graph is not the writer's.")

    def _matrix(self, operation: Any) -> Matrix:
        number = int(operation.Inputs(1))
        tensor = self._graph.Tensors(number)
        if tensor.Type() != schema.TensorType.INT8:
            raise ModelError("The file's weights are not int8. Adapt a shipped model, or retrain this one.")
        rows, columns = (int(size) for size in tensor.ShapeAsNumpy())
        if columns % BLOCK:
            raise ModelError(f"A matrix of {columns} columns has no blocks of {BLOCK}. Widen the layer.")
        blocks = self._data_of(number).view(np.int8).reshape(-1, BLOCK)
        scaled = self._next(operation.Outputs(0), "MUL")
        added = self._next(scaled.Outputs(0), "ADD")
        others = [one for one in added.InputsAsNumpy() if one != scaled.Outputs(0)]
        has_bias = not isinstance(self._data_of(others[0]), int)
        return Matrix(
            (rows, columns),
            blocks,
            _places(tensor, rows, columns // BLOCK, len(blocks)),
            self._given(scaled).ravel(),
            self._given(added).ravel() if has_bias else None,
        )


def _places(tensor: Any, rows: int, across: int, stored: int) -> NDArray[np.int64]:
    """Where the stored blocks lie in a matrix of `across` blocks a row."""
    sparsity = tensor.Sparsity()
    if sparsity is None:
        return np.arange(stored)
    columns = schema.DimensionMetadataT.InitFromObj(sparsity.DimMetadata(1))
    bounds = np.asarray(columns.arraySegments.values, np.int64)
    in_row = np.asarray(columns.arrayIndices.values, np.int64)
    return np.repeat(np.arange(rows), bounds[1:] - bounds[:-1]) * across + in_row
