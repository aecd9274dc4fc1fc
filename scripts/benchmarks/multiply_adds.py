"""Multiply-adds of one run of a `.tflite` file: what it costs whatever machine runs it.

Reading the file needs flatbuffers, and the schema inside ai-edge-litert.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from alexa_local.errors import ModelError


def multiply_adds(path: Path) -> int:
    """One for each weight that is stored, for each row that it is applied to, in every FULLY_CONNECTED.

    Of a sparse matrix only the blocks that are not empty are stored. What is done element by element does not
    count: of the recogniser's encoder it is a few hundredths at most.

    Raises:
        ModelError: flatbuffers or the schema is not installed.
    """
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ImportError as error:
        raise ModelError(
            f"Reading a model's operations needs {error.name}. Run: pip install 'alexa-local[training]'."
        ) from error
    item_bytes = {schema.TensorType.INT8: 1, schema.TensorType.FLOAT32: 4}
    model = schema.Model.GetRootAs(path.read_bytes(), 0)
    graph = model.Subgraphs(0)
    found = 0
    for number in range(graph.OperatorsLength()):
        operation = graph.Operators(number)
        code = model.OperatorCodes(operation.OpcodeIndex()).BuiltinCode()
        if code == schema.BuiltinOperator.FULLY_CONNECTED:
            given, weights = graph.Tensors(operation.Inputs(0)), graph.Tensors(operation.Inputs(1))
            stored = model.Buffers(weights.Buffer()).DataLength() // item_bytes[weights.Type()]
            found += int(np.prod(given.ShapeAsNumpy()[:-1])) * stored
    return found
