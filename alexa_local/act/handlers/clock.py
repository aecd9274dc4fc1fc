"""Time and date."""

from __future__ import annotations

from alexa_local.act import spoken
from alexa_local.act.clock import local
from alexa_local.act.handlers.base import Handler, Slots, date_of, done
from alexa_local.act.services import Services
from alexa_local.messages import Outcome


def get_time(services: Services, slots: Slots) -> Outcome:
    """It's seven thirty in the evening."""
    now = local(services.clock)
    return done(f"It's {spoken.clock_time(now)}", time=f"{now:%H:%M}")


def get_date(services: Services, slots: Slots) -> Outcome:
    """It's Friday the twenty-first of November."""
    today = local(services.clock).date()
    day = date_of(slots) or today
    spoken_day = spoken.date(day, today)
    return done(f"It's {spoken_day}" if day == today else f"That's {spoken_day}", date=day.isoformat())


HANDLERS: dict[str, Handler] = {"GetTime": get_time, "GetDate": get_date}
