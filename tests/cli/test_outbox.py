import json

import pytest

from alexa_local.act import LocalOnly, SystemClock
from alexa_local.daemon.paths import DATABASE
from alexa_local.mqtt import Outbox
from alexa_local.store import open_store


@pytest.fixture
def waiting(folder):
    """Two requests wait to be sent, and no daemon runs."""
    with open_store(folder / "state" / DATABASE) as store:
        outbox = Outbox(store, SystemClock(), LocalOnly(store))
        outbox.add(b"x" * 100)
        outbox.add(b"x" * 50)


def test_what_waits_is_told_without_a_daemon(command, waiting):
    code, told, _ = command("outbox")
    assert code == 0 and told.startswith("2 requests waiting, 150 bytes, the oldest for ")
    told = json.loads(command("outbox", "--json")[1])
    assert [one["bytes"] for one in told["waiting"]] == [100, 50]


def test_it_is_deleted_without_a_daemon(command, waiting):
    assert command("outbox", "clear")[:2] == (0, "2 requests deleted\n")
    assert command("outbox")[:2] == (0, "0 requests waiting\n")
    assert json.loads(command("outbox", "clear", "--json")[1]) == {"deleted": 0}


def test_before_the_first_start_nothing_waits_and_nothing_is_made(command, folder):
    assert command("outbox")[:2] == (0, "0 requests waiting\n")
    assert command("outbox", "clear")[:2] == (0, "0 requests deleted\n")
    assert not (folder / "state").exists()


def test_a_running_daemon_is_asked(command, daemon):
    assert command("outbox")[:2] == (0, "0 requests waiting\n")
    assert json.loads(command("outbox", "--json")[1]) == {"waiting": [], "outcomes": {}}
    assert command("outbox", "clear")[:2] == (0, "0 requests deleted\n")
