import subprocess
import sys
from pathlib import Path

import pytest

from alexa_local.act import Alarms, Schedule, Timers
from alexa_local.store import open_store
from alexa_local.testing.clock import FakeClock

ROOT = Path(__file__).resolve().parents[2]

DIE_BEFORE = """
import os, signal, sys
import sqlite3
from alexa_local.act import Alarms, Schedule, Timers
from alexa_local.store import open_store
from alexa_local.testing.clock import FakeClock

class Deadly(sqlite3.Connection):
    def execute(self, sql, *values):
        if started and sql.startswith(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(sql, *values)

started, connect = False, sqlite3.connect
sqlite3.connect = lambda *arguments, **options: connect(*arguments, factory=Deadly, **options)
store, clock = open_store(sys.argv[1]), FakeClock()
timers, alarms = Timers(store, clock), Alarms(store, clock)
timers.start(60, "pasta")
clock.advance(60)
started = True
rings = Schedule(store, clock, timers, alarms).due()
Schedule(store, clock, timers, alarms).dismiss(rings)
"""


@pytest.mark.parametrize(
    ("step", "rings_already"),
    [
        ("BEGIN", False),
        ("INSERT INTO ringing", False),
        ("DELETE FROM timers", False),
        ("COMMIT", False),
        ("DELETE FROM ringing", True),
    ],
)
def test_a_kill_at_any_step_loses_no_ring(tmp_path: Path, step: str, rings_already: bool) -> None:
    path = tmp_path / "home.db"
    child = subprocess.run([sys.executable, "-c", DIE_BEFORE, str(path), step], cwd=ROOT)
    assert child.returncode == -9
    with open_store(path) as store:
        clock = FakeClock()
        clock.advance(61)
        timers = Timers(store, clock)
        schedule = Schedule(store, clock, timers, Alarms(store, clock))
        assert [ring.label for ring in schedule.ringing()] == (["pasta timer"] if rings_already else [])
        assert [ring.label for ring in schedule.due()] == ([] if rings_already else ["pasta timer"])
        assert len(schedule.ringing()) == 1
        assert timers.all() == []
