"""A model's folder as a generation: which of its files count, and which version it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from alexa_local.errors import UpdateError
from alexa_local.generations.manifest import (
    FILE_NAME,
    FIRST,
    LATEST,
    MODEL_MANIFEST,
    FileDigest,
    whole_number,
)


def files_of(folder: Path) -> dict[str, FileDigest]:
    """The files of a model's folder that count: manifest.json and those that it names.

    Raises:
        UpdateError: one is missing or cannot be read, or the manifest names something else than its files.
    """
    try:
        names = json.loads((folder / MODEL_MANIFEST).read_bytes())["files"]
        wrong = [name for name in names if not FILE_NAME.fullmatch(name)]
        if wrong:
            raise ValueError(f"it names {wrong[0]!r}")
        return {name: _digest(folder / name) for name in sorted({MODEL_MANIFEST, *names})}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UpdateError(
            f"The folder {folder} is no model's ({error}). Name one with a manifest.json and its files."
        ) from error


def version_of(folder: Path) -> int:
    """Which generation a model's folder is.

    Raises:
        UpdateError: its manifest cannot be read.
    """
    try:
        about = json.loads((folder / MODEL_MANIFEST).read_bytes())
        return whole_number(about.get("generation", FIRST), FIRST, LATEST)
    except (OSError, ValueError, AttributeError) as error:
        raise UpdateError(
            f"The manifest of {folder} does not say its generation ({error}). Restore the folder."
        ) from error


def _digest(path: Path) -> FileDigest:
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return FileDigest(sha256, stream.tell())
