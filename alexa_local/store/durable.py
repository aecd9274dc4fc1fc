"""The one way to write a file that must never be half there: write beside, fsync, rename, fsync folder."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from alexa_local.errors import StorageError
from alexa_local.store.faults import explain_os_error


def durable_write(
    path: str | os.PathLike[str], data: bytes, mode: int = 0o600, owner: tuple[int, int] | None = None
) -> None:
    """Replace a file's content so that a crash at any moment leaves the old content or the new.

    When this returns, the new content survives a power cut. A crash may leave `.NAME.new` beside the
    file; the next write of the same file overwrites it. One path has one writer at a time.

    Args:
        path: the file; a symbolic link stays one, and its target is replaced.
        data: the whole new content.
        mode: permission bits of the file.
        owner: its user and group; ours when None.

    Raises:
        StorageError: the disk is full, read-only or broken; the old content is still there.
    """
    target = Path(path).resolve()
    fresh = left_over_of(target)
    try:
        _write_and_sync(fresh, data, mode, owner)
        fresh.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise StorageError(explain_os_error(target, error)) from error


def left_over_of(path: Path) -> Path:
    """What a crash in the midst of writing this file may leave beside it."""
    return path.with_name(f".{path.name}.new")


def sync_folder(folder: Path) -> None:
    """Make a folder's entries durable: a rename is one only after this."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_and_sync(path: Path, data: bytes, mode: int, owner: tuple[int, int] | None) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as stream:
        if owner is not None:
            os.fchown(stream.fileno(), *owner)
        os.fchmod(stream.fileno(), mode)  # the umask and a left-over file must not decide
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
