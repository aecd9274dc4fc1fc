"""What a generation of a model is: which files, for which devices, and the packages that lead to them.

A manifest is untrusted until its signature is checked, and a signature says who made it and not that it is
sane: every name, length and count is checked here, once, before anything acts upon it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from alexa_local.errors import UpdateError

MODEL_MANIFEST = "manifest.json"
"""The file of a model's folder that names all others."""

CHUNK_BYTES = 32 * 1024
"""What one message carries of a package."""

FULL, PATCH, DELTA = "full", "zstd", "delta"
KINDS = (FULL, PATCH, DELTA)
"""Packages: of whole files, of zstd patches, and of differences between weights."""

FIRST = 1
"""The version of a model's folder whose manifest names none, such as those that come with the program."""

FEATURES = "log-mel-64"
"""The features that this program's networks hear."""

MOST_FILES = 64
MOST_FILE_BYTES = 256 << 20
MOST_PACKAGES = 32
MOST_KEYS = 16
MOST_MANIFEST_BYTES = 128 << 10
_T = TypeVar("_T")
_FORMAT = 1
LATEST = (1 << 31) - 1
_CHUNKS_FROM, _CHUNKS_TO = 1 << 10, 256 << 10
_KEY_BYTES = 32

_MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[0-9a-f]{16}")
_RELEASE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6}){0,3}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LABEL = re.compile(r"[\x20-\x7e]{1,100}")


@dataclass(frozen=True)
class FileDigest:
    """One file.

    Attributes:
        sha256: of all its bytes, in hexadecimal.
        bytes: its length.
    """

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Host:
    """What a device is, as far as a model may mind.

    Attributes:
        release: the program's version, such as "0.1.0".
        runtimes: the installed ones, named as `tflite.network` does.
        boards: the machine ("aarch64") and, where known, the board's name ("Raspberry Pi 4 Model B Rev 1.4").
        features: the format of the features.
    """

    release: str
    runtimes: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()
    features: str = FEATURES


@dataclass(frozen=True)
class Needs:
    """What a generation asks of a device; what is empty asks for nothing.

    Attributes:
        release: the oldest version of the program that can use it.
        runtimes: one of these is installed.
        boards: the name of the machine or of the board begins with one of these.
        features: the format of the features.
    """

    release: str = ""
    runtimes: tuple[str, ...] = ()
    boards: tuple[str, ...] = ()
    features: str = ""

    def unmet(self, host: Host) -> str:
        """What the device does not have, in a few words; "" if it has all."""
        if _release(self.release) > _release(host.release):
            return f"it needs alexa-local {self.release} or newer, and this is {host.release}"
        if self.runtimes and not set(self.runtimes) & set(host.runtimes):
            return f"it needs one of the runtimes {', '.join(self.runtimes)}"
        if self.boards and not any(board.startswith(self.boards) for board in host.boards):
            return f"it is for {', '.join(self.boards)}, and this is {', '.join(host.boards) or 'unknown'}"
        if self.features and self.features != host.features:
            return f"it hears features {self.features}, and this program makes {host.features}"
        return ""


