"""Root at work in the daemon's folder: what it writes there must stay the daemon's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
