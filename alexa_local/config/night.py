"""The night, for whatever is darker or quieter then: two times of the local clock."""

from __future__ import annotations

import datetime
from collections.abc import Iterator


def is_night(begins: str, ends: str, now: datetime.time) -> bool:
    """Whether it is night between times such as "22:30" and "06:30", perhaps over midnight; "" for never."""
    if not (begins and ends):
        return False
    first, last = (datetime.time.fromisoformat(each) for each in (begins, ends))
    return first <= now < last if first <= last else now >= first or now < last


def night_problems(begins: str, ends: str) -> Iterator[tuple[str, str]]:
    """Yield (key, what is wrong) for the settings `night_from` and `night_until`."""
    for name, text in (("night_from", begins), ("night_until", ends)):
        if problem := _clock_problem(text):
            yield name, problem
    if bool(begins) != bool(ends):
        yield "night_until" if begins else "night_from", "expected a time, as the night has only one end"


def _clock_problem(text: str) -> str:
    """What is wrong with a time of day, or ""."""
    if text:
        try:
            if len(text) != 5:
                raise ValueError
            datetime.time.fromisoformat(text)
        except ValueError:
            return f"expected a time from `00:00` to `23:59`, not `{text}`"
    return ""
