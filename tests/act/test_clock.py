import datetime
import logging

import pytest

from alexa_local.act import SystemClock
from alexa_local.act.clock import local


def test_the_machines_clocks_run_forward() -> None:
    clock = SystemClock()
    first = clock.elapsed()
    assert clock.elapsed() >= first
    assert clock.now() > 1_700_000_000
    assert clock.boot_id == SystemClock().boot_id


def test_the_zone_may_change_while_the_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    for name, hours in (("Asia/Kolkata", 5.5), (":America/New_York", -5)):
        monkeypatch.setenv("TZ", name)
        winter = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC).timestamp()
        assert local(clock, winter).utcoffset() == datetime.timedelta(hours=hours)


def test_without_tz_the_system_zone_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    assert SystemClock().zone().utcoffset(datetime.datetime(2026, 1, 1)) is not None


def test_a_zone_that_nobody_knows_is_told_and_utc_is_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TZ", "Middle/Earth")
    with caplog.at_level(logging.WARNING):
        assert SystemClock().zone() is datetime.UTC
    assert "Middle/Earth" in caplog.text
