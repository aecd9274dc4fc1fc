"""Other commands at the daemon's database: what they write there must stay the daemon's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alexa_local.errors import StorageError
from alexa_local.store.database import Store, open_store
from alexa_local.store.faults import explain_os_error


@contextmanager
def as_owner_of(folder: Path) -> Iterator[None]:
    """While this lasts, root acts as the owner of `folder`; anybody else, or without the folder, as before.

    SQLite makes files beside the database, and the daemon could not open those of root. The whole process
    changes, so only commands with one thread may do this.
    """
    try:
        about = folder.stat()
    except OSError:
        yield
        return
    if os.geteuid() != 0 or about.st_uid == 0:
        yield
        return
    group = os.getegid()
    os.setegid(about.st_gid)
    os.seteuid(about.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)


@contextmanager
def existing_store(path: Path) -> Iterator[Store | None]:
    """The database at `path`, or None where there is none; nothing is made.

    Raises:
        StorageError: whether there is one cannot be seen, or it cannot be read.
    """
    with as_owner_of(path.parent):
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            yield None
            return
        except OSError as error:
            raise StorageError(explain_os_error(path, error)) from error
        with open_store(path) as store:
            yield store
