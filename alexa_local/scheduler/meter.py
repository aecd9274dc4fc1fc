"""Which share of a core each part used lately: processor time by name, in buckets of a second."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

OVER_S = 60
"""Shares are of the last so many seconds."""


class Meter:
    """Adds up what parts use; any thread may."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin at zero; `clock` gives seconds, monotonic."""
        self._clock = clock
        self._lock = threading.Lock()
        self._began_s = clock()
        self._buckets: deque[tuple[int, dict[str, float]]] = deque()

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what this thread uses meanwhile; parts within parts count twice."""
        before_s = time.thread_time()
        try:
            yield
        finally:
            self.add(name, time.thread_time() - before_s)

    def add(self, name: str, used_s: float) -> None:
        """So many seconds of processor time were used."""
        with self._lock:
            second = self._forget()
            if not self._buckets or self._buckets[-1][0] != second:
                self._buckets.append((second, {}))
            bucket = self._buckets[-1][1]
            bucket[name] = bucket.get(name, 0.0) + used_s

    def shares_pct(self) -> dict[str, float]:
        """Percent of a core by name."""
        with self._lock:
            self._forget()
            over_s = min(float(OVER_S), max(self._clock() - self._began_s, 1.0))
            used: dict[str, float] = {}
            for _, bucket in self._buckets:
                for name, seconds in bucket.items():
                    used[name] = used.get(name, 0.0) + seconds
        return {name: round(100 * seconds / over_s, 2) for name, seconds in sorted(used.items())}

    def _forget(self) -> int:
        """Drop what is too old; returns the present second."""
        second = int(self._clock())
        while self._buckets and self._buckets[0][0] <= second - OVER_S:
            self._buckets.popleft()
        return second
