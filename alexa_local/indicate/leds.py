"""The LEDs that are configured, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from alexa_local.config import IndicatorSettings
from alexa_local.indicate.animation import Colour
from alexa_local.indicate.apa102 import Apa102Leds
from alexa_local.indicate.board import library, opening
from alexa_local.indicate.gpio import GpioLed

_SPI_HZ = 4_000_000
_SETTING = "indicators.leds"


class Leds(Protocol):
    """One or more LEDs.

    Attributes:
        count: how many there are.
    """

    count: int

    def show(self, lights: Sequence[Colour]) -> None:
        """Give this light: red, green, blue, 0 to 1 each, one for each LED."""

    def close(self) -> None:
        """Darken them and let them go."""


def open_leds(settings: IndicatorSettings) -> Leds | None:
    """The LEDs, dark; None when none are configured.

    Raises:
        DeviceError: a library is missing, or the board refuses.
    """
    if settings.leds == "apa102":
        return _open_apa102(settings)
    if settings.leds == "gpio":
        gpiozero = library("gpiozero", _SETTING)
        with opening(_SETTING):
            return GpioLed([gpiozero.PWMLED(pin) for pin in settings.gpio_pins])
    return None


def _open_apa102(settings: IndicatorSettings) -> Leds:
    spidev = library("spidev", _SETTING)
    with opening(_SETTING):
        spi = spidev.SpiDev()
        spi.open(settings.spi_bus, settings.spi_device)
        spi.max_speed_hz = _SPI_HZ
        if settings.power_pin is None:
            return Apa102Leds(spi, settings.count)
        power = library("gpiozero", "indicators.power_pin").OutputDevice(
            settings.power_pin, initial_value=True
        )
        return Apa102Leds(spi, settings.count, power)
