"""Python's collector of garbage, kept from holding up sound: while it looks at objects, no thread works.

Looking at all that the start made takes a tenth of a second, and more on a small board: that is put aside
(`gc.freeze`). Of what came since, the younger objects are looked at sooner than by default, and so fewer at a
time; the others when nobody speaks and nothing plays. Only what refers to itself waits for that.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

_YOUNG = 700
"""New objects after which the youngest are looked at."""

_MIDDLE = 3
"""Such rounds after which those that outlived one are looked at too: three thousand at most."""

_OLD = 10
"""Such rounds after which it is worth while to look at the old ones, in a quiet moment."""

_PATIENCE = 100
"""So many times as many are waited for where it is never quiet."""


def begin() -> Callable[[], None]:
    """All is made that stays: look at it for the last time; returns what puts everything back.

    At the end that is needed: libraries in C++ complain when what is theirs outlives them.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _PATIENCE * _OLD)

    def end() -> None:
        gc.unfreeze()
        gc.set_threshold(*before)

    return end


def rest() -> None:
    """It is quiet: look at the old objects, where enough came since the last time."""
    if gc.get_count()[2] > _OLD:
        gc.collect()
