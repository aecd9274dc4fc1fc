"""Words become values: "an hour and a half" is 5400 seconds, "quarter past seven" a time of day.

The words come from the templates of `intents.yaml`, so they are well formed; nothing here has to guess.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

_YEARS_TO_A_LEAP = 9
"""One of so many years in a row has a 29th of February, also around 2100."""

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_NUMBERS = {word: value for value, word in enumerate([*_UNITS.split(), "seventeen", "eighteen", "nineteen"])}
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS |= {word: 10 * value for value, word in enumerate(_TENS.split(), 2)}
_NUMBERS |= {"oh": 0, "o": 0, "a": 1, "an": 1, "couple": 2, "another": 1}
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_FRACTIONS = {"half": 0.5, "quarter": 0.25, "three quarters": 0.75}
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
)
_ORDINAL_DAYS = {word: value for value, word in enumerate(_ORDINALS.split(), 1)}
_ORDINAL_DAYS |= {"fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19}
_ORDINAL_DAYS |= {"twentieth": 20, "thirtieth": 30}
_YEAR = "january february march april may june july august september october november december"
_MONTHS = _YEAR.split()
_WEEK = "monday tuesday wednesday thursday friday saturday sunday"
_WEEKDAYS = _WEEK.split()
_AFTERNOON = {"afternoon", "evening", "tonight", "night"}
_NOON_HOURS_BEFORE = 5
"""Without "a m" or "p m", an hour of a coming day before this one is meant in the afternoon."""


def number(words: str) -> int:
    """A cardinal number below a thousand: "two hundred and five" is 205."""
    total = 0
    for word in words.split():
        if word == "hundred":
            total = max(total, 1) * 100
        elif word in _NUMBERS:
            total += _NUMBERS[word]
    return total


def percent(words: str) -> int:
    """Percent as int: "half" is 50, "maximum" 100."""
    if words.split()[0] in ("half", "full", "maximum"):
        return 50 if words.startswith("half") else 100
    return min(number(words), 100)


def degrees(words: str) -> float:
    """Degrees: "twenty one and a half degrees" is 21.5; Celsius or Fahrenheit as it was said."""
    whole, _, part = words.removeprefix("minus ").partition(" point ")
    value = number(whole.partition(" and a half")[0]) + (number(part) / 10 if part else 0.0)
    value += 0.5 if " and a half" in words else 0.0
    return -float(value) if words.startswith("minus ") else float(value)


def duration(words: str) -> int:
    """Seconds: "three hours and ten minutes", "an hour and a half", "half an hour", "ninety seconds"."""
    seconds = 0.0
    unit = 0
    pending: list[str] = []
    for word in words.split():
        name = word.removesuffix("s")
        if name in _SECONDS:
            unit = _SECONDS[name]
            seconds += unit * _amount(" ".join(pending))
            pending = []
        else:
            pending.append(word)
    return round(seconds + unit * _fraction(" ".join(pending)))


def _amount(words: str) -> float:
    """What stands before a unit: "three", "an", "half an", "two and a half", "a couple of", nothing."""
    words = words.removeprefix("and ")
    if not words:
        return 1.0
    if " and a " in words:
        whole, _, part = words.partition(" and a ")
        return number(whole) + _fraction(part)
    fraction = _fraction(words)
    if fraction:
        return fraction
    return 2.0 if "couple" in words else float(number(words))


def _fraction(words: str) -> float:
    """A part of a unit, 0 when the words name none."""
    return next((value for name, value in reversed(_FRACTIONS.items()) if name in words), 0.0)


@dataclass(frozen=True)
class ClockTime:
    """A time of day as it was said.

    Attributes:
        hour: 0 to 23.
        minute: 0 to 59.
        certain: whether the half of the day was said.
    """

    hour: int
    minute: int
    certain: bool


def clock_time(words: str) -> ClockTime:
    """ "seven thirty a m", "quarter to nine in the evening", "noon", "fifteen hundred"."""
    if words in ("noon", "midday", "midnight"):
        return ClockTime(0 if words == "midnight" else 12, 0, certain=True)
    said = words.split()
    afternoon = bool(_AFTERNOON & set(said)) or words.endswith("p m")
    morning = "morning" in said or words.endswith("a m")
    core = " ".join(
        word for word in said if word in _NUMBERS or word in ("past", "to", "half", "quarter", "hundred")
    )
    core = core.removesuffix(" a") if words.endswith("a m") else core
    hour, minute = _hour_and_minute(core)
    certain = afternoon or morning or hour > 12
    if afternoon and hour < 12 and not ("night" in said and hour < _NOON_HOURS_BEFORE):
        hour += 12
    elif hour == 12 and (morning or "night" in said or "tonight" in said):
        hour = 0
    return ClockTime(hour % 24, minute, certain)


def _hour_and_minute(core: str) -> tuple[int, int]:
    for relation in (" past ", " to "):
        before, found, after = core.partition(relation)
        if found:
            minutes = 30 if "half" in before else 15 if "quarter" in before else number(before)
            hour = number(after)
            return (hour, minutes) if relation == " past " else ((hour - 1) or 12, 60 - minutes)
    words = core.split()
    if len(words) > 1 and words[0] == "twenty" and _NUMBERS.get(words[1], 99) < 4 and len(words) > 2:
        return 20 + _NUMBERS[words[1]], _minute(words[2:])
    return _NUMBERS[words[0]], _minute(words[1:])


def _minute(words: list[str]) -> int:
    return 0 if words[:1] == ["hundred"] else sum(_NUMBERS[word] for word in words)


@dataclass(frozen=True)
class Day:
    """A day or a habit as it was said: either `date` or `repeat` is set.

    Attributes:
        date: the day that is meant.
        repeat: daily, weekdays, weekends or a day of the week.
        afternoon: True for "tomorrow evening", False for "tomorrow morning", None when not said.
    """

    date: date | None = None
    repeat: str = ""
    afternoon: bool | None = None


class NoSuchDay(ValueError):
    """A day that never comes, such as the thirty first of february; the message is how it was said."""


def day(words: str, today: date) -> Day:
    """ "tomorrow", "next monday", "on weekdays", "the third of may", seen from today.

    Raises:
        NoSuchDay: there is none.
    """
    said = words.removeprefix("the ").split()
    afternoon = True if _AFTERNOON & set(said) else False if "morning" in said else None
    first = said[0].removesuffix("s")
    if words.startswith("every") or said[0] in ("daily", "weekdays", "weekends") or said[0].endswith("days"):
        return Day(repeat=_repeat(words), afternoon=afternoon)
    if said[0] in ("today", "tonight", "tomorrow"):
        return Day(today + timedelta(days=said[0] == "tomorrow"), afternoon=afternoon)
    if words == "the day after tomorrow":
        return Day(today + timedelta(days=2))
    if any(month in said for month in _MONTHS):
        return Day(_calendar_day(said, today))
    weekday = next(name for name in (first, *said[1:]) if name in _WEEKDAYS)
    ahead = (_WEEKDAYS.index(weekday) - today.weekday()) % 7
    return Day(today + timedelta(days=ahead or 7 * (said[0] == "next")), afternoon=afternoon)


def _repeat(words: str) -> str:
    last = words.split()[-1]
    if last.startswith("weekday") or last.startswith("weekend"):
        return last.removesuffix("s") + "s"
    weekday = last.removesuffix("s")
    return weekday if weekday in _WEEKDAYS else "daily"


def _calendar_day(said: list[str], today: date) -> date:
    """The next such day of a month, if need be in a leap year.

    Raises:
        NoSuchDay: the month never has so many.
    """
    month = next(number for number, name in enumerate(_MONTHS, 1) if name in said)
    wanted = sum(_ORDINAL_DAYS.get(word, 0) or _NUMBERS.get(word, 0) for word in said if word not in _MONTHS)
    first = today.year + ((month, wanted) < (today.month, today.day))
    for year in range(first, first + _YEARS_TO_A_LEAP):
        if 1 <= wanted <= monthrange(year, month)[1]:
            return date(year, month, wanted)
    raise NoSuchDay(" ".join(said))


def moment(said_time: ClockTime | None, said_day: Day | None, now: datetime) -> dict[str, str]:
    """The slots `time`, `date` and `repeat` of a request: the next moment that fits what was said."""
    slots: dict[str, str] = {}
    if said_day is not None and said_day.repeat:
        slots["repeat"] = said_day.repeat
    if said_time is None:
        if said_day is not None and said_day.date is not None:
            slots["date"] = said_day.date.isoformat()
        return slots
    on = said_day.date if said_day is not None else None
    if on is None and "repeat" not in slots:
        found = _next(said_time, now)
        return {"time": f"{found:%H:%M}", "date": f"{found:%Y-%m-%d}"}
    hour = _likely_hour(said_time, said_day.afternoon if said_day is not None else None)
    if (
        on == now.date()
        and not said_time.certain
        and time(hour, said_time.minute) <= now.time()
        and hour < 12
    ):
        hour += 12
    slots["time"] = f"{hour:02d}:{said_time.minute:02d}"
    if on is not None:
        if on == now.date() and time(hour, said_time.minute) <= now.time():
            on += timedelta(days=7 if said_day is not None and on.weekday() == now.weekday() else 1)
        slots["date"] = on.isoformat()
    return slots


def _likely_hour(said: ClockTime, afternoon: bool | None) -> int:
    """The hour of a coming day, when its half may not have been said."""
    if said.certain:
        return said.hour
    if afternoon is None:
        return said.hour + 12 if 0 < said.hour < _NOON_HOURS_BEFORE else said.hour
    if afternoon:
        return said.hour + 12 if said.hour < 12 else said.hour
    return said.hour % 12


def _next(said: ClockTime, now: datetime) -> datetime:
    """The next time that a clock shows this; a clock with twelve hours when the half was not said."""
    found = now.replace(hour=said.hour, minute=said.minute, second=0, microsecond=0)
    step = timedelta(hours=24 if said.certain else 12)
    while found <= now:
        found += step
    while found - step > now:
        found -= step
    return found


CONVERTERS: Mapping[str, Callable[[str], Any]] = {
    "duration": duration,
    "more_duration": duration,
    "number": number,
    "percent": percent,
    "degrees": degrees,
    "plain_degrees": degrees,
}
"""Slot types whose words become a number by themselves."""
