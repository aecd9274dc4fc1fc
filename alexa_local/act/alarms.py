"""Alarms at a local time of day, once or repeating, through summer time and changes of the zone."""

from __future__ import annotations

import datetime
import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from alexa_local.act import spoken
from alexa_local.act.clock import Clock, local
from alexa_local.errors import RequestRefused
from alexa_local.store import Store

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
REPEATS = {"daily": WEEKDAYS, "weekdays": WEEKDAYS[:5], "weekends": WEEKDAYS[5:]} | {
    day: (day,) for day in WEEKDAYS
}
"""The days on which an alarm rings, by what the request called it."""

_SPOKEN_REPEATS = {"daily": "every day", "weekdays": "on weekdays", "weekends": "at weekends"}
_DAY_S = 86400.0


@dataclass(frozen=True)
class Alarm:
    """One alarm.

    Attributes:
        number: its key in the store.
        name: what it is for, "" for nothing in particular.
        time: local time of day.
        repeat: a key of REPEATS, or "" for an alarm that rings once.
        date: the local day of an alarm that rings once.
        handled_s: seconds since the epoch; everything until then has rung.
    """

    number: int
    name: str
    time: datetime.time
    repeat: str
    date: datetime.date | None
    handled_s: float

    def when(self, now: datetime.datetime) -> str:
        """`seven o'clock in the morning on weekdays`, `tomorrow at noon`."""
        if self.date:
            return spoken.moment(datetime.datetime.combine(self.date, self.time), now)
        days = _SPOKEN_REPEATS.get(self.repeat) or f"every {self.repeat.title()}"
        return f"{spoken.clock_time(self.time)} {days}"

    def next_ring_s(self, after_s: float, zone: datetime.tzinfo) -> float:
        """The first moment after another at which it rings, both in seconds since the epoch.

        A time that summer time skips rings as much later as the clock was put on; a time that comes twice
        rings at its first coming.
        """
        if self.date:
            return instant_s(self.date, self.time, zone)
        day = datetime.datetime.fromtimestamp(after_s, zone).date() - datetime.timedelta(days=1)
        while True:
            day += datetime.timedelta(days=1)
            if WEEKDAYS[day.weekday()] in REPEATS[self.repeat]:
                moment_s = instant_s(day, self.time, zone)
                if moment_s > after_s:
                    return moment_s


