"""The drivers, on a bus that understands APA102 and on gpiozero's own mock pins."""

import importlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.config import IndicatorSettings
from alexa_local.errors import DeviceError
from alexa_local.indicate import open_leds
from alexa_local.indicate.apa102 import Apa102Leds, encode
from alexa_local.testing.spi import FakeSpi

LIGHTS = st.lists(st.tuples(*[st.floats(0, 1)] * 3), min_size=1, max_size=80)


@pytest.fixture
def spi(monkeypatch) -> FakeSpi:
    fake = FakeSpi()
    monkeypatch.setitem(sys.modules, "spidev", fake)
    return fake


@given(LIGHTS)
def test_a_chain_shows_the_light_that_it_was_given(lights):
    spi = FakeSpi()
    Apa102Leds(spi, len(lights)).show(lights)
    shown = spi.lit()
    assert len(shown) == len(lights)
    for wanted, got in zip(lights, shown, strict=True):
        assert got == pytest.approx(wanted, abs=0.5 / 255 + 1e-9)


def test_the_bytes_are_those_of_the_data_sheet():
    assert encode([(1.0, 0.5, 0.0)]) == bytes.fromhex("00000000 ff0080ff 00000000 00")


def test_dim_light_keeps_its_shades():
    """At a hundredth of the light, eight bits alone would leave three steps."""
    shown = {encode([(level / 5000, 0.0, 0.0)]) for level in range(51)}
    assert len(shown) > 40


def test_the_configured_chain_is_opened_and_left_dark(spi, pins):
    leds = open_leds(IndicatorSettings("apa102", count=12, spi_bus=1, spi_device=0, power_pin=5))
    assert spi.opened == (1, 0) and spi.max_speed_hz and pins.pin(5).state
    leds.show([(1.0, 1.0, 1.0)] * 12)
    leds.close()
    assert spi.lit() == [(0, 0, 0)] * 12 and spi.closed and not pins.pin(5).state


def test_a_bus_that_refuses_is_told_with_what_to_do(spi):
    leds = open_leds(IndicatorSettings("apa102"))
    spi.fails = True
    with pytest.raises(DeviceError, match=r"indicators\.leds: none"):
        leds.show([(0.0, 0.0, 0.0)] * 3)


def test_one_pin_gives_brightness_and_three_give_colour(pins):
    one = open_leds(IndicatorSettings("gpio", gpio_pins=(17,)))
    one.show([(0.25, 0.5, 0.0)])
    assert pins.pin(17).state == 0.5
    three = open_leds(IndicatorSettings("gpio", gpio_pins=(5, 6, 13)))
    three.show([(0.25, 0.5, 0.0)])
    assert [pins.pin(number).state for number in (5, 6, 13)] == [0.25, 0.5, 0.0]
    one.close()
    three.close()


def test_without_leds_no_library_is_asked_for(monkeypatch):
    monkeypatch.setattr(importlib, "import_module", lambda name: pytest.fail(f"{name} was imported"))
    assert open_leds(IndicatorSettings()) is None


@pytest.mark.parametrize(("leds", "name"), [("gpio", "gpiozero"), ("apa102", "spidev")])
def test_a_missing_library_is_told_with_what_to_do(monkeypatch, leds, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DeviceError, match=rf"indicators.leds needs the library {name}.*alexa-local\[board\]"):
        open_leds(IndicatorSettings(leds, gpio_pins=(17,)))


def test_a_pin_that_is_taken_is_told(pins):
    first = open_leds(IndicatorSettings("gpio", gpio_pins=(17,)))
    with pytest.raises(DeviceError, match=r"indicators\.leds cannot be used"):
        open_leds(IndicatorSettings("gpio", gpio_pins=(17,)))
    first.close()


def test_a_bus_that_is_not_there_is_told():
    """By the real library, where it is installed."""
    pytest.importorskip("spidev")
    with pytest.raises(DeviceError, match="groups gpio and spi"):
        open_leds(IndicatorSettings("apa102", spi_bus=9, spi_device=9))
