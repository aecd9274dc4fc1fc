"""Making what is to be published of a model's folder: its version, its packages, its signed envelope."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from alexa_local.errors import ModelError, StorageError, UpdateError
from alexa_local.generations import (
    Generation,
    KeyChanges,
    Needs,
    Package,
    apply_package,
    digest_of,
    files_of,
    make_package,
    version_of,
)
from alexa_local.generations.manifest import DELTA, FULL, MODEL_MANIFEST, PATCH
from alexa_local.generations.signing import NO_CHANGES
from alexa_local.generations.signing_key import SigningKey, sign


@dataclass(frozen=True)
class Edition:
    """A generation that is ready to be published.

    Attributes:
        generation: what the envelope says.
        envelope: signed.
        packages: the file of each package.
    """

    generation: Generation
    envelope: bytes
    packages: Mapping[Package, Path]


def next_version(folder: Path, older: Sequence[Path], now: Generation | None, begun: bool) -> int:
    """The version that a folder gets when its owner leaves it to us.

    Args:
        folder: what is to be published.
        older: the folders that devices may have.
        now: what is published.
        begun: whether the folder's own version is partly on the broker.
    """
    own = version_of(folder)
    if now is not None and now.files == files_of(folder):
        return now.version
    highest = max([now.version if now else 0, *map(version_of, older)])
    return own if begun and own > highest else max(own, highest) + 1


def refuse_older(version: int, folder: Path, older: Sequence[Path], now: Generation | None) -> None:
    """Check that devices would take a version.

    Raises:
        UpdateError: it is not above those that are published or out.
    """
    if now is not None and (
        version < now.version or (version == now.version and now.files != files_of(folder))
    ):
        raise UpdateError(
            f"Version {now.version} of {now.model} is published, with other files, and no device would take "
            f"{version}. Take --version {now.version + 1}, or next."
        )
    for each in older:
        if version_of(each) >= version:
            raise UpdateError(
                f"{each} is generation {version_of(each)}, not older than {version}. Take --version next."
            )


def set_version(folder: Path, version: int) -> None:
    """Write the version into a folder's manifest, so that the folder is what devices will have, bit for bit.

    Raises:
        StorageError: the manifest cannot be written.
    """
    manifest = folder / MODEL_MANIFEST
    if version_of(folder) == version:
        return
    info = json.loads(manifest.read_text(encoding="utf-8"))
    info["generation"] = version
    fresh = manifest.with_name(f".{MODEL_MANIFEST}.new")
    try:
        fresh.write_text(json.dumps(info, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        fresh.chmod(manifest.stat().st_mode)
        fresh.replace(manifest)
    except OSError as error:
        raise StorageError(
            f"{manifest} cannot be given its number ({error.strerror}). Publish a copy of the folder."
        ) from error


def prepare(
    model: str,
    folder: Path,
    older: Sequence[Path],
    keys: Sequence[SigningKey],
    work: Path,
    changes: KeyChanges = NO_CHANGES,
    now: Generation | None = None,
) -> Edition:
    """Make a generation's packages and sign it.

    Args:
        model: its name.
        folder: its files; its manifest says the version.
        older: folders of generations that devices may have: from each, the shortest way is packed.
        keys: they sign.
        work: a folder for the packages.
        changes: keys that devices shall add and revoke.
        now: what is published; the same version keeps its date.

    Raises:
        UpdateError: the manifest says something that devices would refuse, or a package does not work.
        StorageError: a package cannot be written.
    """
    version = version_of(folder)
    packages = _make_packages(folder, older, work)
    again = now is not None and now.version == version
    generation = Generation(
        model,
        version,
        now.created if now is not None and again else datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        files_of(folder),
        tuple(packages),
        _needs(folder),
        changes.added,
        changes.revoked,
    )
    _try(generation, packages, older, work / "tried")
    return Edition(generation, sign(generation, keys), packages)


def _make_packages(folder: Path, older: Sequence[Path], work: Path) -> dict[Package, Path]:
    full = work / "full.package"
    packages = {make_package(FULL, None, folder, full): full}
    (largest,) = packages
    for number, old in enumerate(older):
        made = {}
        for kind in (DELTA, PATCH):
            path = work / f"{number}-{kind}.package"
            made[make_package(kind, old, folder, path)] = path
        smallest = min(made, key=lambda package: package.bytes)
        if smallest.bytes < largest.bytes:
            packages[smallest] = made[smallest]
    return packages


def _try(generation: Generation, packages: Mapping[Package, Path], older: Sequence[Path], out: Path) -> None:
    """Do what devices will do: a package that does not work must not be signed."""
    folders = {digest_of(files_of(each)): each for each in older}
    for package, path in packages.items():
        apply_package(path, package, generation, folders.get(package.base_digest), out)
        shutil.rmtree(out)


def _needs(folder: Path) -> Needs:
    """What the folder's manifest says that a device must have."""
    info = json.loads((folder / MODEL_MANIFEST).read_text(encoding="utf-8")).get("needs", {})
    try:
        needs = Needs(**info)
        if isinstance(needs.runtimes, str) or isinstance(needs.boards, str):
            raise TypeError("runtimes and boards are lists")
        return Needs(needs.release, tuple(needs.runtimes), tuple(needs.boards), needs.features)
    except TypeError as error:
        raise ModelError(
            f"What the manifest of {folder} says under `needs`, no device knows ({error}). It may name "
            "release, runtimes, boards and features."
        ) from error
