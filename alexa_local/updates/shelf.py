"""What is on disk of one model's updates: the record, the signed manifest, the package, and the two slots.

The record rules: whatever it does not name is left over from something that did not come to its end.

    STATE_DIR/models/NAME/state.json     the record
                          envelope.json  the signed manifest that the present course is about
                          package        as much of its package as has come
                          a/ b/          generations, whole if the record says so
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alexa_local.errors import StorageError
from alexa_local.models.slots import RECORD, SLOTS, Slot
from alexa_local.store.durable import durable_write, left_over_of, sync_folder
from alexa_local.store.faults import explain_os_error
from alexa_local.updates.record import Record

_FOLDER_MODE = 0o700


class Shelf:
    """The folder of one model; one process at a time may write to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.envelope, self.package = folder / "envelope.json", folder / "package"

    def read(self) -> Record:
        """The record; a new one where there is none.

        Raises:
            StorageError: it cannot be read. Then nothing may be updated: what was accepted is not known.
        """
        file = self.folder / RECORD
        try:
            return Record.from_bytes(file.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return Record()
        except OSError as error:
            raise StorageError(explain_os_error(file, error)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StorageError(
                f"{file} is damaged ({error}). The shipped model is used; remove the file to have it updated."
            ) from error

    def write(self, record: Record) -> None:
        """Make a record durable: what it says may be begun.

        Raises:
            StorageError: the disk is full, read-only or broken; the old record holds.
        """
        self._make(self.folder)
        durable_write(self.folder / RECORD, record.to_bytes())

    def keep_envelope(self, envelope: bytes) -> None:
        """Make the signed manifest of a course durable, before the course begins."""
        self._make(self.folder)
        durable_write(self.envelope, envelope)

    def slot(self, slot: Slot) -> Path:
        """The folder of a slot."""
        return self.folder / slot

    def fetched_bytes(self) -> int:
        """How much of the package has come."""
        try:
            return self.package.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, at_bytes: int, data: bytes) -> None:
        """Write a piece of the package, which is durable when this returns.

        Raises:
            StorageError: the disk is full, read-only or broken; the piece may be there in part.
        """
        with self._explained(self.package):
            descriptor = os.open(self.package, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb", buffering=0) as stream:
                stream.seek(at_bytes)
                rest = memoryview(data)
                while rest:
                    rest = rest[stream.write(rest) :]
                stream.truncate()
                os.fsync(stream.fileno())
            if not at_bytes:
                sync_folder(self.folder)

    def drop_package(self) -> None:
        """Forget what has come of a package."""
        with self._explained(self.package):
            self.package.unlink(missing_ok=True)

    def empty(self, slot: Slot) -> Path:
        """Make a slot's folder an empty one; the record must not say that something lies in it."""
        folder = self.slot(slot)
        with self._explained(folder):
            if folder.exists():
                shutil.rmtree(folder)
            self._make(folder)
            sync_folder(self.folder)
        return folder

    def left_overs(self, record: Record) -> Iterator[Path]:
        """What the record does not name, of files and folders of ours."""
        wanted = {self.folder / slot for slot in record.choice.held}
        if record.phase in ("fetching", "applying"):
            wanted.add(self.package)
        if record.phase != "idle":
            wanted.add(self.envelope)
        if record.phase == "applying" and record.target:
            wanted.add(self.slot(record.target.slot))
        ours = [self.package, self.envelope, *(self.folder / slot for slot in SLOTS)]
        ours += [left_over_of(self.folder / RECORD), left_over_of(self.envelope)]
        yield from (path for path in ours if path not in wanted and path.exists())

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove what is left over."""
        for path in paths:
            with self._explained(path):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)

    def _make(self, folder: Path) -> None:
        """A folder whose name survives a power cut; those above it as well."""
        with self._explained(folder):
            if not folder.is_dir():
                if not folder.parent.is_dir():
                    self._make(folder.parent)
                folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
                sync_folder(folder.parent)

    @staticmethod
    @contextmanager
    def _explained(path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(explain_os_error(path, error)) from error
