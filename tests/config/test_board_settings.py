"""LEDs and buttons in the configuration."""

import pytest

from alexa_local.config import load_config
from alexa_local.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("indicators: {leds: apa}", "indicators.leds: expected one of"),
        ("indicators: {leds: gpio}", "indicators.gpio_pins: expected one GPIO number, or three"),
        ("indicators: {leds: gpio, gpio_pins: [5, 6]}", "indicators.gpio_pins: expected one GPIO number"),
        (
            "indicators: {leds: gpio, gpio_pins: [5, 5, 6]}",
            "indicators.gpio_pins: expected each GPIO number once",
        ),
        ("indicators: {leds: gpio, gpio_pins: [-1]}", "indicators.gpio_pins: expected GPIO numbers from 0"),
        ("indicators: {count: 0}", "indicators.count: expected a whole number from 1 to 256"),
        ("indicators: {night_from: 25:00, night_until: 06:00}", "expected a time from `00:00` to `23:59`"),
        ("indicators: {night_from: '22'}", "indicators.night_from: expected a time"),
        ("indicators: {night_from: 22:00}", "indicators.night_until: expected a time, as the night"),
        ("buttons: {mute: 17, action: 17}", "buttons.action: GPIO 17 is already the button `mute`"),
        (
            "buttons: {mute: 5}\nindicators: {leds: apa102, power_pin: 5}",
            "buttons.mute: GPIO 5 already belongs",
        ),
        ("buttons: {mut: 5}", "did you mean `mute`?"),
    ],
)
def test_what_cannot_be_is_told(tmp_path, text, expected):
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert expected in str(caught.value)


def test_a_night_and_pins_are_read(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("indicators: {leds: gpio, gpio_pins: [5, 6, 13], night_from: 22:30, night_until: 06:30}")
    leds = load_config(file).indicators
    assert (leds.gpio_pins, leds.night_from, leds.night_until) == ((5, 6, 13), "22:30", "06:30")
