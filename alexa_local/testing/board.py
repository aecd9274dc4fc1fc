"""A small board in numbers: what jobs would wait on one core, under the order or without it.

Replays a trace of work, as it was asked for, on cores that work at a given speed. Nothing is executed and no
time passes.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alexa_local.scheduler import Costs, Job, Kind, Order


@dataclass(frozen=True)
class Asked:
    """A quantum of a trace.

    Attributes:
        at_s: when it is asked for.
        name: whose work it is.
        kind: its class.
        within_s: in what time it should be done.
        cost_s: what it takes on a core of the board, seconds.
    """

    at_s: float
    name: str
    kind: Kind
    within_s: float
    cost_s: float


@dataclass(frozen=True)
class Done:
    """What became of it.

    Attributes:
        asked: the quantum.
        began_s: when it was begun.
        ended_s: when it was done.
    """

    asked: Asked
    began_s: float
    ended_s: float

    @property
    def lateness_s(self) -> float:
        """By how much it was too late; negative when in time."""
        return self.ended_s - self.asked.at_s - self.asked.within_s


class Rule(Protocol):
    """`Order`, or another rule to compare it with."""

    def ask(self, name: str, kind: Kind, deadline_s: float, now_s: float) -> Job | None:
        """Somebody wants to work."""

    def next(self, now_s: float) -> Job | None:
        """Who may begin."""

    def done(self, job: Job, took_s: float) -> None:
        """It has ended."""

    def changes_s(self, now_s: float) -> float | None:
        """When to look again."""


class FirstComeFirstServed(Order):
    """Threads without an order: whoever asked first."""

    def next(self, now_s: float) -> Job | None:
        """The one who waits longest."""
        if len(self._working) >= self._slots or not self._waiting:
            return None
        job = self._waiting.pop(min(self._waiting))
        self._working[job.number] = job
        return job


def replay(trace: Sequence[Asked], rule: Rule, promised: Sequence[str] = ()) -> list[Done]:
    """What becomes of a trace, in the order of ending; what is refused is missing.

    Args:
        trace: sorted by time.
        rule: who is next.
        promised: names of work that is promised to the rule as soon as the one before it is asked for.
    """
    coming = list(trace)
    ends: list[tuple[float, int, Job]] = []
    known: dict[int, tuple[Asked, float]] = {}
    done: list[Done] = []
    now_s = 0.0
    while coming or ends or known:
        while coming and coming[0].at_s <= now_s:
            one = coming.pop(0)
            job = rule.ask(one.name, one.kind, one.at_s + one.within_s, now_s)
            if job is not None:
                known[job.number] = one, 0.0
            if one.name in promised and isinstance(rule, Order):
                later = next((other for other in coming if other.name == one.name), None)
                rule.promise(one.name, later.at_s + later.within_s if later else None)
        while (job := rule.next(now_s)) is not None:
            one, _ = known.pop(job.number)
            heapq.heappush(ends, (now_s + one.cost_s, job.number, job))
            done.append(Done(one, now_s, now_s + one.cost_s))
        times = [ends[0][0]] if ends else []
        times += [coming[0].at_s] if coming else []
        if (wait_s := rule.changes_s(now_s)) is not None:
            times.append(now_s + wait_s)
        if not times:
            break
        now_s = max(now_s, min(times))
        while ends and ends[0][0] <= now_s:
            end_s, _, job = heapq.heappop(ends)
            rule.done(job, next(one.asked.cost_s for one in done if one.ended_s == end_s))
    return sorted(done, key=lambda one: one.ended_s)


def fresh_order(slots: int = 1) -> Order:
    """An order that has not measured anything."""
    return Order(Costs(), slots)
