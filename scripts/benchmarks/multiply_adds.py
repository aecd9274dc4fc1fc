"""Multiply-adds of one run of a `.tflite` file: what it costs whatever machine runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

_ITEM_BYTES = {schema.TensorType.INT8: 1, schema.TensorType.FLOAT32: 4}


def multiply_adds(path: Path) -> int:
    """One for each weight that is stored, for each row that it is applied to, in every FULLY_CONNECTED.

    Of a sparse matrix only the blocks that are not empty are stored. What is done element by element does not
    count: of the recogniser's encoder it is less than a hundredth.
    """
    model = schema.Model.GetRootAs(path.read_bytes(), 0)
    graph = model.Subgraphs(0)
    return sum(
        _of(model, graph, operation)
        for operation in (graph.Operators(number) for number in range(graph.OperatorsLength()))
        if model.OperatorCodes(operation.OpcodeIndex()).BuiltinCode()
        == schema.BuiltinOperator.FULLY_CONNECTED
    )


def _of(model: Any, graph: Any, operation: Any) -> int:
    given, weights = (graph.Tensors(operation.Inputs(number)) for number in (0, 1))
    stored = model.Buffers(weights.Buffer()).DataLength() // _ITEM_BYTES[weights.Type()]
    return int(np.prod(given.ShapeAsNumpy()[:-1])) * stored
