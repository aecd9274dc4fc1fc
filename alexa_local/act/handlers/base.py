"""What all handlers share: their shape, how they answer, and how they read slots."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

from alexa_local.act import spoken
from alexa_local.act.asking import Asked
from alexa_local.act.services import Services
from alexa_local.messages import Outcome

Slots = Mapping[str, Any]
Handler = Callable[[Services, Slots], Outcome]


def done(reply: str = "", **action: Any) -> Outcome:
    """It was done; without a sentence a tone says so."""
    return Outcome(True, spoken.sentence(reply) if reply else "", action, "" if reply else "done")


def refused(reply: str) -> Outcome:
    """It was not done, and the sentence says why."""
    return Outcome(False, spoken.sentence(reply), {}, "error")


def needed(slots: Slots, name: str, question: str) -> Any:
    """A slot without which nothing can be done.

    Raises:
        Asked: it is missing.
    """
    value = slots.get(name)
    if value is None or value == "":
        raise Asked(question, name)
    return value


def text(slots: Slots, name: str) -> str:
    """A slot's words, "" when it is missing."""
    value = slots.get(name)
    return "" if value is None else str(value)


def time_of(slots: Slots) -> datetime.time | None:
    """The slot `time`, "HH:MM"."""
    return datetime.time.fromisoformat(text(slots, "time")) if text(slots, "time") else None


def date_of(slots: Slots) -> datetime.date | None:
    """The slot `date`, "YYYY-MM-DD"."""
    return datetime.date.fromisoformat(text(slots, "date")) if text(slots, "date") else None
