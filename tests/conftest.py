"""What every test gives back."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# One commit gives one result; `scripts/test --hypothesis-profile=search` looks for more.
settings.register_profile("same", derandomize=True, deadline=None)  # a busy machine is no failure
settings.register_profile("search", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def logging_put_back() -> Iterator[None]:
    """A command sets up logging for its whole process, which a test shares with all others."""
    root, ours = logging.getLogger(), logging.getLogger("alexa_local")
    handlers, levels, hook = root.handlers[:], (root.level, ours.level), sys.excepthook
    yield
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(levels[0])
    ours.setLevel(levels[1])
