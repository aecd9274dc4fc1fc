"""Standard input that can be given up: a read that waits would hold up, and then abort, the process's end."""

from __future__ import annotations

import io
import os
import select
from collections.abc import Callable
from typing import Any

_LOOK_S = 0.2


class StandardInput(io.RawIOBase):
    """A binary stream over a file descriptor, which stays open."""

    def __init__(self, is_over: Callable[[], bool], descriptor: int = 0) -> None:
        """Read from `descriptor` until `is_over`."""
        self._is_over = is_over
        self._descriptor = descriptor

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Take what is there, waiting for the first of it; nothing at the end or when it is over."""
        while not self._is_over():
            if select.select([self._descriptor], [], [], _LOOK_S)[0]:
                return os.readv(self._descriptor, [buffer])
        return 0