@dataclass(frozen=True)
class Package:
    """One way to come by a generation's files.

    Attributes:
        kind: of KINDS.
        sha256: of the package, in hexadecimal.
        bytes: its length.
        base: the version that must be there already; None for a package that needs none.
        base_digest: `digest_of` that version's files; "" if it needs none.
        chunk_bytes: what each message carries of it, except the last.
    """

    kind: str
    sha256: str
    bytes: int
    base: int | None = None
    base_digest: str = ""
    chunk_bytes: int = CHUNK_BYTES

    @property
    def chunks(self) -> int:
        """How many messages carry it."""
        return -(-self.bytes // self.chunk_bytes)

    def chunk_range(self, index: int) -> tuple[int, int]:
        """Where chunk `index`, from 0 on, begins and ends in the package."""
        return index * self.chunk_bytes, min((index + 1) * self.chunk_bytes, self.bytes)


@dataclass(frozen=True)
class Generation:
    """One version of a model.

    Attributes:
        model: its name, such as "asr-en".
        version: higher than that of every generation before.
        created: when it was made, UTC, such as "2026-11-21T20:15:00Z".
        files: all files of the model's folder that count, by name.
        packages: the ways to come by them; one of the kind "full" at least.
        needs: what it asks of a device.
        keys_added: public keys to be trusted from now on: their 32 bytes in base64.
        keys_revoked: ids of keys that are never to be trusted again.
    """

    model: str
    version: int
    created: str
    files: Mapping[str, FileDigest]
    packages: tuple[Package, ...]
    needs: Needs = Needs()
    keys_added: tuple[str, ...] = ()
    keys_revoked: tuple[str, ...] = ()

    @property
    def total_bytes(self) -> int:
        """The length of all files together."""
        return sum(file.bytes for file in self.files.values())

    def packages_for(self, version: int | None, digest: str) -> tuple[Package, ...]:
        """The packages that a device can use, the smallest first.

        Args:
            version: the version that it has, or None.
            digest: `digest_of` the files that it has.
        """
        fitting = [
            package
            for package in self.packages
            if package.base is None or (package.base, package.base_digest) == (version, digest)
        ]
        return tuple(sorted(fitting, key=lambda package: package.bytes))

    def to_bytes(self) -> bytes:
        """The manifest: canonical JSON, so that the same generation is the same bytes."""
        return canonical({"format": _FORMAT, **asdict(self), "files": dict(_plain(self.files))})

    @classmethod
    def from_bytes(cls, data: bytes) -> Generation:
        """Read a manifest, whose signature was checked before (see `signing.verify`).

        Raises:
            UpdateError: it does not keep to the format, or breaks a limit.
        """
        if len(data) > MOST_MANIFEST_BYTES:
            raise UpdateError(
                f"The manifest is longer than {MOST_MANIFEST_BYTES} bytes. Publish fewer packages."
            )
        try:
            return _read(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UpdateError(
                f"The manifest of an update does not keep to the format ({error}). Publish it again, with a "
                "program as old as the devices'."
            ) from error


def digest_of(files: Mapping[str, FileDigest]) -> str:
    """One sha256 for all files of a folder, by which a package knows what it builds upon."""
    return hashlib.sha256(canonical(dict(_plain(files)))).hexdigest()


def canonical(value: object) -> bytes:
    """JSON with one spelling for each value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def whole_number(value: object, least: int, most: int) -> int:
    """The value, if it is a whole number in these limits; ValueError if not."""
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{str(value)[:40]} is not from {least} to {most}")
    return value


def _plain(files: Mapping[str, FileDigest]) -> list[tuple[str, dict[str, Any]]]:
    return [(name, asdict(file)) for name, file in files.items()]


def _release(text: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.findall(r"\d+", text)]
    return tuple((*parts, 0, 0, 0, 0)[:4])


def _read(value: dict[str, Any]) -> Generation:
    if value["format"] != _FORMAT:
        raise ValueError(f"format {value['format']!r}, and not {_FORMAT}")
    if MODEL_MANIFEST not in value["files"]:
        raise ValueError(f"its files are without {MODEL_MANIFEST}")
    _limit(len(value["files"]), MOST_FILES, "files")
    files = {_like(FILE_NAME, name): _read_file(about) for name, about in value["files"].items()}
    needs = value["needs"]
    return Generation(
        _like(_MODEL_NAME, value["model"]),
        whole_number(value["version"], FIRST, LATEST),
        _like(_INSTANT, value["created"]),
        files,
        _list(value["packages"], MOST_PACKAGES, _read_package),
        Needs(
            _like(_RELEASE, needs["release"]) if needs["release"] else "",
            _list(needs["runtimes"], MOST_KEYS, lambda one: _like(_LABEL, one)),
            _list(needs["boards"], MOST_KEYS, lambda one: _like(_LABEL, one)),
            _like(_LABEL, needs["features"]) if needs["features"] else "",
        ),
        _list(value["keys_added"], MOST_KEYS, _public_key),
        _list(value["keys_revoked"], MOST_KEYS, lambda one: _like(_KEY, one)),
    )


def _read_file(value: dict[str, Any]) -> FileDigest:
    return FileDigest(_like(_SHA256, value["sha256"]), whole_number(value["bytes"], 0, MOST_FILE_BYTES))


def _read_package(value: dict[str, Any]) -> Package:
    kind, base = value["kind"], value["base"]
    if kind not in KINDS or (base is None) != (kind == FULL):
        raise ValueError(f"a package of the kind {kind!r} upon {base!r}")
    return Package(
        kind,
        _like(_SHA256, value["sha256"]),
        whole_number(value["bytes"], 1, 2 * MOST_FILE_BYTES),
        None if base is None else whole_number(base, FIRST, LATEST),
        "" if base is None else _like(_SHA256, value["base_digest"]),
        whole_number(value["chunk_bytes"], _CHUNKS_FROM, _CHUNKS_TO),
    )


def _public_key(value: object) -> str:
    text = _like(_LABEL, value)
    if len(base64.b64decode(text, validate=True)) != _KEY_BYTES:
        raise ValueError("a key of another length")
    return text


def _list(values: object, most: int, read: Callable[[Any], _T]) -> tuple[_T, ...]:
    if not isinstance(values, list):
        raise TypeError("no list where one belongs")
    _limit(len(values), most, "entries of a list")
    return tuple(read(value) for value in values)


def _like(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{str(value)[:100]!r} does not fit")
    return value


def _limit(count: int, most: int, what: str) -> None:
    if count > most:
        raise ValueError(f"{count} {what}, more than {most}")
