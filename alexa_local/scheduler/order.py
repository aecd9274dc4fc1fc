"""The rules of who works next, as pure functions of what was asked and of the time.

Within a class the earliest deadline goes first (Liu & Layland 1973); a class goes before the next one. Work
that cannot be interrupted is only begun where it ends in time for what is promised: the sound that is
expected next and playback's next deadline. What waits too long rises: background work becomes interactive,
and work whose own deadline has passed is begun whether or not it fits, so that nothing waits for ever while
the processor is not full of realtime work alone. Who has a turn never waits for another's, so nobody
urgent waits for more than what has begun: there is no inversion that inheritance would have to mend.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from alexa_local.scheduler.costs import Costs
from alexa_local.scheduler.jobs import Job, Kind

PATIENCE_S = 2.0
"""Background work that has waited so long is done as if somebody waited for it."""

MOST_WAITING: Mapping[Kind, int] = {Kind.REALTIME: 64, Kind.INTERACTIVE: 32, Kind.BACKGROUND: 64}


class Order:
    """Who waits, who works, and who is next.

    Attributes:
        refused: how often there was no room for more to wait, by kind.
        background_paused: while set, background work waits, however long.
    """

    def __init__(self, costs: Costs, slots: int = 1, patience_s: float = PATIENCE_S) -> None:
        """Begin with nobody.

        Args:
            costs: what quanta take; `done` adds to it.
            slots: how many may work at once: cores.
            patience_s: seconds after which background work rises.
        """
        self.refused = dict.fromkeys(Kind, 0)
        self.background_paused = False
        self._costs, self._slots, self._patience_s = costs, slots, patience_s
        self._waiting: dict[int, Job] = {}
        self._working: dict[int, Job] = {}
        self._promised: dict[str, float] = {}
        self._number = 0

    def ask(self, name: str, kind: Kind, deadline_s: float, now_s: float) -> Job | None:
        """Somebody wants to work; None when too many of that kind wait already."""
        if self.waiting(kind) >= MOST_WAITING[kind]:
            self.refused[kind] += 1
            return None
        self._number += 1
        job = Job(kind, deadline_s, self._number, name, now_s)
        self._waiting[job.number] = job
        return job

    def withdraw(self, job: Job) -> None:
        """Somebody does not want to any more; harmless when it has begun or ended."""
        self._waiting.pop(job.number, None)

    def promise(self, name: str, deadline_s: float | None) -> None:
        """Work of that name will be asked for and must be done by then; None when it will not."""
        if deadline_s is None:
            self._promised.pop(name, None)
        else:
            self._promised[name] = deadline_s

    def next(self, now_s: float) -> Job | None:
        """Who may begin now; it counts as working until `done`. None: nobody, for the moment."""
        if len(self._working) >= self._slots:
            return None
        for job in sorted(self._risen(waiting, now_s) for waiting in self._waiting.values()):
            if self._may_begin(job, now_s):
                del self._waiting[job.number]
                self._working[job.number] = job
                return job
            if job.kind is Kind.REALTIME:
                return None
        return None

    def done(self, job: Job, took_s: float) -> None:
        """It has ended, after so many seconds."""
        del self._working[job.number]
        self._costs.add(job.name, took_s)

    def changes_s(self, now_s: float) -> float | None:
        """Seconds until somebody who waits may begin though nothing else happens; None for never."""
        if len(self._working) >= self._slots:
            return None
        times = [moment for job in self._waiting.values() for moment in self._moments(job)]
        times += [deadline_s for deadline_s in self._promised.values() if self._waiting]
        later = [time_s - now_s for time_s in times if time_s > now_s]
        return min(later, default=None)

    def waiting(self, kind: Kind) -> int:
        """How many of a kind wait."""
        return sum(job.kind is kind for job in self._waiting.values())

    def _moments(self, job: Job) -> tuple[float, ...]:
        return job.deadline_s, job.asked_s + self._patience_s, job.asked_s + 2 * self._patience_s

    def _risen(self, job: Job, now_s: float) -> Job:
        """The job as it counts now."""
        due_s = job.asked_s + self._patience_s
        if job.kind is Kind.BACKGROUND and now_s >= due_s and not self.background_paused:
            return replace(job, kind=Kind.INTERACTIVE, deadline_s=due_s + self._patience_s)
        return job

    def _may_begin(self, job: Job, now_s: float) -> bool:
        if job.kind is Kind.REALTIME:
            return True
        if job.kind is Kind.BACKGROUND and (self.background_paused or self._is_somebody_before(job)):
            return False
        is_overdue = now_s >= job.deadline_s and job.kind is Kind.INTERACTIVE
        return is_overdue or self._fits(self._costs.expected(job.name), now_s)

    def _is_somebody_before(self, job: Job) -> bool:
        """Whether background work would take the place of something that somebody waits for."""
        return any(other.kind < job.kind for other in self._waiting.values())

    def _fits(self, cost_s: float, now_s: float) -> bool:
        """Whether all that is promised can still be done in time after it, earliest deadline first.

        With more than one slot, and another one free, the promised work does not have to wait.
        """
        if len(self._working) + 1 < self._slots:
            return True
        end_s = now_s + cost_s
        for name, deadline_s in sorted(self._promised.items(), key=lambda promised: promised[1]):
            if deadline_s < now_s:
                continue  # it did not come, or is late already
            end_s += self._costs.expected(name)
            if end_s > deadline_s:
                return False
        return True
