"""What each state looks like: colours as a function of time, so that a test can look at any moment."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from alexa_local.indicate.states import State

Colour = tuple[float, float, float]
"""Red, green and blue, 0 to 1 each, as bright as they seem to an eye."""

Frame = tuple[Colour, ...]
"""One colour for each LED."""

FRAMES_PER_S = 25
DARK: Colour = (0.0, 0.0, 0.0)
_BLUE: Colour = (0.0, 0.2, 1.0)
_CYAN: Colour = (0.0, 1.0, 1.0)
_RED: Colour = (1.0, 0.0, 0.0)
_ORANGE: Colour = (1.0, 0.4, 0.0)
_YELLOW: Colour = (1.0, 0.8, 0.0)
_GREEN_DOT: Colour = (0.0, 0.3, 0.1)
_RISE_S = 0.25

Look = Callable[[float, int], Frame]
"""Seconds since the state began, and the number of LEDs, to a frame."""


@dataclass(frozen=True)
class Animation:
    """How a state looks.

    Attributes:
        look: its frames.
        moves_for_s: from then on every frame is the same.
    """

    look: Look
    moves_for_s: float = math.inf


def frame(state: State, since_s: float, leds: int) -> Frame:
    """What `leds` LEDs show `since_s` seconds after the state began."""
    return _ANIMATIONS[state].look(max(0.0, since_s), leds)


def is_moving(state: State, since_s: float) -> bool:
    """Whether a later frame differs from the one at `since_s`."""
    return since_s < _ANIMATIONS[state].moves_for_s


def dimmed(colour: Colour, level: float) -> Colour:
    """The colour at a level, 0 to 1, of its brightness."""
    red, green, blue = colour
    return red * level, green * level, blue * level


def _steady(colour: Colour) -> Look:
    return lambda _, leds: (colour,) * leds


def _rising(colour: Colour, rise_s: float) -> Look:
    """Full within a moment: whoever called sees at once that it was heard."""
    return lambda since_s, leds: (dimmed(colour, min(1.0, 0.2 + 0.8 * since_s / rise_s)),) * leds


def _breathing(colour: Colour, period_s: float, low: float) -> Look:
    """Brighter and darker, slowly; it begins bright."""

    def look(since_s: float, leds: int) -> Frame:
        wave = 0.5 + 0.5 * math.cos(2 * math.pi * since_s / period_s)
        return (dimmed(colour, low + (1 - low) * wave),) * leds

    return look


def _turning(colour: Colour, behind: Colour, turn_s: float) -> Look:
    """A bright place goes round; a single LED pulses instead."""

    def look(since_s: float, leds: int) -> Frame:
        if leds == 1:
            return _breathing(colour, turn_s, 0.3)(since_s, 1)
        place = since_s / turn_s % 1.0 * leds
        return tuple(_mixed(behind, colour, _nearness(led, place, leds)) for led in range(leds))

    return look


def _blinking(colour: Colour, on_s: float, off_s: float) -> Look:
    return lambda since_s, leds: (colour if since_s % (on_s + off_s) < on_s else DARK,) * leds


def _dot(colour: Colour) -> Look:
    """The first LED alone."""
    return lambda _, leds: (colour,) + (DARK,) * (leds - 1)


def _nearness(led: int, place: float, leds: int) -> float:
    """1 where the bright place is, 0 from one and a half LEDs away on, round the ring."""
    distance = abs(led - place)
    return max(0.0, 1.0 - min(distance, leds - distance) / 1.5)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


_ANIMATIONS = {
    State.ERROR: Animation(_blinking(_RED, 0.15, 0.15)),
    State.LISTENING: Animation(_rising(_CYAN, _RISE_S), _RISE_S),
    State.SPEAKING: Animation(_breathing(_CYAN, 1.2, 0.4)),
    State.THINKING: Animation(_turning(_CYAN, _BLUE, 0.8)),
    State.RINGING: Animation(_blinking(_YELLOW, 0.5, 0.5)),
    State.MUTED: Animation(_steady(_RED), 0.0),
    State.CONNECTING: Animation(_turning(_ORANGE, DARK, 1.5)),
    State.LOCAL_ONLY: Animation(_dot(_GREEN_DOT), 0.0),
    State.IDLE: Animation(_steady(DARK), 0.0),
}
