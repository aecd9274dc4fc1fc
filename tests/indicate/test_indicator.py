"""The loop between events and light, with clocks of the test."""

import datetime

import pytest

from alexa_local.config import IndicatorSettings
from alexa_local.indicate import Indicator, Tracker
from alexa_local.indicate.apa102 import Apa102Leds
from alexa_local.messages import Event
from alexa_local.testing.spi import FakeSpi

DARK = [(0, 0, 0)] * 3


class Rig:
    """An indicator, its LEDs, its events and its clocks."""

    def __init__(self, **settings: object) -> None:
        self.spi, self.now_s, self.time = FakeSpi(), 100.0, datetime.time(12)
        self.dropped, self.waits = 0, []
        self.events = [Event("microphone", 0, {"state": "open"})]
        self.indicator = Indicator(
            Apa102Leds(self.spi, 3),
            IndicatorSettings(night_from="22:00", night_until="06:00", **settings),
            Tracker(),
            self,
            lambda: self.now_s,
            lambda: self.time,
        )

    def get(self, timeout_s: float | None = None) -> Event | None:
        """As the queue of a subscription."""
        self.waits.append(timeout_s)
        return self.events.pop(0) if self.events else None

    def after(self, name: str, **data: object) -> list:
        """What is shown after an event."""
        self.indicator.take(Event(name, 0.0, data))
        return self.at(0.0)

    def at(self, seconds: float) -> list:
        """What is shown so much later."""
        self.now_s += seconds
        self.waits.append(self.indicator.show())
        return self.spi.lit()


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.after("microphone", state="open")
    return rig


def test_a_request_is_seen_from_the_call_to_the_end(rig):
    assert rig.after("idle") == DARK
    assert rig.after("listening")[0][2] > 0, "at once"
    assert rig.at(0.3)[0][0] == 0 and rig.at(0.0)[0][1] > 0.1
    assert rig.after("stt_text", text="stop") == DARK
    assert rig.after("thinking") != DARK
    assert rig.after("action", done=True) == DARK


def test_a_failure_is_red_and_goes_by_itself(rig):
    red = rig.after("pipeline_error", error="full")
    assert red[0][0] > 0 and red[0][1:] == (0, 0)
    assert rig.at(2.0) == DARK


def test_it_sleeps_while_nothing_moves_and_the_bus_is_left_alone(rig):
    rig.after("muted")
    sent = len(rig.spi.messages)
    rig.at(60)
    assert rig.waits[-1] >= 10 and len(rig.spi.messages) == sent


def test_it_looks_again_in_time_for_the_next_frame_or_for_an_errors_end(rig):
    rig.after("ringing", count=1)
    assert rig.waits[-1] == pytest.approx(0.04)
    rig.after("pipeline_error")
    rig.at(1.99)
    assert rig.waits[-1] == pytest.approx(0.01)


def test_at_night_it_is_dark_and_sleeps(rig):
    rig.time = datetime.time(23)
    assert rig.after("ringing", count=1) == DARK
    assert rig.waits[-1] >= 10
    rig.time = datetime.time(6)
    assert rig.at(20.0) != DARK


def test_brightness_is_what_was_asked_for():
    full = Rig(brightness=100).after("muted")
    assert full == [(1, 0, 0)] * 3
    assert Rig(brightness=50).after("muted")[0][0] == pytest.approx(0.218, abs=0.01)


def test_lost_events_leave_nothing_lit(rig):
    rig.after("listening")
    rig.dropped = 3
    assert rig.after("intent") == DARK


def test_at_the_end_it_is_dark_even_when_it_ends_with_an_error(rig):
    rig.after("muted")
    ends = iter([False, True])
    rig.indicator.run(lambda: next(ends))
    assert rig.spi.lit() == DARK and rig.spi.closed
