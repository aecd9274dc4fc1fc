"""A daemon that is late does without some things, and says so."""

from pathlib import Path

import pytest

from alexa_local.daemon import daemon as module
from alexa_local.scheduler import Change
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.running_daemon import RunningDaemon


def test_every_rung_says_what_it_does() -> None:
    assert set(module.RUNGS) == set(module.WHAT_RUNGS_DO)


def test_late_work_is_told_as_an_event_and_in_the_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up: list[frozenset[str]] = []
    home = FakeHome([])
    daemon = RunningDaemon(tmp_path, home, settings={})
    try:
        ours = daemon._daemon
        monkeypatch.setattr(ours, "_give_up", given_up.append)
        ours._degrade(Change("background", "down", 1))
        assert daemon.event("degraded") == {"rung": "background", "way": "down", "level": 1}
        status = daemon.ask("status")
        assert set(status["scheduler"]) == {"given_up", "waiting", "refused", "work"}
        assert status["board"]["resident_mb"] > 0
        ours._degrade(Change("background", "up", 0))
    finally:
        daemon.end()
    assert given_up == [frozenset({"background"}), frozenset()]
