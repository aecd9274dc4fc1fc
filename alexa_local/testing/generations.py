"""Small model folders, and signed generations of them with all their packages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alexa_local.generations import Generation, Package, files_of, make_package, version_of
from alexa_local.generations.manifest import DELTA, FULL, PATCH
from alexa_local.generations.signing_key import SigningKey, sign


@dataclass(frozen=True)
class Published:
    """What a publisher would have published.

    Attributes:
        generation: what the envelope says.
        envelope: signed.
        packages: where each package lies.
    """

    generation: Generation
    envelope: bytes
    packages: Mapping[Package, Path]

    def package(self, kind: str) -> Package:
        """The first package of a kind."""
        return next(package for package in self.packages if package.kind == kind)

    def chunks(self, package: Package) -> list[bytes]:
        """What the messages of a package carry."""
        data = self.packages[package].read_bytes()
        return [data[slice(*package.chunk_range(index))] for index in range(package.chunks)]


def write_model_folder(folder: Path, files: Mapping[str, bytes], version: int = 1) -> Path:
    """A model's folder with a true manifest."""
    folder.mkdir(parents=True)
    about = {}
    for name, data in files.items():
        (folder / name).write_bytes(data)
        about[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    info = {"name": folder.name, "generation": version, "files": about}
    (folder / "manifest.json").write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")
    return folder


def make_generation(
    model: str, new: Path, key: SigningKey, work: Path, old: Path | None = None, **more: object
) -> Published:
    """The generation that a folder is (its manifest says the version), with every kind of package.

    Args:
        model: its name.
        new: its folder.
        key: signs it.
        work: where the packages go.
        old: what packages may build upon.
        **more: fields of the generation.
    """
    work.mkdir(parents=True, exist_ok=True)
    packages = {}
    for kind in (FULL,) if old is None else (FULL, PATCH, DELTA):
        path = work / f"{kind}.package"
        packages[make_package(kind, None if kind == FULL else old, new, path)] = path
    generation = Generation(
        model,
        version_of(new),
        "2026-11-21T20:15:00Z",
        files_of(new),
        tuple(packages),
        **more,  # type: ignore[arg-type]
    )
    return Published(generation, sign(generation, [key]), packages)
