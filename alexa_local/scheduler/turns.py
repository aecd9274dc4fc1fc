"""The order for threads: each waits for its turn, works, and tells what it took."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from alexa_local.scheduler.jobs import Job, Kind
from alexa_local.scheduler.ladder import Change, Ladder
from alexa_local.scheduler.meter import Meter
from alexa_local.scheduler.order import Order


@dataclass
class _Work:
    """What was seen of the work of one name."""

    turns: int = 0
    late: int = 0
    worst_late_s: float = 0.0


class Turns:
    """Gives threads their turns. A turn must not be taken within a turn: that would wait for itself."""

    def __init__(
        self,
        order: Order,
        ladder: Ladder,
        on_change: Callable[[Change], None],
        meter: Meter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the rules.

        Args:
            order: who is next; nobody else may use it.
            ladder: what is given up when realtime work is late.
            on_change: told of its changes, in the thread that was late; must not take a turn.
            meter: counts what turns use.
            clock: seconds, monotonic; deadlines are on it.
        """
        self._order, self._ladder, self._on_change = order, ladder, on_change
        self._meter, self._clock = meter, clock
        self._changed = threading.Condition()
        self._begun: set[int] = set()
        self._work: dict[str, _Work] = {}

    @contextlib.contextmanager
    def turn(self, name: str, kind: Kind, within_s: float) -> Iterator[None]:
        """Wait for a turn, and hold it; work should be done `within_s` seconds from now.

        Where too many wait already the work is done without a turn: it was promised to somebody.
        """
        now_s = self._clock()
        with self._changed:
            job = self._order.ask(name, kind, now_s + within_s, now_s)
            if job is not None:
                self._wait_for(job)
        began_s = self._clock()
        try:
            with self._meter.part(name):
                yield
        finally:
            self._end(job, name, kind, now_s + within_s, began_s)

    def promise(self, name: str, within_s: float | None) -> None:
        """Work of that name will be done within so many seconds, so that nothing long is begun before."""
        with self._changed:
            self._order.promise(name, None if within_s is None else self._clock() + within_s)

    def pause_background(self, on: bool) -> None:
        """Let background work wait, or go on."""
        with self._changed:
            self._order.background_paused = on
            self._changed.notify_all()

    def report(self) -> dict[str, Any]:
        """Who had how many turns and how late, who waits, and what is given up; ready for JSON."""
        with self._changed:
            return {
                "given_up": list(self._ladder.given_up),
                "waiting": {kind.name.lower(): self._order.waiting(kind) for kind in Kind},
                "refused": sum(self._order.refused.values()),
                "work": {
                    name: {
                        "turns": work.turns,
                        "late": work.late,
                        "worst_late_ms": round(1000 * work.worst_late_s, 1),
                    }
                    for name, work in sorted(self._work.items())
                },
            }

    def _wait_for(self, job: Job) -> None:
        """Until the job may begin; the condition is held."""
        try:
            while True:
                self._begin_next()
                if job.number in self._begun:
                    return
                self._changed.wait(self._order.changes_s(self._clock()))
        except BaseException:
            self._order.withdraw(job)
            raise

    def _begin_next(self) -> None:
        while (one := self._order.next(self._clock())) is not None:
            self._begun.add(one.number)
            self._changed.notify_all()

    def _end(self, job: Job | None, name: str, kind: Kind, deadline_s: float, began_s: float) -> None:
        with self._changed:
            now_s = self._clock()
            lateness_s = now_s - deadline_s
            work = self._work.setdefault(name, _Work())
            work.turns += 1
            work.late += lateness_s > 0
            work.worst_late_s = max(work.worst_late_s, lateness_s)
            if job is not None:
                self._begun.discard(job.number)
                self._order.done(job, now_s - began_s)
                self._begin_next()
            change = self._ladder.observe(lateness_s, now_s) if kind is Kind.REALTIME else None
        if change is not None:
            self._on_change(change)


class Unordered:
    """Turns for whoever wants them, whenever they want them: what `Turns` is compared with."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    @contextlib.contextmanager
    def turn(self, name: str, kind: Kind, within_s: float) -> Iterator[None]:
        """Work at once."""
        with self._meter.part(name):
            yield

    def promise(self, name: str, within_s: float | None) -> None:
        """Keep nothing free."""

    def pause_background(self, on: bool) -> None:
        """Pause nothing."""

    def report(self) -> dict[str, Any]:
        """Nothing is known."""
        return {}
