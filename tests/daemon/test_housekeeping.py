"""Housekeeping does what is useful, tells it in a line each, and leaves alone what is broken or in use."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from alexa_local.act import LocalOnly, SystemClock
from alexa_local.daemon.housekeeping import ABANDONED_S, House, keep_house
from alexa_local.daemon.paths import DATABASE, PHRASE_VECTORS, SLOTS
from alexa_local.errors import ModelError, StorageError
from alexa_local.mqtt.outbox import Outbox
from alexa_local.store import open_store
from alexa_local.store.durable import left_over_of
from alexa_local.store.schema import MIGRATIONS

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = ("unshare", "--map-root-user", "--mount")
NOBODY = 65534

ON_A_FULL_DISK = """
set -e
mount -t tmpfs -o size=2m,mode=700 tmpfs "$1/state"
"$2" -c '
import sys
from pathlib import Path
from alexa_local.daemon.housekeeping import House, keep_house
from alexa_local.store import open_store
state = Path(sys.argv[1], "state")
store = open_store(state / "alexa-local.sqlite")
store.remember("kept", "yes")
with store.transaction() as connection:
    for number in range(2000):
        connection.execute("INSERT INTO list_items (list, item) VALUES (?, ?)", ("old", f"{number}" * 40))
store.write("DELETE FROM list_items")
try:
    with open(state / "filler", "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1024))
except OSError:
    pass
for chore in keep_house(House(state, state, ())):
    print(chore.exit_code, chore)
assert store.setting("kept") == "yes"
store.close()
(state / "filler").unlink()
with open_store(state / "alexa-local.sqlite") as store:
    assert store.setting("kept") == "yes" and not store.read("SELECT * FROM list_items")
    assert store.read("PRAGMA integrity_check")[0][0] == "ok"
' "$1"
"""


def may_mount() -> bool:
    """Whether this machine allows a mount of one's own."""
    if not shutil.which("unshare"):
        return False
    trial = (*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", "/run")
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


@pytest.fixture
def house(tmp_path):
    """A house with one model, two lists, and a daemon's store that is open."""
    folder = tmp_path / "models" / "tiny"
    folder.mkdir(parents=True)
    (folder / "net.tflite").write_bytes(b"weights")
    files = {"net.tflite": {"sha256": hashlib.sha256(b"weights").hexdigest()}}
    (folder / "manifest.json").write_text(json.dumps({"files": files}))
    house = House(tmp_path / "state", tmp_path / "cache", ("tiny",), tmp_path / "models")
    house.cache.mkdir()
    return house


@pytest.fixture
def store(house):
    """The daemon's: with something to keep, and much that is free."""
    with open_store(house.state / DATABASE) as store:
        store.remember("kept", "yes")
        with store.transaction() as connection:
            for number in range(3000):
                connection.execute(
                    "INSERT INTO list_items (list, item) VALUES ('old', ?)", (f"{number}" * 40,)
                )
        store.write("DELETE FROM list_items")
        yield store


def chores(house, **options):
    return {chore.name: chore for chore in keep_house(house, **options)}


def states(found):
    return {name: chore.state for name, chore in found.items()}


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}


def test_where_nothing_was_kept_yet_nothing_is_made_and_all_is_well(house):
    found = chores(house)
    assert set(states(found).values()) == {"ok"} and not any(one.exit_code for one in found.values())
    assert found["database"].told.startswith("There is none at ")
    assert not house.state.exists()


def test_free_room_is_given_back_beside_the_open_store(house, store):
    before = store.path.stat().st_size + store.path.with_name(f"{DATABASE}-wal").stat().st_size
    found = chores(house)
    assert states(found) == {
        "left-overs": "ok",
        "database": "ok",
        "outbox": "ok",
        "free pages": "done",
        "log": "done",
        "model tiny": "ok",
        "updates": "ok",
        "disk": found["disk"].state,
    }
    assert store.path.stat().st_size < before / 5
    assert store.setting("kept") == "yes"
    assert states(chores(house))["free pages"] == "ok"


def test_a_dry_run_tells_the_same_and_changes_no_file(house, store):
    left = left_over_of(house.cache / PHRASE_VECTORS)
    left.write_bytes(b"half")
    now_s = left.stat().st_mtime + 2 * ABANDONED_S
    before = files(house.state)
    found = chores(house, dry_run=True, now_s=now_s)
    due = {name for name, chore in found.items() if chore.state == "due"}
    assert due == {"left-overs", "free pages", "log"}
    assert files(house.state) == before and left.exists()
    done = {name for name, chore in chores(house, now_s=now_s).items() if chore.state == "done"}
    assert done == due and not left.exists()


def test_a_half_written_file_is_left_to_its_writer_for_a_day(house):
    vectors = house.cache / PHRASE_VECTORS
    vectors.write_bytes(b"whole")
    (house.cache / ".somebody.elses.new").write_bytes(b"not ours")
    left = left_over_of(vectors)
    left.write_bytes(b"half")
    now_s = left.stat().st_mtime
    assert chores(house, now_s=now_s + ABANDONED_S / 2)["left-overs"].state == "later"
    assert chores(house, now_s=now_s + ABANDONED_S * 2)["left-overs"].state == "done"
    assert sorted(path.name for path in house.cache.iterdir()) == [".somebody.elses.new", PHRASE_VECTORS]


def _text(path):
    path.write_bytes(b"this was never a database" * 200)


def _scribbled_page(path):
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [_text, _scribbled_page])
def test_a_damaged_database_is_told_with_what_to_do_and_stays_as_it_is(house, damage):
    path = house.state / DATABASE
    open_store(path).close()
    damage(path)
    before = path.read_bytes()
    found = chores(house)
    assert found["database"].exit_code == StorageError.exit_code
    assert "is damaged" in found["database"].told and f"mv {path}" in found["database"].told
    assert "log" not in found and "free pages" not in found
    assert path.read_bytes() == before
    assert found["model tiny"].state == "ok", "the other chores are done all the same"


