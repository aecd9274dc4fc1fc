"""What every test gives back."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

from alexa_local.context import end_request

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


@pytest.fixture(autouse=True)
def request_ended() -> Iterator[None]:
    """A request that a test began in its own thread is none of the next test's."""
    yield
    end_request()


@pytest.fixture(autouse=True)
def threads_ended() -> Iterator[None]:
    """A thread that a test leaves behind slows all that come after it, or worse."""
    before = set(threading.enumerate())
    yield
    left = [one for one in threading.enumerate() if one not in before and not one.daemon]
    for thread in left:
        thread.join(20)
    assert not [one.name for one in left if one.is_alive()], "threads were left behind"
