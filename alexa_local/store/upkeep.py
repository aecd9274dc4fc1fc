"""Looks after the database while others use it: it looks first, and works in steps that make nobody wait.

SQLite's own `PRAGMA optimize` is left out: rows are found by their keys, which statistics make no faster, and
some builds of it keep samples of the rows as statistics, which would outlive what people deleted.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from alexa_local.errors import StorageError
from alexa_local.store.database import Store, check_file, read_only
from alexa_local.store.faults import faults_explained
from alexa_local.store.schema import MIGRATIONS

WORTH_BYTES = 256 << 10
"""Less free room inside the file is kept for what comes next: each page moved wears the card."""

LITTLE_MIB, TOO_LITTLE_MIB = 200.0, 20.0
"""Free room on the disk below which there should be more, and below which writing is about to fail."""

MAKE_ROOM = "Make room: `apt clean`, and `journalctl --vacuum-size=50M`."

PAUSE_S = 0.15
"""Seconds between steps: whoever waits for the database looks again every tenth of one."""

_STEP_PAGES = 32
_PATIENCE_MS = 1000
"""How long a step waits for others; SQLite lets nobody else write while it waits for readers."""


@dataclass(frozen=True)
class Survey:
    """What the database is like, found without changing it.

    Attributes:
        size_bytes: its file.
        free_bytes: pages of it that hold nothing.
        log_bytes: the write-ahead log beside it, which keeps the size it once had.
        shrinks: whether free pages can be given back; a database of before that was thought of keeps them.
        current: whether its tables are this program's; the daemon brings older ones up to date.
        waiting: messages that are to be sent.
    """

    size_bytes: int
    free_bytes: int
    log_bytes: int
    shrinks: bool
    current: bool
    waiting: int


def survey(path: Path) -> Survey:
    """Look at an existing database.

    Raises:
        StorageError: it is damaged, another program's, a newer program's, or in use.
    """
    check_file(path, len(MIGRATIONS))
    with faults_explained(path), read_only(path) as connection:
        page_bytes = _number(connection, "page_size")
        current = _number(connection, "user_version") == len(MIGRATIONS)
        waiting = connection.execute("SELECT count(*) FROM outbox").fetchone()[0] if current else 0
        return Survey(
            size_bytes=_number(connection, "page_count") * page_bytes,
            free_bytes=_number(connection, "freelist_count") * page_bytes,
            log_bytes=log_bytes(path),
            shrinks=_number(connection, "auto_vacuum") != 0,
            current=current,
            waiting=waiting,
        )


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])


def log_bytes(path: Path) -> int:
    """The size of the database's write-ahead log; 0 without one."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size
    except FileNotFoundError:
        return 0


def be_patient_briefly(store: Store) -> None:
    """From here on this store waits a second for others, not as long as a request does."""
    store.read(f"PRAGMA busy_timeout = {_PATIENCE_MS}")


def give_back(store: Store, pause_s: float = PAUSE_S) -> int:
    """Free the file of empty pages; returns the bytes given back.

    Each step is a transaction of milliseconds and has a pause after it, so that the daemon can write in
    between; a power cut leaves a whole database. The file itself shrinks when its log is emptied.
    """
    page_bytes = int(store.read("PRAGMA page_size")[0][0])
    before = left = _free_pages(store)
    while left:
        with store.transaction() as connection:
            for _ in range(min(_STEP_PAGES, left)):
                connection.execute("PRAGMA incremental_vacuum(1)")  # Python steps it once, which is one page
        if (now := _free_pages(store)) >= left:
            break  # somebody else frees as much as we give back
        time.sleep(pause_s)
        left = now
    return (before - left) * page_bytes


def _free_pages(store: Store) -> int:
    return int(store.read("PRAGMA freelist_count")[0][0])


def empty_log(store: Store) -> bool:
    """Bring all of the write-ahead log into the database and make it empty; False when others are reading it.

    The long part, the first, hinders nobody; only then, with nothing left to copy, are writers kept waiting.
    """
    store.read("PRAGMA wal_checkpoint(PASSIVE)")
    busy = store.read("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]
    return not busy


def free_mib(folder: Path) -> float:
    """Room on the disk of a folder, which need not be there yet."""
    there = next(place for place in (folder, *folder.absolute().parents) if os.path.exists(place))  # noqa: PTH110
    return shutil.disk_usage(there).free / (1 << 20)


def is_busy(error: StorageError) -> bool:
    """Whether it says no more than that somebody else is writing: the same works at another time."""
    name = getattr(error.__cause__, "sqlite_errorname", "") or ""
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
