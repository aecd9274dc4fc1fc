"""A graph as the bytes of a `.tflite` file; needs flatbuffers, and the schema inside ai-edge-litert."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.tflite.seal import seal
from alexa_local.tflite.sparse import BLOCK, BlockSparse

if TYPE_CHECKING:
    from alexa_local.tflite.writer import Graph, Operation, TensorRecord

SCHEMA_VERSION = 3
IDENTIFIER = b"TFL3"
ALIGNMENT_BYTES = 16
"""Where a constant may start, so that a mapped file can be used in place by every vector unit."""

_LARGEST_OLD_CODE = 127
_TYPES = {"float32": "FLOAT32", "int32": "INT32", "int8": "INT8"}


def serialise(graph: Graph) -> bytes:
    """The whole file, sealed with its checksum.

    Raises:
        ModelError: flatbuffers or the schema is not installed.
    """
    try:
        import flatbuffers
        from ai_edge_litert import schema_py_generated as schema
    except ImportError as error:
        raise ModelError(
            f"Writing a model needs {error.name}. Run: pip install 'alexa-local[training]'."
        ) from error
    model = _Assembly(schema).model(graph)
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return seal(bytes(builder.Output()))


class _Assembly:
    """Turns records into the schema's objects, numbering buffers and operator codes on the way."""

    def __init__(self, schema: ModuleType) -> None:
        self._schema: Any = schema
        self._buffers: list[Any] = [_Buffer(schema, b"")]  # buffer 0 is empty by convention
        self._codes: dict[tuple[str, int], int] = {}

    def model(self, graph: Graph) -> Any:
        subgraph = self._schema.SubGraphT()
        subgraph.name = "main"
        subgraph.tensors = [self._tensor(record) for record in graph.tensors]
        subgraph.operators = [self._operator(operation) for operation in graph.operations]
        subgraph.inputs = np.array(graph.inputs, np.int32)
        subgraph.outputs = np.array(graph.outputs, np.int32)
        model = self._schema.ModelT()
        model.version = SCHEMA_VERSION
        model.description = "alexa-local"
        model.subgraphs = [subgraph]
        model.buffers = self._buffers
        model.operatorCodes = [self._code(name, version) for name, version in self._codes]
        return model

    def _tensor(self, record: TensorRecord) -> Any:
        tensor = self._schema.TensorT()
        tensor.name = record.name
        tensor.shape = np.array(record.shape, np.int32)
        tensor.hasRank = True
        tensor.isVariable = False
        tensor.type = getattr(self._schema.TensorType, _TYPES[record.dtype])
        tensor.buffer = 0
        if record.data is not None:
            self._buffers.append(_Buffer(self._schema, record.data.tobytes()))
            tensor.buffer = len(self._buffers) - 1
        if record.dtype == "int8":
            tensor.quantization = self._unit_scale()
        if record.sparse is not None:
            tensor.sparsity = self._sparsity(record.sparse)
        return tensor

    def _unit_scale(self) -> Any:
        """One scale of 1 for the tensor: tflite-runtime 2.14 ignores per-row scales without an error."""
        quantisation = self._schema.QuantizationParametersT()
        quantisation.scale = np.ones(1, np.float32)
        quantisation.zeroPoint = np.zeros(1, np.int64)
        return quantisation

    def _sparsity(self, blocks: BlockSparse) -> Any:
        """Dense rows, compressed columns of blocks, dense inside a block."""
        kinds = self._schema.DimensionType
        rows, columns, inside = (self._schema.DimensionMetadataT() for _ in range(3))
        rows.format, rows.denseSize = kinds.DENSE, blocks.shape[0]
        columns.format = kinds.SPARSE_CSR
        columns.arraySegmentsType, columns.arraySegments = self._indices(blocks.segments)
        columns.arrayIndicesType, columns.arrayIndices = self._indices(blocks.indices)
        inside.format, inside.denseSize = kinds.DENSE, BLOCK
        sparsity = self._schema.SparsityParametersT()
        sparsity.traversalOrder = np.array([0, 1, 2], np.int32)
        sparsity.blockMap = np.array([1], np.int32)
        sparsity.dimMetadata = [rows, columns, inside]
        return sparsity

    def _indices(self, values: NDArray[np.int32]) -> tuple[int, Any]:
        """The narrowest of the schema's vectors that holds the values."""
        largest = int(values.max())
        width_bits = 8 if largest < 1 << 8 else 16 if largest < 1 << 16 else 32
        kind = f"{'Int' if width_bits == 32 else 'Uint'}{width_bits}Vector"  # the schema has no Uint32Vector
        vector = getattr(self._schema, f"{kind}T")()
        vector.values = values.astype(f"{'int' if width_bits == 32 else 'uint'}{width_bits}")
        return getattr(self._schema.SparseIndexVector, kind), vector

    def _operator(self, operation: Operation) -> Any:
        operator = self._schema.OperatorT()
        key = (operation.name, operation.version)
        operator.opcodeIndex = self._codes.setdefault(key, len(self._codes))
        operator.inputs = np.array(operation.inputs, np.int32)
        operator.outputs = np.array(operation.outputs, np.int32)
        if operation.options:
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, operation.options)
            operator.builtinOptions = getattr(self._schema, f"{operation.options}T")()
            for name, value in operation.fields.items():
                setattr(operator.builtinOptions, name, value)
        return operator

    def _code(self, name: str, version: int) -> Any:
        code = self._schema.OperatorCodeT()
        code.builtinCode = getattr(self._schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, _LARGEST_OLD_CODE)
        code.version = version
        return code


class _Buffer:
    """A constant's bytes; stands in for the schema's BufferT, whose Pack does not align them."""

    def __init__(self, schema: Any, data: bytes) -> None:
        self._schema = schema
        self._data = data

    def Pack(self, builder: Any) -> int:
        offset = 0
        if self._data:
            size_bytes = len(self._data)
            builder.StartVector(1, size_bytes, ALIGNMENT_BYTES)
            builder.head = builder.Head() - size_bytes
            builder.Bytes[builder.Head() : builder.Head() + size_bytes] = self._data
            offset = builder.EndVector()
        self._schema.BufferStart(builder)
        if offset:
            self._schema.BufferAddData(builder, offset)
        return self._schema.BufferEnd(builder)
