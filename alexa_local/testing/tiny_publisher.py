"""Generations of a tiny model, signed and packed as a publisher does it."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from alexa_local.generations import Generation, Package, digest_of, files_of, make_package
from alexa_local.generations.signing_key import SigningKey, sign
from alexa_local.testing.generations import write_model_folder

TINY = "tiny"


class TinyPublisher:
    """Makes generations in a folder of its own.

    Attributes:
        key: what it signs with.
        packages: the bytes of all packages, by their sha256.
    """

    def __init__(self, folder: Path, weights_bytes: int = 5000) -> None:
        self.key = SigningKey.new()
        self.packages: dict[str, bytes] = {}
        self._folder = folder
        self._weights = bytearray(random.Random(1).randbytes(weights_bytes))

    def install_key(self, folder: Path) -> None:
        """Give the public key to a device."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "owner.pub").write_bytes(self.key.public_pem())

    def folder(self, version: int) -> Path:
        """The model's folder in a version, which differs a little from the one before."""
        folder = self._folder / str(version) / TINY
        if not folder.exists():
            weights = bytearray(self._weights)
            weights[:2] = version.to_bytes(2, "big")
            write_model_folder(folder, {"net.bin": bytes(weights)}, version)
        return folder

    def generation(self, version: int, *bases: int, chunk_bytes: int = 1024) -> Generation:
        """A version, whole and as packages upon others."""
        new = self.folder(version)
        kinds = [("full", None), *(("delta", self.folder(base)) for base in bases)]
        packages = tuple(self._pack(kind, old, new, chunk_bytes) for kind, old in kinds)
        return Generation(TINY, version, "2026-11-21T20:15:00Z", files_of(new), packages)

    def envelope(self, generation: Generation, *keys: SigningKey) -> bytes:
        """It, signed with these keys or the publisher's own."""
        return sign(generation, keys or (self.key,))

    def piece(self, package: str, index: int, length: int, chunk_bytes: int = 1024) -> bytes:
        """A piece of a package."""
        return self.packages[package][index * chunk_bytes : index * chunk_bytes + length]

    def _pack(self, kind: str, old: Path | None, new: Path, chunk_bytes: int) -> Package:
        out = self._folder / "made"
        package = make_package(kind, old, new, out)
        self.packages[package.sha256] = out.read_bytes()
        return replace(package, chunk_bytes=chunk_bytes)


def digest_of_folder(folder: Path) -> str:
    """What a package upon this folder expects."""
    return digest_of(files_of(folder))
