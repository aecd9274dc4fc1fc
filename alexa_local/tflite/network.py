"""The seam: the only module that knows which TFLite runtime is installed.

Delegates (XNNPACK) stay off: they may read packed sparse blocks as dense, and after an int8 operation of
XNNPACK on the same thread the sparse kernels run several times slower.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.tflite.seal import is_sealed

_NEEDS_NUMPY_1 = "tflite_runtime.interpreter"
RUNTIMES = {"litert": "ai_edge_litert.interpreter", "tflite-runtime": _NEEDS_NUMPY_1}
"""The runtimes' modules by short names, the preferred one first."""

VARIABLE = "ALEXA_LOCAL_TFLITE"
"""Environment variable that forces one of RUNTIMES."""


class Network:
    """One loaded model; its tensors are known by name. Not for two threads at once.

    Attributes:
        inputs: shape by name of every input.
        outputs: shape by name of every output.
    """

    def __init__(self, interpreter: Any, path: Path) -> None:
        self._interpreter = interpreter
        self._path = path
        arriving, leaving = interpreter.get_input_details(), interpreter.get_output_details()
        self.inputs: Mapping[str, tuple[int, ...]] = _shapes(arriving)
        self.outputs: Mapping[str, tuple[int, ...]] = _shapes(leaving)
        self._slots = {about["name"]: (int(about["index"]), np.dtype(about["dtype"])) for about in arriving}
        self._results = [(about["name"], int(about["index"])) for about in leaving]

    def run(self, **inputs: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """One step of the model.

        Args:
            **inputs: an array for every input, of its shape; float32 (or int32 where the model says so).

        Returns:
            A copy of every output by name.

        Raises:
            ModelError: an input is missing, unknown, or of the wrong shape or type; or the runtime failed.
        """
        if inputs.keys() != self._slots.keys():
            raise ModelError(
                f"{self._path.name} takes {sorted(self._slots)}, and was given {sorted(inputs)}."
            )
        interpreter = self._interpreter
        for name, value in inputs.items():
            index, dtype = self._slots[name]
            if value.shape != self.inputs[name] or value.dtype != dtype:
                value = self._fitted(name, value, dtype)
            interpreter.set_tensor(index, value)
        try:
            interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"{self._path.name} failed: {_one_line(error)}. Check its inputs' values."
            ) from error
        return {name: interpreter.get_tensor(index) for name, index in self._results}

    def _fitted(self, name: str, value: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        """The value in the model's type when nothing but precision is lost by it."""
        shape = self.inputs[name]
        if value.shape != shape:
            raise ModelError(
                f"Input {name!r} of {self._path.name} has shape {shape}, and was given {value.shape}."
            )
        if not np.can_cast(value.dtype, dtype, "same_kind"):
            raise ModelError(f"Input {name!r} of {self._path.name} is {dtype}, and was given {value.dtype}.")
        return value.astype(dtype)


def load(path: str | os.PathLike[str], threads: int = 1, runtime: str | None = None) -> Network:
    """Load a `.tflite` file. It stays mapped: replace it by renaming another over it, never in place.

    Args:
        path: the file.
        threads: how many threads the runtime may use.
        runtime: "litert" or "tflite-runtime"; by default $ALEXA_LOCAL_TFLITE, or the first that is installed.

    Raises:
        ModelError: the file is missing or damaged, or there is no such runtime.
    """
    path = Path(path)
    module = _runtime(runtime or os.environ.get(VARIABLE))
    _check_file(path)
    try:
        interpreter = module.Interpreter(
            model_path=str(path),
            num_threads=threads,
            experimental_op_resolver_type=module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"{path} is damaged or too new for {module.__package__} ({_one_line(error)}). Restore it."
        ) from error
    return Network(interpreter, path)


def installed_runtimes() -> list[str]:
    """The names of the runtimes that can be imported here, the preferred one first."""
    return [name for name, module in RUNTIMES.items() if _imported(module) is not None]


def _runtime(name: str | None) -> ModuleType:
    if name is not None and name not in RUNTIMES:
        raise ModelError(
            f"There is no TFLite runtime {name!r}. Use one of {sorted(RUNTIMES)} (see ${VARIABLE})."
        )
    for module_name in [RUNTIMES[name]] if name else RUNTIMES.values():
        module = _imported(module_name)
        if module is not None:
            return module
    raise ModelError(
        f"No TFLite runtime{' ' + name if name else ''} is installed. Run: pip install ai-edge-litert "
        "(or, up to Python 3.11: pip install tflite-runtime==2.14.0 'numpy<2')."
    )


def _imported(module_name: str) -> ModuleType | None:
    if module_name == _NEEDS_NUMPY_1 and np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        return None  # it imports, and then fails inside its first call
    try:
        return importlib.import_module(module_name)
    except ImportError:
        return None


def _check_file(path: Path) -> None:
    remedy = (
        "Restore it (in a checkout: git checkout firmware_models), or write it again with scripts/training."
    )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"Model file {path} cannot be read ({error.strerror}). {remedy}") from error
    if not is_sealed(data):
        raise ModelError(f"Model file {path} is damaged, or not written by alexa_local.tflite. {remedy}")


def _shapes(details: list[dict[str, Any]]) -> dict[str, tuple[int, ...]]:
    return {about["name"]: tuple(int(size) for size in about["shape"]) for about in details}


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
