"""Turns what the system and SQLite say about a failed write into a fact and a remedy."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alexa_local.errors import StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM}
_KEPT = "what was saved before is kept."


def explain_os_error(path: Path, error: OSError) -> str:
    """One line about a file that could not be written."""
    if error.errno in _FULL:
        return _full(path)
    if error.errno in _REFUSED:
        return _refused(path)
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{path} could not be written ({reason}). Check the folder and its disk (dmesg); {_KEPT}"


def explain_sqlite_error(path: Path, error: sqlite3.Error) -> str | None:
    """One line about a database that could not be used, or None when the fault is the program's own."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith("SQLITE_FULL"):
        return _full(path)
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return _refused(path)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return explain_damage(path, str(error))
    if name.startswith("SQLITE_IOERR"):
        return f"{path} could not be read or written ({error}). Check the disk (dmesg); {_KEPT}"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return (
            f"{path} is in use by another program. Stop the other alexa-local (systemctl status alexa-local)."
        )
    return None


@contextmanager
def faults_explained(path: Path) -> Iterator[None]:
    """What SQLite raises within becomes a StorageError that says what to do; a mistake of ours does not."""
    try:
        yield
    except sqlite3.Error as error:
        line = explain_sqlite_error(path, error)
        if line is None:
            raise
        raise StorageError(line) from error


def explain_damage(path: Path, finding: str) -> str:
    """One line about a database that fails SQLite's own check."""
    return (
        f"The database {path} is damaged ({finding}). It was left as it is: restore it from a backup, "
        f"or start afresh with `mv {path} {path}.damaged` (`sqlite3 FILE .recover` may save the rest)."
    )


def _full(path: Path) -> str:
    return f"The disk is full: {path} could not be written. Free some space (df -h {path.parent}); {_KEPT}"


def _refused(path: Path) -> str:
    return (
        f"{path} may not be written: it is read-only or belongs to somebody else. "
        f"Check `ls -ld {path.parent}` and `mount`; {_KEPT}"
    )
