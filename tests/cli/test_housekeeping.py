"""`alexa-local housekeeping`: lines for people, an object for programs, entries for the journal, codes."""

import json
import logging
import signal
import subprocess
import sys

import pytest

from alexa_local.cli import housekeeping
from alexa_local.daemon.housekeeping import Chore
from alexa_local.errors import ModelError, StorageError
from alexa_local.store import open_store


@pytest.fixture
def keeps(monkeypatch):
    """Have the house kept with these chores."""

    def keeps(*chores):
        monkeypatch.setattr("alexa_local.daemon.housekeeping.keep_house", lambda *_: iter(chores))

    return keeps


WELL = Chore("disk", "ok", "Much room.")
LITTLE = Chore("disk", "warn", "Little room. Make some.")
DAMAGED = Chore("database", "fail", "It is damaged. Restore it.", StorageError.exit_code)
ALTERED = Chore("model x", "fail", "It was altered. Restore it.", ModelError.exit_code)


def test_a_line_for_each_chore(command, keeps):
    keeps(WELL, LITTLE)
    out = "ok     disk: Much room.\nwarn   disk: Little room. Make some.\n"
    assert command("housekeeping") == (0, out, "")


def test_the_code_is_that_of_the_first_fault_and_the_rest_is_done(command, keeps):
    keeps(DAMAGED, ALTERED, WELL)
    code, out, _ = command("housekeeping")
    assert code == StorageError.exit_code and out.count("\n") == 3


def test_for_programs_it_is_one_object(command, keeps):
    keeps(WELL, ALTERED)
    code, out, _ = command("housekeeping", "--json", "--dry-run")
    told = json.loads(out)
    assert code == ModelError.exit_code and (told["ok"], told["dry_run"]) == (False, True)
    assert told["chores"][0] == {"name": "disk", "state": "ok", "told": "Much room."}


class Kept(logging.Handler):
    """What was logged, by level."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append((record.levelno, record.getMessage()))


def test_the_journal_gets_entries_with_priorities_and_no_second_copy(command, keeps, monkeypatch):
    monkeypatch.setattr(housekeeping, "is_journal", lambda _: True)
    keeps(WELL, LITTLE, DAMAGED)
    kept, logger = Kept(), logging.getLogger("alexa_local.cli.housekeeping")
    logger.addHandler(kept)
    try:
        code, out, _ = command("housekeeping", "-v")
    finally:
        logger.removeHandler(kept)
    assert (code, out) == (StorageError.exit_code, "")
    assert kept.lines == [
        (logging.INFO, "ok     disk: Much room."),
        (logging.WARNING, "warn   disk: Little room. Make some."),
        (logging.ERROR, "fail   database: It is damaged. Restore it."),
    ]


def test_a_house_without_anything_is_well(command, folder):
    code, out, err = command("housekeeping", "--json")
    found = {one["name"]: one for one in json.loads(out)["chores"]}
    assert "There is none" in found["database"]["told"] and not (folder / "state").exists()
    assert err == "" and code in (0, ModelError.exit_code)  # a checkout may lack the models


def test_beside_a_daemon_everything_stays(command, folder, daemon):
    with open_store(folder / "state" / "alexa-local.sqlite") as store:
        store.remember("kept", "yes")
        code, out, _ = command("housekeeping")
        assert store.setting("kept") == "yes"
    assert code in (0, ModelError.exit_code) and "ok     database: It is whole" in out
    assert command("say", "light")[0] == 0


def test_a_kill_while_it_works_loses_nothing(folder):
    """Killed at whatever it is doing; tests/store/test_upkeep.py kills it at each statement."""
    path = folder / "state" / "alexa-local.sqlite"
    with open_store(path) as store:
        store.remember("kept", "yes")
        for _ in range(3):
            with store.transaction() as connection:
                for number in range(3000):
                    row = (f"{number}" * 40,)
                    connection.execute("INSERT INTO list_items (list, item) VALUES ('old', ?)", row)
            store.write("DELETE FROM list_items")
            program = [sys.executable, "-m", "alexa_local.cli", "housekeeping"]
            working = subprocess.Popen(program, stdout=subprocess.PIPE)
            with working:
                assert working.stdout and working.stdout.readline()
                working.send_signal(signal.SIGKILL)
            assert store.setting("kept") == "yes"
            assert store.read("PRAGMA integrity_check")[0][0] == "ok"


def test_it_loads_no_numbers_library():
    program = "import sys, alexa_local.daemon.housekeeping; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
