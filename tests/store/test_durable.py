import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from alexa_local.errors import StorageError
from alexa_local.store import durable_write

ROOT = Path(__file__).resolve().parents[2]

DIE_AT = """
import os, signal, sys
from alexa_local.store import durable_write
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
real_fsync, synced = os.fsync, []
def fsync(descriptor):
    synced.append(descriptor)
    if step == "first fsync" or len(synced) == 2: die()
    real_fsync(descriptor)
step = sys.argv[2]
if step == "open": os.open = die
if step == "write": os.fchmod = die
if step in ("first fsync", "folder fsync"): os.fsync = fsync
if step == "rename": os.replace = die
durable_write(sys.argv[1], b"new" * 10000)
"""


def test_the_new_content_replaces_the_old(tmp_path: Path) -> None:
    path = tmp_path / "contacts.json"
    durable_write(path, b"one")
    durable_write(path, b"two", mode=0o640)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["contacts.json"]


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real" / "file")
    durable_write(link, b"content")
    assert link.is_symlink()
    assert (tmp_path / "real" / "file").read_bytes() == b"content"


@pytest.mark.parametrize("step", ["open", "write", "first fsync", "rename", "folder fsync"])
def test_a_kill_between_any_two_steps_leaves_the_old_content_or_the_new(tmp_path: Path, step: str) -> None:
    path = tmp_path / "file"
    durable_write(path, b"old")
    child = subprocess.run([sys.executable, "-c", DIE_AT, str(path), step], cwd=ROOT)
    assert child.returncode == -9
    assert path.read_bytes() == (b"new" * 10000 if step == "folder fsync" else b"old")
    durable_write(path, b"newer")  # what the crash left behind is in nobody's way
    assert path.read_bytes() == b"newer"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_keeps_the_old_content_and_names_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "file"
    durable_write(path, b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(StorageError, match=r"disk is full.*Free some space"):
            durable_write(path, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Check the folder"):
        durable_write(tmp_path / "nowhere" / "file", b"x")
