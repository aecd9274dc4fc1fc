"""Which request a thread works for, and which lines of the log hold what nobody else may read.

Numbers count from 1 in the order in which requests begin, spoken or typed; whoever hands work for a request
to another thread hands its number on, in a copied context or with `working_for`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

_request: ContextVar[int] = ContextVar("request", default=0)
_numbers = itertools.count(1)

PRIVATE: Final = MappingProxyType({"private": True})
"""The `extra` of a log call whose arguments hold what was said, an answer, a name, or a piece of music."""


def new_request() -> int:
    """The number of a request that begins."""
    return next(_numbers)


def begin_request() -> None:
    """From here on this thread works for a new request."""
    _request.set(new_request())


def end_request() -> None:
    """From here on this thread works for none."""
    _request.set(0)


def current_request() -> int:
    """The number of the request that this thread works for; 0 for none."""
    return _request.get()


@contextmanager
def working_for(number: int) -> Iterator[None]:
    """Work for a request that another thread began."""
    token = _request.set(number)
    try:
        yield
    finally:
        _request.reset(token)
