"""Putting a generation of a model on the broker, where it is whole or not there for every device that looks.

The chunks come first and the envelope last: what an envelope names is there. What no envelope names any more
goes afterwards. Whatever is interrupted, the same command again finishes it, and sends only what is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from alexa_local.errors import ModelError, NetworkError, StorageError, UpdateError, UsageError
from alexa_local.generations import (
    Generation,
    KeyChanges,
    Needs,
    Package,
    SigningKey,
    chunk_topic,
    files_of,
    generation_topic,
    make_package,
    package_topic,
    sign,
    version_of,
)
from alexa_local.generations.manifest import DELTA, FULL, MODEL_MANIFEST, PATCH
from alexa_local.generations.signing import NO_CHANGES, read_unverified

_MODEL = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Retained(Protocol):
    """`shelf.Shelf`: what the broker keeps."""

    def look(self, filters: Sequence[str]) -> dict[str, bytes]:
        """What is retained there."""

    def put(self, messages: Iterator[tuple[str, bytes]]) -> int:
        """Have messages retained, in this order; how many they were."""

    def take_away(self, topics: Sequence[str]) -> int:
        """Have nothing retained there; how many topics they were."""


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


@dataclass(frozen=True)
class Report:
    """What publishing did, in messages.

    Attributes:
        sent: those that the broker was given.
        found: those that it had already.
        removed: those that nothing needs any more.
    """

    sent: int
    found: int
    removed: int


def models_root(prefix: str, model: str) -> str:
    """What all topics of a model begin with.

    Raises:
        UsageError: it is no model's name.
    """
    if not _MODEL.fullmatch(model):
        raise UsageError(f"{model!r} is no name of a model: a-z, 0-9 and '-'. Name it with --name.")
    return generation_topic(prefix, model).rpartition("/")[0]


def published(shelf: Retained, prefix: str, model: str) -> Generation | None:
    """The generation that the broker offers now.

    Raises:
        UpdateError: what it offers is none.
    """
    topic = generation_topic(prefix, model)
    found = shelf.look([topic]).get(topic)
    try:
        return read_unverified(found) if found else None
    except UpdateError as error:
        raise UpdateError(
            f"What the broker offers as {model} is none of ours: {error} Or remove it with "
            f"`alexa-local-cloud unpublish {model}`."
        ) from error


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
        UpdateError: the manifest says something that devices would refuse.
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
    return Edition(generation, sign(generation, keys), packages)


def publish(shelf: Retained, prefix: str, edition: Edition) -> Report:
    """Put a generation on the broker, and remove what it makes needless.

    Raises:
        NetworkError: the broker refuses, or is gone.
    """
    model, version = edition.generation.model, edition.generation.version
    sent = found = 0
    for package, path in edition.packages.items():
        data = path.read_bytes()
        chunks = {
            chunk_topic(prefix, model, version, package, index): data[slice(*package.chunk_range(index))]
            for index in range(package.chunks)
        }
        there = shelf.look([*chunks])
        missing = [(topic, chunk) for topic, chunk in chunks.items() if there.get(topic) != chunk]
        sent += shelf.put(iter(missing))
        found += len(chunks) - len(missing)
    topic = generation_topic(prefix, model)
    if shelf.look([topic]).get(topic) == edition.envelope:
        found += 1
    else:
        sent += shelf.put(iter([(topic, edition.envelope)]))
    needed = {package_topic(prefix, model, version, package.sha256) for package in edition.packages}
    return Report(
        sent, found, sum(_clear(shelf, f"{each}/+") for each in _packages(shelf, prefix, model) - needed)
    )


def is_begun(shelf: Retained, prefix: str, model: str, version: int) -> bool:
    """Whether chunks of a version are on the broker."""
    return bool(shelf.look([f"{models_root(prefix, model)}/{version}/+/0"]))


def unpublish(shelf: Retained, prefix: str, model: str) -> int:
    """Remove all that the broker keeps of a model, the envelope first; how many messages that was.

    Raises:
        NetworkError: the broker refuses, or is gone.
    """
    envelope = shelf.look([generation_topic(prefix, model)])
    return shelf.take_away([*envelope]) + _clear(shelf, f"{models_root(prefix, model)}/#")


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


def _needs(folder: Path) -> Needs:
    """What the folder's manifest says that a device must have."""
    info = json.loads((folder / MODEL_MANIFEST).read_text(encoding="utf-8")).get("needs", {})
    try:
        needs = Needs(**info)
        return Needs(needs.release, tuple(needs.runtimes), tuple(needs.boards), needs.features)
    except TypeError as error:
        raise ModelError(
            f"What the manifest of {folder} says under `needs`, no device knows ({error}). It may name "
            "release, runtimes, boards and features."
        ) from error


def _packages(shelf: Retained, prefix: str, model: str) -> set[str]:
    """Where the broker has a package or a part of one: its first chunk comes first, and goes last."""
    firsts = shelf.look([f"{models_root(prefix, model)}/+/+/0"])
    return {topic.rpartition("/")[0] for topic in firsts}


def _clear(shelf: Retained, filter_: str) -> int:
    """Remove all that is retained there, first chunks last; how many messages that was.

    Raises:
        NetworkError: the broker does not let go of them.
    """
    gone: set[str] = set()
    while found := shelf.look([filter_]).keys():  # a broker may not tell all at once
        if gone & found:
            raise NetworkError(f"The broker still keeps {min(gone & found)}, which we removed. Restart it.")
        others = [topic for topic in found if not topic.endswith("/0")]
        gone |= {*others} if others else found
        shelf.take_away(others or [*found])
    return len(gone)
