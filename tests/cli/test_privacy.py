import json
import time

import pytest

from alexa_local.daemon.paths import DATABASE
from alexa_local.store import Ledger, Traffic, open_store


@pytest.fixture
def counted(folder):
    """A lamp was switched on and off two days ago, and off again now; no daemon runs."""
    now_s = time.time()
    with open_store(folder / "state" / DATABASE) as store:
        for moment_s in (now_s - 2 * 86_400, now_s):
            ledger = Ledger(store, lambda at=moment_s: at)
            ledger.count(Traffic("command", "message", "home/lamp", 1, 3, 20))
            ledger.count(Traffic("presence", "sign of life", messages=5, other_bytes=10))
            ledger.count(Traffic("received", "", messages=0, other_bytes=40))
            ledger.count(Traffic("program", "started", "door.sh"))
            ledger.mode(local_only=True)
            ledger.mode(local_only=False)
            ledger.write()


def test_the_report_says_when_what_left_and_how_many_bytes(command, counted):
    code, told, _ = command("privacy", "report")
    first, *rows = told.splitlines()
    assert code == 0 and first.endswith("66 bytes left this device")
    assert "46 bytes  what was asked of your devices: home/lamp (2 times, 6 of them contents; " in rows[0]
    assert "20 bytes  that the device is there: sign of life (10 times" in rows[1]
    assert "80 bytes came in" in rows
    assert "your program door.sh was started 2 times; what it sends is not known" in rows
    assert sum(row.startswith("local-only was on from ") for row in rows) == 2


def test_the_report_begins_where_it_is_asked_to(command, counted):
    assert json.loads(command("privacy", "report", "--json")[1])["sent_bytes"] == 66
    assert json.loads(command("privacy", "report", "--since", "3h", "--json")[1])["sent_bytes"] == 33
    tomorrow = time.strftime("%Y-%m-%d", time.localtime(time.time() + 86_400))
    assert json.loads(command("privacy", "report", "--json", "--since", tomorrow)[1])["sent"] == []
    code, _, error = command("privacy", "report", "--since", "lately")
    assert code == 64 and "24h, 7d or 2026-11-01" in error


def test_before_the_first_start_nothing_left(command, folder):
    assert "0 bytes left this device\nnothing came in\n" in command("privacy", "report")[1]
    assert not (folder / "state").exists()


def test_a_running_daemon_is_asked_and_counts_its_own(command, daemon):
    report = {"since_s": 0.0, "until_s": 60.0, "sent_bytes": 7, "received_bytes": 0}
    daemon.home.privacy = {**report, "sent": [], "programs": [], "local_only": []}
    assert json.loads(command("privacy", "report", "--json")[1])["sent_bytes"] == 7
