"""A package: one byte string that turns an older generation's files, or nothing, into a newer one's."""

from __future__ import annotations

from pathlib import Path

from alexa_local.generations.manifest import Generation, Package


def make_package(kind: str, old: Path | None, new: Path, out: Path) -> Package:
    """Write a package, and say what the manifest says of it.

    Args:
        kind: of `manifest.KINDS`.
        old: the folder of the generation that it builds upon; None for a full one.
        new: the folder that it leads to.
        out: the file to be written.

    Raises:
        UpdateError: a folder is no model's.
        StorageError: the package cannot be written.
    """
    raise NotImplementedError


def verify_package(path: Path, package: Package) -> None:
    """Check a package that was fetched.

    Raises:
        UpdateError: its length or its sha256 is not the manifest's.
    """
    raise NotImplementedError


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
    raise NotImplementedError
