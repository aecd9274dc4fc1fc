"""Shares of a core."""

from alexa_local.scheduler import Meter
from alexa_local.scheduler.meter import OVER_S


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_shares_are_of_the_last_minute() -> None:
    clock = Clock()
    meter = Meter(clock)
    for _ in range(2 * OVER_S):
        meter.add("encoder", 0.02)
        clock.now_s += 1.0
    meter.add("speaker", 0.6)
    shares = meter.shares_pct()
    assert abs(shares["encoder"] - 2.0) < 0.1
    assert shares["speaker"] == 1.0


def test_what_is_not_used_any_more_is_forgotten() -> None:
    clock = Clock()
    meter = Meter(clock)
    with meter.part("speaker"):
        sum(range(100_000))
    assert "speaker" in meter.shares_pct()
    clock.now_s += OVER_S + 1
    assert meter.shares_pct() == {}