class Alarms:
    """All alarms, in the store."""

    def __init__(self, store: Store, clock: Clock, on_change: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._clock = clock
        self._on_change = on_change

    def all(self) -> list[Alarm]:
        """Every alarm, the next one to ring first."""
        alarms = [_alarm(row) for row in self._store.read("SELECT * FROM alarms ORDER BY id")]
        return sorted(alarms, key=lambda alarm: alarm.next_ring_s(self._clock.now(), self._clock.zone()))

    def set(
        self, time: datetime.time, date: datetime.date | None = None, repeat: str = "", name: str = ""
    ) -> Alarm:
        """Set an alarm; without date and repeat it rings at that time's next coming.

        Raises:
            RequestRefused: the moment has passed, the repeat is none that we know, or there is such an alarm.
        """
        now_s, zone = self._clock.now(), self._clock.zone()
        if repeat and repeat not in REPEATS:
            raise RequestRefused("I can repeat an alarm daily, on weekdays, at weekends or on one day.")
        date = None if repeat else date or self._next_day_with(time)
        if date and instant_s(date, time, zone) <= now_s:
            raise RequestRefused("That time has already passed.")
        if any((alarm.time, alarm.repeat, alarm.date) == (time, repeat, date) for alarm in self.all()):
            raise RequestRefused("You already have that alarm.")
        with self._store.transaction() as connection:
            row = connection.execute(
                "INSERT INTO alarms (name, time, repeat, date, handled_s) VALUES (?, ?, ?, ?, ?) RETURNING *",
                (name, f"{time:%H:%M}", repeat, date.isoformat() if date else None, now_s),
            ).fetchone()
        self._on_change()
        return _alarm(row)

    def find(
        self, time: datetime.time | None = None, date: datetime.date | None = None, repeat: str = ""
    ) -> Alarm:
        """The alarm that is meant.

        Raises:
            RequestRefused: there is none, or more than one; the message says which there are.
        """
        alarms = self.all()
        if not alarms:
            raise RequestRefused("You have no alarms.")
        fitting = [alarm for alarm in alarms if _fits(alarm, time, date, repeat)]
        if date and len(fitting) > 1:  # "my Monday alarm" is rather Monday's than the daily one
            own = [
                alarm for alarm in fitting if alarm.date == date or alarm.repeat == WEEKDAYS[date.weekday()]
            ]
            fitting = own or fitting
        if len(fitting) == 1:
            return fitting[0]
        now = local(self._clock)
        times = spoken.listing([alarm.when(now) for alarm in alarms])
        question = "Which one?" if fitting else "I don't know that alarm."
        raise RequestRefused(f"{question} You have {spoken.count(len(alarms), 'alarm')}: {times}.")

    def cancel(self, alarm: Alarm) -> None:
        """Forget an alarm."""
        self._store.write("DELETE FROM alarms WHERE id = ?", alarm.number)
        self._on_change()

    def overdue(self) -> list[tuple[Alarm, float]]:
        """Alarms that should have rung by now, each with when it should have, in epoch seconds."""
        now_s, zone = self._clock.now(), self._clock.zone()
        found = []
        for alarm in self.all():
            ring_s = alarm.next_ring_s(self._handled_s(alarm), zone)
            if ring_s > now_s:
                continue
            while not alarm.date and (later_s := alarm.next_ring_s(ring_s, zone)) <= now_s:
                ring_s = later_s
            found.append((alarm, ring_s))
        return found

    def mark_rung(self, alarm: Alarm) -> None:
        """Remember that an alarm rang: one that rings once is forgotten, another waits for its next time."""
        if alarm.date:
            self._store.write("DELETE FROM alarms WHERE id = ?", alarm.number)
        else:
            self._store.write("UPDATE alarms SET handled_s = ? WHERE id = ?", self._clock.now(), alarm.number)

    def next_due_in_s(self) -> float:
        """Seconds until the next one rings; infinity without any, below 0 when one is overdue."""
        now_s, zone = self._clock.now(), self._clock.zone()
        waits = (alarm.next_ring_s(self._handled_s(alarm), zone) - now_s for alarm in self.all())
        return min(waits, default=math.inf)

    def forget_the_future(self) -> None:
        """After a clock that was more than a day ahead was put right, alarms must not wait until then."""
        now_s = self._clock.now()
        self._store.write("UPDATE alarms SET handled_s = ? WHERE handled_s > ?", now_s, now_s + _DAY_S)

    def _handled_s(self, alarm: Alarm) -> float:
        """Since when an alarm waits; every repeat comes within eight days."""
        return max(alarm.handled_s, self._clock.now() - 8 * _DAY_S)

    def _next_day_with(self, time: datetime.time) -> datetime.date:
        today = local(self._clock).date()
        passed = instant_s(today, time, self._clock.zone()) <= self._clock.now()
        return today + datetime.timedelta(days=1) if passed else today


def instant_s(date: datetime.date, time: datetime.time, zone: datetime.tzinfo) -> float:
    """Seconds since the epoch of a local time; of two the first, of none the one after the gap."""
    return datetime.datetime.combine(date, time, zone).timestamp()


def _fits(alarm: Alarm, time: datetime.time | None, date: datetime.date | None, repeat: str) -> bool:
    return (
        (time is None or alarm.time == time)
        and (not repeat or alarm.repeat == repeat)
        and (date is None or alarm.date == date or WEEKDAYS[date.weekday()] in REPEATS.get(alarm.repeat, ()))
    )


def _alarm(row: sqlite3.Row) -> Alarm:
    date = datetime.date.fromisoformat(row["date"]) if row["date"] else None
    time = datetime.time.fromisoformat(row["time"])
    return Alarm(row["id"], row["name"], time, row["repeat"], date, row["handled_s"])
