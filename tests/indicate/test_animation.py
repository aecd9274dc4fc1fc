"""Colours as functions of time."""

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.config import IndicatorSettings
from alexa_local.indicate import State, frame, is_moving
from alexa_local.indicate.brightness import brightness, light

TIMES = st.floats(0, 1e6)
COUNTS = st.integers(1, 24)


@given(st.sampled_from(State), TIMES, COUNTS)
def test_every_frame_has_a_colour_in_range_for_every_led(state, since_s, leds):
    colours = frame(state, since_s, leds)
    assert len(colours) == leds
    assert all(0.0 <= part <= 1.0 for colour in colours for part in colour)


@given(st.sampled_from(State), TIMES, TIMES, COUNTS)
def test_what_does_not_move_stays_as_it_is(state, since_s, more_s, leds):
    if not is_moving(state, since_s):
        assert frame(state, since_s, leds) == frame(state, since_s + more_s, leds)


@pytest.mark.parametrize("state", [state for state in State if is_moving(state, 10.0)])
@pytest.mark.parametrize("leds", [1, 3, 12])
def test_what_moves_does_so_visibly_within_a_second(state, leds):
    moments = {frame(state, tick / 25, leds) for tick in range(26)}
    assert len(moments) > 1


@pytest.mark.parametrize("leds", [1, 3, 12])
def test_idle_is_dark_and_muted_is_nothing_but_red(leds):
    assert frame(State.IDLE, 3.0, leds) == ((0, 0, 0),) * leds
    assert frame(State.MUTED, 3.0, leds) == ((1, 0, 0),) * leds


def test_who_calls_sees_at_once_that_it_was_heard():
    assert max(frame(State.LISTENING, 0.0, 3)[0]) >= 0.2
    assert frame(State.LISTENING, 0.25, 3)[0] == (0, 1, 1)


@given(st.floats(0, 100), st.integers(2, 24))
def test_the_place_that_turns_is_equally_bright_wherever_it_is(since_s, leds):
    """Round the ring, over its seam too."""
    red = sum(colour[0] for colour in frame(State.CONNECTING, since_s, leds))
    shifted = sum(colour[0] for colour in frame(State.CONNECTING, since_s + 1.5 / leds, leds))
    assert math.isclose(red, shifted, abs_tol=1e-6)


@pytest.mark.parametrize(
    ("begins", "ends", "time", "percent"),
    [
        ("22:30", "06:30", "22:29", 40),
        ("22:30", "06:30", "22:30", 5),
        ("22:30", "06:30", "00:00", 5),
        ("22:30", "06:30", "06:30", 40),
        ("01:00", "05:00", "03:00", 5),
        ("01:00", "05:00", "23:00", 40),
        ("", "", "03:00", 40),
        ("07:00", "07:00", "07:00", 40),
    ],
)
def test_the_night_goes_by_its_hours(begins, ends, time, percent):
    settings = IndicatorSettings(night_brightness=5, night_from=begins, night_until=ends)
    assert brightness(settings, datetime.time.fromisoformat(time)) == percent / 100


def test_half_as_bright_to_an_eye_is_a_fifth_of_the_light():
    assert light((1.0, 0.0, 0.5), 0.5) == pytest.approx((0.218, 0.0, 0.047), abs=0.001)
