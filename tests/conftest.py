"""What every test gives back."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def logging_put_back() -> Iterator[None]:
    """A command sets up logging for its whole process, which a test shares with all others."""
    root, ours = logging.getLogger(), logging.getLogger("alexa_local")
    handlers, levels, hook = root.handlers[:], (root.level, ours.level), sys.excepthook
    yield
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
