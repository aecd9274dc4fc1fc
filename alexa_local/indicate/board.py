"""The libraries for a board's pins: they are imported only when something is configured that needs them."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from alexa_local.errors import DeviceError


def library(name: str, setting: str) -> ModuleType:
    """The library `name`.

    Raises:
        DeviceError: it is not installed; `setting` says what needs it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DeviceError(
            f"{setting} needs the library {name}, which is not installed ({error}). "
            "Run `pip install 'alexa-local[board]'`, or remove that setting."
        ) from error


@contextmanager
def opening(setting: str) -> Iterator[None]:
    """Turn what gpiozero and spidev raise while a pin or a bus is opened into one line with the remedy."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="gpiozero")  # how it looks for a way to the pins
            yield
    except _errors() as error:
        raise DeviceError(
            f"{setting} cannot be used ({error}). Look whether this board has it, whether it is switched on, "
            "and whether this user is in the groups gpio and spi."
        ) from error


def _errors() -> tuple[type[Exception], ...]:
    """The system's, and gpiozero's own where gpiozero is there at all."""
    try:
        from gpiozero import GPIOZeroError
    except ImportError:
        return OSError, RuntimeError
    return OSError, RuntimeError, GPIOZeroError
