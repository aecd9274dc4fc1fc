"""Timers that keep running while the program is down, and are not fooled by a clock that is set.

A timer started in this boot follows the time elapsed since boot, which never jumps, across restarts of the
program. After a reboot only the wall clock can tell how long the machine was off; such a timer follows the
wall clock (a board without a battery sets it late), but never runs longer than it was set for.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from alexa_local.act import spoken
from alexa_local.act.asking import Asked
from alexa_local.act.clock import Clock
from alexa_local.errors import RequestRefused
from alexa_local.store import Store

LONGEST_S = 7 * 86400
"""Seconds; anything longer is more likely misheard than meant."""

MOST_TIMERS = 50
"""More would be a fault or a prank; each of them has to be read out on demand."""

_WALL_TOLERANCE_S = 2.0


@dataclass(frozen=True)
class Timer:
    """One timer at the moment it was looked at.

    Attributes:
        number: its key in the store.
        name: what it is for, "" for nothing in particular.
        duration_s: what it was set for, in seconds, with what was added since.
        left_s: seconds until it ends; below 0 when it is overdue.
        paused: whether it stands still.
        due_s: when it ends, in seconds since the epoch; in the past for one that is overdue.
    """

    number: int
    name: str
    duration_s: float
    left_s: float
    paused: bool
    due_s: float

    @property
    def label(self) -> str:
        """`pasta timer`, `ten minute timer`."""
        return f"{self.name or spoken.adjective(self.duration_s)} timer"


class Timers:
    """All timers, in the store; nothing is kept in memory that a crash could lose."""

    def __init__(self, store: Store, clock: Clock, on_change: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._clock = clock
        self._on_change = on_change
        self._adopt_earlier_boots()

    def all(self) -> list[Timer]:
        """Every timer, the next one to end first, those that stand still last."""
        timers = [self._timer(row) for row in self._store.read("SELECT * FROM timers ORDER BY id")]
        return sorted(timers, key=lambda timer: (timer.paused, timer.left_s))

    def find(self, name: str = "", duration_s: float | None = None) -> Timer:
        """The timer that is meant.

        Raises:
            RequestRefused: there is none, or more than one; the message says which there are.
        """
        timers = self.all()
        if not timers:
            raise RequestRefused("You have no timers.")
        fitting = [
            timer
            for timer in timers
            if (not name or timer.name.casefold() == name.casefold())
            and (duration_s is None or timer.duration_s == duration_s)
        ]
        if len(fitting) == 1:
            return fitting[0]
        labels = spoken.listing([f"a {timer.label}" for timer in timers])
        if fitting:
            raise Asked(f"Which one? You have {labels}.", "name")
        raise RequestRefused(f"I don't know that timer. You have {labels}.")

    def start(self, duration_s: float, name: str = "") -> Timer:
        """Start a timer.

        Raises:
            RequestRefused: it is too long, one of that name is running, or there are too many.
        """
        _check_duration(duration_s)
        timers = self.all()
        if len(timers) >= MOST_TIMERS:
            raise RequestRefused(f"You already have {spoken.number(len(timers))} timers. Cancel some first.")
        for timer in timers:
            if name and timer.name.casefold() == name.casefold():
                left = spoken.rough_duration(timer.left_s)
                raise RequestRefused(f"You already have a {timer.label}, with {left} left.")
        with self._store.transaction() as connection:
            number = connection.execute(
                "INSERT INTO timers (name, duration_s, due_s, due_elapsed_s, boot_id) VALUES (?, ?, ?, ?, ?)",
                (
                    name,
                    duration_s,
                    self._clock.now() + duration_s,
                    self._elapsed_at(duration_s),
                    self._clock.boot_id,
                ),
            ).lastrowid
        self._on_change()
        return self._get(number)

    def pause(self, timer: Timer) -> Timer:
        """Make a timer stand still; no effect on one that already does."""
        if not timer.paused:
            sql = "UPDATE timers SET left_s = ?, due_s = NULL, due_elapsed_s = NULL WHERE id = ?"
            self._write(sql, max(timer.left_s, 0.0), timer.number)
        return self._get(timer.number)

    def resume(self, timer: Timer) -> Timer:
        """Let a timer run on; no effect on one that does."""
        if timer.paused:
            self._run_for(timer, timer.left_s, timer.duration_s)
        return self._get(timer.number)

    def add(self, timer: Timer, seconds: float) -> Timer:
        """Make a timer longer, or shorter with a negative number.

        Raises:
            RequestRefused: nothing would be left of it, or too much.
        """
        left_s, duration_s = timer.left_s + seconds, timer.duration_s + seconds
        if left_s <= 0:
            left = spoken.rough_duration(timer.left_s)
            raise RequestRefused(f"Your {timer.label} has only {left} left.")
        _check_duration(duration_s)
        if timer.paused:
            self._write(
                "UPDATE timers SET left_s = ?, duration_s = ? WHERE id = ?", left_s, duration_s, timer.number
            )
        else:
            self._run_for(timer, left_s, duration_s)
        return self._get(timer.number)

    def cancel(self, timer: Timer) -> None:
        """Forget a timer."""
        self._write("DELETE FROM timers WHERE id = ?", timer.number)

    def overdue(self) -> list[Timer]:
        """Timers that have ended and are still in the store; the first that ended comes first."""
        return [timer for timer in self.all() if not timer.paused and timer.left_s <= 0]

    def next_due_in_s(self) -> float:
        """Seconds until the next one ends; infinity without any, below 0 when one is overdue."""
        return min((timer.left_s for timer in self.all() if not timer.paused), default=math.inf)

    def follow_the_wall_clock(self) -> None:
        """After the clock was set, write down anew when each timer ends, for the case of a reboot."""
        with self._store.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM timers WHERE left_s IS NULL AND NOT follows_wall"
            ).fetchall()
            for row in rows:
                due_s = self._clock.now() + self._left_s(row)
                if abs(due_s - row["due_s"]) > _WALL_TOLERANCE_S:
                    connection.execute("UPDATE timers SET due_s = ? WHERE id = ?", (due_s, row["id"]))

    def _timer(self, row: sqlite3.Row) -> Timer:
        paused = row["left_s"] is not None
        left_s = row["left_s"] if paused else self._left_s(row)
        due_s = self._clock.now() + left_s
        if row["follows_wall"] and not paused:
            due_s = min(due_s, row["due_s"])
        return Timer(row["id"], row["name"], row["duration_s"], left_s, paused, due_s)

    def _left_s(self, row: sqlite3.Row) -> float:
        left_s = float(row["due_elapsed_s"]) - self._clock.elapsed()
        return min(left_s, row["due_s"] - self._clock.now()) if row["follows_wall"] else left_s

    def _get(self, number: int | None) -> Timer:
        rows = self._store.read("SELECT * FROM timers WHERE id = ?", number)
        if not rows:
            raise RequestRefused("That timer has just ended.")
        return self._timer(rows[0])

    def _run_for(self, timer: Timer, left_s: float, duration_s: float) -> None:
        self._write(
            "UPDATE timers SET duration_s = ?, left_s = NULL, due_s = ?, due_elapsed_s = ?, boot_id = ?, "
            "follows_wall = 0 WHERE id = ?",
            duration_s,
            self._clock.now() + left_s,
            self._elapsed_at(left_s),
            self._clock.boot_id,
            timer.number,
        )

    def _write(self, sql: str, *values: object) -> None:
        self._store.write(sql, *values)
        self._on_change()

    def _elapsed_at(self, seconds_from_now: float) -> float:
        return self._clock.elapsed() + seconds_from_now

    def _adopt_earlier_boots(self) -> None:
        """Give timers of an earlier boot a due time within this one."""
        with self._store.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM timers WHERE left_s IS NULL AND boot_id != ?", (self._clock.boot_id,)
            ).fetchall()
            for row in rows:
                left_s = min(row["due_s"] - self._clock.now(), row["duration_s"])
                connection.execute(
                    "UPDATE timers SET boot_id = ?, due_elapsed_s = ?, follows_wall = 1 WHERE id = ?",
                    (self._clock.boot_id, self._elapsed_at(left_s), row["id"]),
                )


def _check_duration(duration_s: float) -> None:
    if not 0 < duration_s <= LONGEST_S:
        raise RequestRefused(f"A timer can run from one second to {spoken.duration(LONGEST_S)}.")
