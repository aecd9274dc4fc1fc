"""What a quantum costs on this board: running quantiles of what it took lately, by whose work it is."""

from __future__ import annotations

import bisect
from collections import deque

KEPT = 64
"""Quanta that are remembered of each: the board grows slower when it is hot, and faster again."""

UNKNOWN_S = 0.02
"""What is expected of work that was never measured."""

HIGH = 0.95


class _Recent:
    """The last costs of one kind of work, and the same sorted."""

    def __init__(self) -> None:
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def add(self, seconds: float) -> None:
        """Remember one more; the oldest is forgotten."""
        if len(self._order) == KEPT:
            del self._sorted[bisect.bisect_left(self._sorted, self._order.popleft())]
        self._order.append(seconds)
        bisect.insort(self._sorted, seconds)

    def quantile(self, share: float) -> float:
        """The cost that so large a share does not exceed."""
        return self._sorted[min(len(self._sorted) - 1, int(share * len(self._sorted)))]


class Costs:
    """Seconds of processor that quanta took, by name."""

    def __init__(self) -> None:
        self._recent: dict[str, _Recent] = {}

    def add(self, name: str, seconds: float) -> None:
        """A quantum took so long."""
        self._recent.setdefault(name, _Recent()).add(seconds)

    def expected(self, name: str) -> float:
        """What the next one will hardly exceed, seconds: the 95th percentile of the last 64."""
        return self.quantile(name, HIGH)

    def quantile(self, name: str, share: float) -> float:
        """The cost that a share, 0 to 1, of the last ones did not exceed, seconds."""
        recent = self._recent.get(name)
        return recent.quantile(share) if recent else UNKNOWN_S
