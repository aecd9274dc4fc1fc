"""How bright the LEDs may be: by day, at night, and in the numbers that LEDs understand."""

from __future__ import annotations

import datetime

from alexa_local.config import IndicatorSettings, is_night
from alexa_local.indicate.animation import Colour, dimmed

_GAMMA = 2.2


def brightness(settings: IndicatorSettings, now: datetime.time) -> float:
    """The share of full brightness, 0 to 1, at a local time of day."""
    is_dark = is_night(settings.night_from, settings.night_until, now)
    percent = settings.night_brightness if is_dark else settings.brightness
    return percent / 100


def light(colour: Colour, level: float) -> Colour:
    """The light to give, 0 to 1 each, for a colour as it shall seem, at a level of brightness."""
    red, green, blue = (part**_GAMMA for part in dimmed(colour, level))
    return red, green, blue
