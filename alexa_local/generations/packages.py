"""Checking and applying packages, which turn an older generation's files, or nothing, into a newer one's."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from alexa_local.errors import StorageError, UpdateError
from alexa_local.generations.delta import damaged
from alexa_local.generations.folders import files_of
from alexa_local.generations.manifest import (
    MODEL_MANIFEST,
    FileDigest,
    Generation,
    Package,
    digest_of,
)
from alexa_local.generations.pieces import MARK, OldFile, make_bytes, read_pieces

_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


def verify_package(path: Path, package: Package) -> None:
    """Check a package that was fetched.

    Raises:
        UpdateError: its length or its sha256 is not the manifest's.
    """
    try:
        with path.open("rb") as stream:
            length = os.fstat(stream.fileno()).st_size
            fits = (
                length == package.bytes
                and hashlib.file_digest(stream, "sha256").hexdigest() == package.sha256
            )
    except OSError as error:
        raise StorageError(
            f"The package {path} cannot be read ({error.strerror}). Fetch it again."
        ) from error
    if not fits:
        raise damaged("it is not the one that was signed")


def apply_package(path: Path, package: Package, generation: Generation, old: Path | None, new: Path) -> None:
    """Make a generation's files from a package; the result is bit-identical, or there is none.

    The package, the old folder (`digest_of`) and every new file are checked against the signed manifest.
    manifest.json is written last and everything is on disk when this returns: whatever happens in between,
    a folder without manifest.json is no model. Takes no more than 64 MB, with Python and all libraries.

    Args:
        path: the package.
        package: what the manifest says of it, one of `generation.packages`.
        generation: of `signing.verify`.
        old: the folder that it builds upon; None for a full package.
        new: the folder to be made; it does not exist, or is empty.

    Raises:
        UpdateError: the package or the old folder is not what the manifest says, or not in the format.
        StorageError: the disk is full, read-only or broken; what was written is removed.
    """
    verify_package(path, package)
    old_files = _check_base(package, old)
    try:
        new.mkdir(_FOLDER_MODE, exist_ok=True)
        if any(new.iterdir()):
            raise UpdateError(f"The folder {new} is not empty. Empty it, or name another one.")
    except OSError as error:
        raise _explain(new, error) from error
    try:
        with path.open("rb") as stream:
            _apply(stream, generation, old, old_files, new)
        _sync_folder(new)
        _sync_folder(new.parent)
    except BaseException as error:
        _remove(new)
        if isinstance(error, OSError):
            raise _explain(new, error) from error
        raise


def in_order(files: Iterator[str]) -> list[str]:
    """The names of a package's files as they lie in it: what makes the folder a model comes last."""
    return sorted(files, key=lambda name: (name == MODEL_MANIFEST, name))


def _check_base(package: Package, old: Path | None) -> dict[str, FileDigest]:
    """The files that the package builds upon, which are what it expects."""
    if package.base is None:
        return {}
    files = files_of(old) if old is not None else {}
    if digest_of(files) != package.base_digest:
        raise UpdateError(
            f"The update builds upon another version {package.base} than is here. Use another package of it."
        )
    return files


def _apply(
    stream: BinaryIO, generation: Generation, old: Path | None, old_files: dict[str, FileDigest], new: Path
) -> None:
    if stream.read(len(MARK)) != MARK:
        raise damaged("no mark at its beginning")
    for name in in_order(iter(generation.files)):
        with contextlib.ExitStack() as open_files:
            base = OldFile(None, 0)
            if old is not None and name in old_files:
                base = OldFile(open_files.enter_context((old / name).open("rb")), old_files[name].bytes)
            _write_file(new / name, generation.files[name], stream, base)
    if stream.read(1):
        raise damaged("extra bytes at its end")


def _write_file(path: Path, wanted: FileDigest, package: BinaryIO, old: OldFile) -> None:
    sha256 = hashlib.sha256()
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE_MODE
    )
    with os.fdopen(descriptor, "wb") as stream:
        for piece in read_pieces(package, wanted.bytes):
            for data in make_bytes(piece, old):
                sha256.update(data)
                stream.write(data)
        if sha256.hexdigest() != wanted.sha256:
            raise damaged(f"it makes another {path.name}")
        stream.flush()
        os.fsync(stream.fileno())


def _remove(folder: Path) -> None:
    """What was begun; manifest.json first, so that no moment leaves a folder that looks whole."""
    with contextlib.suppress(OSError):
        for path in sorted(folder.iterdir(), key=lambda path: path.name != MODEL_MANIFEST):
            path.unlink()
        folder.rmdir()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explain(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The update cannot be written to {folder} ({error.strerror}). Free space, or mend the disk; the "
        "model that is in use is untouched."
    )
