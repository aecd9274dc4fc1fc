"""Lights and buttons: shows what the assistant does, and takes presses, on the hardware there is."""

from alexa_local.indicate.animation import Colour, frame, is_moving
from alexa_local.indicate.buttons import Buttons, open_buttons
from alexa_local.indicate.indicator import Indicator
from alexa_local.indicate.leds import Leds, open_leds
from alexa_local.indicate.states import State, Tracker

__all__ = [
    "Buttons",
    "Colour",
    "Indicator",
    "Leds",
    "State",
    "Tracker",
    "frame",
    "is_moving",
    "open_buttons",
    "open_leds",
]
