"""A rehearsal answers as the real thing would, and leaves no trace of any kind."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from house import House

from alexa_local.act import Actor
from alexa_local.messages import Interpretation
from alexa_local.understand import OwnerAction

ROOT = Path(__file__).resolve().parents[2]

REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("SetTimer", {"duration": 600}),
    ("SetTimer", {"duration": 600, "name": "pasta", "second_duration": 60}),
    ("CancelAllTimers", {}),
    ("PauseTimer", {}),
    ("SetAlarm", {"time": "07:00"}),
    ("AddToList", {"items": ["milk", "eggs"]}),
    ("RemoveFromList", {"items": ["bread"]}),
    ("ClearList", {}),
    ("SetVolume", {"level": 80}),
    ("Mute", {}),
    ("PlayMusic", {"query": "clair"}),
    ("StopMusic", {}),
    ("TurnOn", {"device": "reading lamp"}),
    ("TurnOn", {"all": True}),
    ("OpenCover", {"device": "blinds"}),
    ("CallContact", {"contact": "Ann Jones"}),
    ("SendMessage", {"contact": "Ann Jones", "message": "hello"}),
    ("LocalOnlyOn", {}),
    ("Stop", {}),
    ("Repeat", {}),
    ("Nonsense", {}),
]


def world(house: House) -> tuple[Any, ...]:
    """All that anybody could notice of a house."""
    rows = {
        table: [tuple(row) for row in house.store.read(f"SELECT * FROM {table}")]
        for (table,) in house.store.read("SELECT name FROM sqlite_master WHERE type = 'table'")
    }
    player = dict(vars(house.player))
    return rows, player, list(house.publisher.sent), house.services.local_only.on


@pytest.fixture
def furnished(house: House) -> House:
    house.services.contacts.import_bytes(b"name,phone\nAnn Jones,+44 20 1111\n")
    house.ask("SetTimer", duration=300)
    house.ask("AddToList", items=["bread"])
    house.publisher.sent.clear()
    return house


@pytest.mark.parametrize(("intent", "slots"), REQUESTS)
def test_a_rehearsal_leaves_no_trace_and_foretells_the_reply(
    furnished: House, intent: str, slots: dict[str, Any]
) -> None:
    before = world(furnished)
    foretold = furnished.actor.rehearse(Interpretation(intent, slots))
    assert world(furnished) == before
    done = furnished.actor.perform(Interpretation(intent, slots))
    if foretold is not None:
        assert foretold == done
    else:
        assert intent in ("PlayMusic", "StopMusic", "Stop"), "only what plays cannot be foretold"


def test_repeat_repeats_what_was_said_and_not_what_was_rehearsed(furnished: House) -> None:
    said = furnished.reply("GetTime")
    furnished.actor.rehearse(Interpretation("SetTimer", {"duration": 60}))
    assert furnished.reply("Repeat") == said


def test_an_owners_program_is_not_run_by_a_rehearsal(house: House, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    actor = Actor(house.services, {"Flag": OwnerAction(run=("touch", str(flag)), reply="Done.")})
    foretold = actor.rehearse(Interpretation("Flag"))
    assert foretold is not None and foretold.reply == "Done."
    assert not flag.exists()
    actor.perform(Interpretation("Flag"))
    assert flag.exists()


def test_a_refusal_is_foretold(house: House) -> None:
    foretold = house.actor.rehearse(Interpretation("CancelTimer"))
    assert foretold == house.ask("CancelTimer")


def test_a_rehearsal_within_a_transaction_is_a_defect(house: House) -> None:
    with house.store.transaction(), pytest.raises(RuntimeError), house.store.rehearsal():
        pass


DIE_REHEARSING = """
import os, signal, sqlite3, sys
from alexa_local.act import Timers
from alexa_local.store import open_store
from alexa_local.testing.clock import FakeClock

class Deadly(sqlite3.Connection):
    def execute(self, sql, *values):
        if sql.startswith(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(sql, *values)

connect = sqlite3.connect
sqlite3.connect = lambda *arguments, **options: connect(*arguments, factory=Deadly, **options)
store = open_store(sys.argv[1])
timers = Timers(store, FakeClock())
with store.rehearsal():
    timers.start(60, "pasta")
"""


@pytest.mark.parametrize("step", ["INSERT INTO timers", "ROLLBACK"])
def test_a_kill_in_the_middle_of_a_rehearsal_leaves_nothing_half_done(tmp_path: Path, step: str) -> None:
    path = tmp_path / "home.db"
    child = subprocess.run([sys.executable, "-c", DIE_REHEARSING, str(path), step], cwd=ROOT)
    assert child.returncode == -9
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM timers").fetchone() == (0,)
    connection.close()
