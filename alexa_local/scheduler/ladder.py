"""What is given up while work is late, step by step, and when it comes back: later than it went.

Pure: whoever measures lateness says so, with the time; what a rung means is for others to do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

WINDOW_S = 2.0
"""Lateness is judged over so long."""

LATE_SHARE = 0.1
"""Of the quanta in that time, so many may be late."""

LEAST_LATE = 5
"""Fewer are no lateness, however few there were in all."""

APART_S = 1.0
"""A rung has so long to help before the next one goes."""

CALM_S = 10.0
"""After so long without a late quantum one rung comes back."""

MOST_CALM_S = 160.0
"""Where it went again at once, it takes twice as long each time, up to this."""

RELAPSE_S = 30.0


@dataclass(frozen=True)
class Change:
    """A rung was given up or came back.

    Attributes:
        rung: its name.
        way: "down" when it was given up, "up" when it came back.
        given_up: all that are given up now, the first to go first.
    """

    rung: str
    way: Literal["down", "up"]
    given_up: tuple[str, ...]

    @property
    def level(self) -> int:
        """How many are given up now."""
        return len(self.given_up)


class Ladder:
    """Goes down one rung at a time under lateness, and up again after calm.

    Attributes:
        level: how many rungs are given up, from 0.
    """

    def __init__(self, rungs: Sequence[str]) -> None:
        """Take what can be given up, the first to go first."""
        self.level = 0
        self._rungs = tuple(rungs)
        self._seen: deque[tuple[float, bool]] = deque()
        self._calm_s = CALM_S
        self._changed_s = self._last_late_s = self._went_up_s = float("-inf")

    @property
    def given_up(self) -> tuple[str, ...]:
        """The rungs that are given up now."""
        return self._rungs[: self.level]

    def leave_out(self, rungs: Collection[str]) -> None:
        """Go past these, which would change nothing here; before the first is given up."""
        self._rungs = tuple(rung for rung in self._rungs if rung not in rungs)

    def observe(self, lateness_s: float, now_s: float) -> Change | None:
        """A realtime quantum ended so long after its deadline (0 or less: in time); what that changes."""
        late = lateness_s > 0.0
        self._seen.append((now_s, late))
        while self._seen[0][0] < now_s - WINDOW_S:
            self._seen.popleft()
        if late:
            self._last_late_s = now_s
        if self._is_too_late():
            return self._down(now_s)
        return self._up(now_s)

    def _is_too_late(self) -> bool:
        count = sum(late for _, late in self._seen)
        return count >= LEAST_LATE and count > LATE_SHARE * len(self._seen)

    def _down(self, now_s: float) -> Change | None:
        if self.level == len(self._rungs) or now_s - self._changed_s < APART_S:
            return None
        if self._changed_s == self._went_up_s:  # the last change was a rung that came back, or there was none
            is_relapse = now_s - self._went_up_s < RELAPSE_S
            self._calm_s = min(2 * self._calm_s, MOST_CALM_S) if is_relapse else CALM_S
        self._changed_s = now_s
        self.level += 1
        return Change(self._rungs[self.level - 1], "down", self.given_up)

    def _up(self, now_s: float) -> Change | None:
        if not self.level or now_s - max(self._last_late_s, self._changed_s) < self._calm_s:
            return None
        self._changed_s = self._went_up_s = now_s
        self.level -= 1
        return Change(self._rungs[self.level], "up", self.given_up)
