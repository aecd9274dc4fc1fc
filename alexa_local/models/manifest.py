"""Model folders: a manifest beside the files, and nothing is loaded whose sha256 differs from it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alexa_local.errors import ModelError
from alexa_local.models.slots import check_manifest, slots_to_try

_LOG = logging.getLogger(__name__)

MANIFEST = "manifest.json"
_VARIABLE = "ALEXA_LOCAL_MODELS"
_INSTALLED = Path("/usr/share/alexa-local/models")
_CHECKOUT = Path(__file__).resolve().parents[2] / "firmware_models"


@dataclass(frozen=True)
class Model:
    """A verified model folder.

    Attributes:
        name: the folder's name, such as "wake-alexa".
        folder: where it lies.
        info: the manifest, as read.
    """

    name: str
    folder: Path
    info: Mapping[str, Any]

    @property
    def generation(self) -> int:
        """Which generation it is, counted from 1; updates have higher ones."""
        return generation_of(self.info)

    def path(self, file: str) -> Path:
        """The path of one of the manifest's files.

        Raises:
            ModelError: the manifest names no such file.
        """
        if file not in self.info["files"]:
            raise ModelError(
                f"Model {self.name} has no file {file!r}; its manifest names {sorted(self.info['files'])}."
            )
        return self.folder / file


def models_folder(directory: str | os.PathLike[str] | None = None) -> Path:
    """Where models lie: the given folder, $ALEXA_LOCAL_MODELS, the checkout's, or the installed one."""
    if directory:
        return Path(directory)
    if _VARIABLE in os.environ:
        return Path(os.environ[_VARIABLE])
    return _CHECKOUT if _CHECKOUT.is_dir() else _INSTALLED


def is_owners_own(directory: str | os.PathLike[str] | None) -> bool:
    """Whether somebody named the folder of the models, so that updates are not looked for."""
    return bool(directory) or _VARIABLE in os.environ


def generation_of(info: Mapping[str, Any]) -> int:
    """The generation that a manifest tells; models that tell none are the first."""
    return int(info.get("generation", 1))


def open_model(
    name: str, directory: str | os.PathLike[str] | None = None, slots: Path | None = None
) -> Model:
    """Find a model, check every file of it against its manifest, and return it.

    Args:
        name: the model's name.
        directory: the folder of the models; None for the ones that came with the program.
        slots: the folder of the updates, which are used unless `directory` or $ALEXA_LOCAL_MODELS is set. One
            that is damaged is passed over, for the one before it or the shipped model.

    Raises:
        ModelError: the model is missing, its manifest cannot be read, or a file is missing or altered.
    """
    shipped = models_folder(directory) / name
    if slots is None or is_owners_own(directory):
        return open_folder(shipped)
    for folder, manifest in slots_to_try(slots / name, shipped_generation(shipped)):
        try:
            check_manifest(folder / MANIFEST, manifest)
            return Model(name, folder, open_folder(folder).info)
        except ModelError as error:
            _LOG.error("An update is passed over: %s", error)
    return open_folder(shipped)


def shipped_generation(folder: Path) -> int:
    """The generation of a shipped model; 0 when it cannot be read, so that any update is newer."""
    try:
        return generation_of(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError):
        return 0


def open_folder(folder: Path) -> Model:
    """Open the model that lies in a folder, whatever it is used for.

    Raises:
        ModelError: as `open_model`.
    """
    name = folder.name
    remedy = (
        "Restore it from the release (in a checkout: git checkout firmware_models), or reinstall the package."
    )
    try:
        info = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        generation_of(info)
        files = dict(info["files"])
        wanted = {file: str(about["sha256"]) for file, about in files.items()}
    except FileNotFoundError:
        raise ModelError(f"Model {name!r} is missing: no {folder / MANIFEST}. {remedy}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"The manifest {folder / MANIFEST} cannot be read ({error}). {remedy}") from error
    for file, sha256 in wanted.items():
        if not file or Path(file).name != file:
            raise ModelError(
                f"Manifest {folder / MANIFEST} names {file!r}, not a file of its folder. {remedy}"
            )
        _verify(folder / file, sha256, remedy)
    return Model(name, folder, info)


def _verify(path: Path, sha256: str, remedy: str) -> None:
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"Model file {path} cannot be read ({error.strerror}). {remedy}") from error
    if found != sha256:
        raise ModelError(
            f"Model file {path} was altered: its sha256 is {found[:16]}…, not {sha256[:16]}…. {remedy}"
        )
