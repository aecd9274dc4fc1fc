"""Numbers, durations, times and lists as a person says them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from num2words import num2words

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def number(value: float) -> str:
    """`forty-two`, `twenty-one point five`."""
    if value == int(value):
        value = int(value)
    return str(num2words(value)).replace(" and ", " ").replace(",", "")


def ordinal(value: int) -> str:
    """`twenty-first`."""
    return str(num2words(value, to="ordinal"))


def count(value: int, noun: str) -> str:
    """`one timer`, `three switches`."""
    plural = "es" if noun.endswith(("ch", "sh", "s", "x")) else "s"
    return f"{number(value)} {noun}{'' if value == 1 else plural}"


def listing(items: Sequence[str], last: str = "and") -> str:
    """`milk, eggs and bread`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def is_or_are(items: Sequence[str]) -> str:
    """`is` for one thing, `are` for several and for the blinds."""
    plural = len(items) != 1 or (items[0].endswith("s") and not items[0].endswith("ss"))
    return "are" if plural else "is"


def sentence(text: str) -> str:
    """The text with a capital at its front and a full stop at its end."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."


def duration(seconds: float) -> str:
    """`ten minutes`, `one hour and thirty minutes`: exact to the second."""
    left = max(0, round(seconds))
    parts = []
    for size, unit in _UNITS:
        if left >= size:
            parts.append(count(left // size, unit))
            left %= size
    return listing(parts) or "zero seconds"


def rough_duration(seconds: float) -> str:
    """A duration as precise as anybody wants to hear it: minutes above ten minutes, 5 s above one minute."""
    if seconds >= 600:
        return duration(round(seconds / 60) * 60)
    if seconds >= 60:
        return duration(round(seconds / 5) * 5)
    return duration(seconds)


def adjective(seconds: float) -> str:
    """`ten minute`, to stand before a noun: a ten minute timer."""
    text = duration(seconds)
    for _, unit in _UNITS:
        text = text.replace(f"{unit}s", unit)
    return text


def clock_time(time: datetime.time | datetime.datetime) -> str:
    """`seven thirty in the morning`, `noon`."""
    if (time.hour, time.minute) in _NAMED_TIMES:
        return _NAMED_TIMES[time.hour, time.minute]
    return f"{_hands(time)} {_in_the(time)}"


def date(day: datetime.date, today: datetime.date) -> str:
    """`Friday the twenty-first of November`, with the year when it is another one."""
    text = f"{day:%A} the {ordinal(day.day)} of {day:%B}"
    return text if day.year == today.year else f"{text} {year(day.year)}"


def year(value: int) -> str:
    """`twenty twenty-five`."""
    return str(num2words(value, to="year")).replace(" and ", " ")


def moment(when: datetime.datetime, now: datetime.datetime) -> str:
    """`tomorrow at seven thirty in the morning`, to stand behind "alarm set for"."""
    days = (when.date() - now.date()).days
    at = clock_time(when)
    if days == 0:
        return f"{at} today" if when.hour < 18 else at
    if days == 1:
        return f"tomorrow at {at}"
    if 1 < days < 7:
        return f"{when:%A} at {at}"
    return f"{date(when.date(), now.date())} at {at}"


_NAMED_TIMES = {(0, 0): "midnight", (12, 0): "noon"}


def _hands(time: datetime.time | datetime.datetime) -> str:
    hour = number(time.hour % 12 or 12)
    if time.minute == 0:
        return f"{hour} o'clock"
    return f"{hour} {'oh ' if time.minute < 10 else ''}{number(time.minute)}"


def _in_the(time: datetime.time | datetime.datetime) -> str:
    if time.hour < 12:
        return "in the morning"
    if time.hour < 18:
        return "in the afternoon"
    return "in the evening" if time.hour < 22 else "at night"
