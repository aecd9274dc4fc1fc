"""APA102 and SK9822 LEDs, as on ReSpeaker HATs: colours into the bytes that they take over SPI.

A message is four zero bytes, four bytes for each LED (three set bits and five of current; blue, green, red),
then zeros: four bytes for the SK9822 to latch, and half a clock for each LED, as each delays it that much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from alexa_local.errors import DeviceError
from alexa_local.indicate.animation import DARK, Colour

_CURRENT_STEPS = 31
_BITS_PER_LED = 0xE0


class Spi(Protocol):
    """What we use of `spidev.SpiDev`; `alexa_local.testing.spi.FakeSpi` is the other one."""

    def writebytes2(self, values: bytes) -> None:
        """Clock the bytes out."""

    def close(self) -> None:
        """Release the device."""


class Power(Protocol):
    """The pin that switches the LEDs' power on, where a board has one."""

    def close(self) -> None:
        """Switch it off and let it go."""


class Apa102Leds:
    """A chain of such LEDs.

    Attributes:
        count: how many there are.
    """

    def __init__(self, spi: Spi, count: int, power: Power | None = None) -> None:
        self.count = count
        self._spi, self._power = spi, power

    def show(self, lights: Sequence[Colour]) -> None:
        """Give this light: red, green, blue, 0 to 1 each, one for each LED."""
        try:
            self._spi.writebytes2(encode(lights))
        except OSError as error:
            raise DeviceError(
                f"The LEDs on SPI refused ({error}). Look at the wiring, or set `indicators.leds: none`."
            ) from error

    def close(self) -> None:
        """Darken them and let them go."""
        try:
            self.show([DARK] * self.count)
        finally:
            self._spi.close()
            if self._power:
                self._power.close()


def encode(lights: Sequence[Colour]) -> bytes:
    """The message that makes a chain of LEDs give this light."""
    body = b"".join(_led(each) for each in lights)
    return bytes(4) + body + bytes(4 + math.ceil(len(lights) / 16))


def _led(light: Colour) -> bytes:
    """One LED: with as little current as it takes, so that dim colours keep their shades."""
    current = max(1, math.ceil(max(light) * _CURRENT_STEPS))
    red, green, blue = (round(part * 255 * _CURRENT_STEPS / current) for part in light)
    return bytes((_BITS_PER_LED | current, blue, green, red))