def test_while_somebody_writes_it_waits_for_the_next_time(house, store):
    writer = sqlite3.connect(store.path, isolation_level=None)
    try:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO settings VALUES ('new', 'yes')")
        found = chores(house)
        writer.execute("COMMIT")
    finally:
        writer.close()
    assert states(found)["database"] == "ok"
    assert states(found)["free pages"] == states(found)["log"] == "later"
    assert not any(one.exit_code for one in found.values())
    assert store.setting("new") == "yes"


def test_a_database_that_is_wholly_taken_waits_too(house, monkeypatch):
    monkeypatch.setattr("alexa_local.store.database._BUSY_TIMEOUT_S", 0.01)
    path = house.state / DATABASE
    open_store(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("INSERT INTO settings VALUES ('new', 'yes')")
        found = chores(house)
    finally:
        other.close()
    assert (found["database"].state, found["database"].exit_code) == ("later", 0)


def test_what_nobody_took_in_time_is_deleted_and_the_rest_waits(house, store):
    """With the daemon's own clock and rule; a wall clock that was set does not make a message old."""
    clock = SystemClock()
    outbox = Outbox(store, clock, LocalOnly(store))
    for queued_s in (clock.now(), 0.0):  # the second, before the clock was set
        request = outbox.add(b"readings")
        store.write("UPDATE outbox SET queued_s = ? WHERE id = ?", queued_s, request.bytes)
    assert chores(house)["outbox"].told.startswith("2 messages wait to be sent")
    store.write("UPDATE outbox SET queued_s = 0, boot_id = 'another' WHERE id = ?", request.bytes)
    assert chores(house, dry_run=True)["outbox"].state == "ok"
    assert chores(house)["outbox"].state == "done"
    assert [one.id != request for one in outbox.waiting()] == [True]


def test_an_older_database_waits_for_its_daemon(house):
    path = house.state / DATABASE
    open_store(path, MIGRATIONS[:1]).close()
    before = path.read_bytes()
    assert chores(house)["database"].state == "later"
    assert path.read_bytes() == before


def test_an_altered_model_is_told_by_its_file(house):
    (house.models_dir / "tiny" / "net.tflite").write_bytes(b"weighty")
    broken = chores(house)["model tiny"]
    assert (broken.state, broken.exit_code) == ("fail", ModelError.exit_code)
    assert "net.tflite was altered" in broken.told and "Restore it" in broken.told


def test_what_refused_updates_left_goes_when_it_is_old(house):
    slots = house.state / SLOTS / "tiny"
    (slots / "b").mkdir(parents=True)
    (slots / "b" / "net.tflite").write_bytes(bytes(1 << 20))
    (slots / "package").write_bytes(bytes(1 << 20))
    assert chores(house)["updates"].state == "ok"
    later_s = (slots / "package").stat().st_mtime + ABANDONED_S + 10
    assert chores(house, now_s=later_s, dry_run=True)["updates"].state == "due"
    assert (slots / "package").exists()
    done = chores(house, now_s=later_s)["updates"]
    assert (done.state, done.told) == ("done", "2.0 MiB given back.")
    assert list(slots.iterdir()) == []


@pytest.mark.parametrize(("free", "state", "code"), [(500.0, "ok", 0), (100.0, "warn", 0), (5.0, "fail", 74)])
def test_a_disk_that_fills_up_is_told_before_it_is_full(house, monkeypatch, free, state, code):
    monkeypatch.setattr("alexa_local.daemon.housekeeping.free_mib", lambda _: free)
    disk = chores(house)["disk"]
    assert (disk.state, disk.exit_code) == (state, code)
    assert ("apt clean" in disk.told) == (state != "ok")


@pytest.mark.skipif(not may_mount(), reason="this machine allows no mount of one's own")
def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path):
    (tmp_path / "state").mkdir()
    command = [*NAMESPACE, "sh", "-c", ON_A_FULL_DISK, "sh", tmp_path, sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = {line.split()[2]: line for line in done.stdout.splitlines()}
    assert lines["database:"].startswith("0 ok")
    assert lines["disk:"].startswith("74 fail")
    assert {line.split()[0] for line in done.stdout.splitlines()} == {"0", "74"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder somebody else's")
def test_a_folder_that_may_not_be_written_is_told(house):
    path = house.state / DATABASE
    open_store(path).close()
    for folder in (house.state, *list(house.state.parents)[:3]):
        folder.chmod(0o755)
    for one in (path, house.state):
        os.chown(one, NOBODY, NOBODY)
    house.state.chmod(0o555)
    before = files(house.state)
    found = chores(house)
    assert found["database"].exit_code == StorageError.exit_code
    assert "may not be written" in found["database"].told
    assert files(house.state) == before
    assert os.geteuid() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder somebody else's")
def test_what_root_does_leaves_the_files_the_daemons(house, store):
    for folder in (house.state, *list(house.state.parents)[:3]):
        folder.chmod(0o755)
    for one in (house.state, *house.state.iterdir()):
        os.chown(one, NOBODY, NOBODY)
    assert chores(house)["free pages"].state == "done"
    assert {one.stat().st_uid for one in house.state.iterdir()} == {NOBODY}
    assert os.geteuid() == 0
