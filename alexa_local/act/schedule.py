"""What is due and when the next thing will be: all that a thread needs which waits for timers and alarms.

A ring is in the store from the moment it is due until somebody dismisses it, so that a crash in between makes
it ring again rather than never.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from alexa_local.act import spoken
from alexa_local.act.alarms import Alarms
from alexa_local.act.clock import Clock, local
from alexa_local.act.timers import Timers
from alexa_local.store import Store

RINGS_FOR_S = 600.0
"""Seconds after which a ring that nobody heard gives up."""

LATE_AFTER_S = 60.0
"""Seconds; what was due longer ago, while the machine was off, is told instead of rung."""

LONGEST_WAIT_S = 30.0
"""Seconds; alarms follow the wall clock, which may be set while the thread sleeps."""

SNOOZE_S = 540.0
"""Seconds until a ring that was put off comes back."""


@dataclass(frozen=True)
class Ring:
    """Something that fell due.

    Attributes:
        number: its key in the store.
        kind: "timer" or "alarm".
        label: `pasta timer`, `ten minute timer`, `alarm`.
        name: the name it was given, or "".
        due_s: when it was due, in seconds since the epoch.
        late_s: seconds that it was overdue when it was noticed.
    """

    number: int
    kind: str
    label: str
    name: str
    due_s: float
    late_s: float

    @property
    def missed(self) -> bool:
        """Whether it is too late to ring: it is told instead."""
        return self.late_s > LATE_AFTER_S

    def sentence(self, clock: Clock) -> str:
        """What to say about it."""
        if self.missed:
            moment = local(clock, self.due_s)
            day = "" if moment.date() == local(clock).date() else f"on {moment:%A} "
            return f"While I was away, your {self.label} was due {day}at {spoken.clock_time(moment)}."
        return (
            f"Your {self.label} is done."
            if self.kind == "timer"
            else spoken.sentence(self._alarm_sentence(clock))
        )

    def _alarm_sentence(self, clock: Clock) -> str:
        return f"It's {spoken.clock_time(local(clock, self.due_s))}{f': {self.name}' if self.name else ''}"


class Schedule:
    """Timers and alarms together; no thread inside, so that a test drives it with a clock of its own."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        timers: Timers,
        alarms: Alarms,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._timers = timers
        self._alarms = alarms
        self._on_change = on_change

    def due(self) -> list[Ring]:
        """What fell due since the last call; it rings until it is dismissed.

        Raises:
            StorageError: it could not be written down; the next call returns it again.
        """
        with self._store.transaction():
            self._timers.follow_the_wall_clock()
            self._alarms.forget_the_future()
            rings = [self._write_down(ring) for ring in self.overdue()]
            for timer in self._timers.overdue():
                self._store.write("DELETE FROM timers WHERE id = ?", timer.number)
            for alarm, _ in self._alarms.overdue():
                self._alarms.mark_rung(alarm)
        return rings

    def overdue(self) -> list[Ring]:
        """What `due` would return, without a number, and with nothing written: for a disk that refuses."""
        now_s = self._clock.now()
        timers = [
            Ring(0, "timer", timer.label, timer.name, timer.due_s, -timer.left_s)
            for timer in self._timers.overdue()
        ]
        alarms = [
            Ring(0, "alarm", f"{alarm.name} alarm".strip(), alarm.name, due_s, now_s - due_s)
            for alarm, due_s in self._alarms.overdue()
        ]
        return timers + alarms

    def ringing(self) -> list[Ring]:
        """What rings at this moment, after a restart too; what has rung for long enough is dropped."""
        now_s = self._clock.now()
        expired = "DELETE FROM ringing WHERE since_s NOT BETWEEN ? AND ?"
        self._store.write(expired, now_s - RINGS_FOR_S, now_s + RINGS_FOR_S)
        return [_stored_ring(row) for row in self._store.read("SELECT * FROM ringing ORDER BY id")]

    def dismiss(self, rings: list[Ring] | None = None) -> list[Ring]:
        """End some rings, or all; returns those that were ringing."""
        ended = self.ringing() if rings is None else rings
        with self._store.transaction() as connection:
            for ring in ended:
                connection.execute("DELETE FROM ringing WHERE id = ?", (ring.number,))
        self._on_change()
        return ended

    def snooze(self, seconds: float = SNOOZE_S) -> list[Ring]:
        """End all rings and let them come back as timers; returns those that were ringing."""
        with self._store.transaction():
            rings = self.dismiss()
            for name in dict.fromkeys(ring.name or "snooze" for ring in rings):
                self._timers.start(seconds, name)
        return rings

    def next_due_in_s(self) -> float | None:
        """Seconds to wait before asking `due` again, at most LONGEST_WAIT_S; None when nothing is set."""
        wait_s = min(self._timers.next_due_in_s(), self._alarms.next_due_in_s())
        return None if wait_s == math.inf else min(max(wait_s, 0.0), LONGEST_WAIT_S)

    def _write_down(self, ring: Ring) -> Ring:
        with self._store.transaction() as connection:
            number = connection.execute(
                "INSERT INTO ringing (kind, label, name, due_s, late_s, since_s) VALUES (?, ?, ?, ?, ?, ?)",
                (ring.kind, ring.label, ring.name, ring.due_s, ring.late_s, self._clock.now()),
            ).lastrowid
        return replace(ring, number=number or 0)


def _stored_ring(row: sqlite3.Row) -> Ring:
    return Ring(row["id"], row["kind"], row["label"], row["name"], row["due_s"], row["late_s"])
