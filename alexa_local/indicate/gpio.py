"""A single LED on GPIO pins: one pin gives it a brightness, three give it a colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from alexa_local.indicate.animation import Colour


class Pwm(Protocol):
    """What we use of `gpiozero.PWMLED`."""

    value: float

    def close(self) -> None:
        """Let the pin go."""


class GpioLed:
    """An LED with one pin, or with one each for red, green and blue.

    Attributes:
        count: always 1.
    """

    def __init__(self, pins: Sequence[Pwm]) -> None:
        self.count = 1
        self._pins = tuple(pins)

    def show(self, lights: Sequence[Colour]) -> None:
        """Give this light: red, green, blue, 0 to 1 each, of one LED; one pin gives the brightest part."""
        (light,) = lights
        for pin, value in zip(self._pins, light if len(self._pins) == 3 else (max(light),), strict=True):
            pin.value = value

    def close(self) -> None:
        """Darken it and let the pins go."""
        for pin in self._pins:
            pin.close()
