"""Signing generations of models, which whoever publishes them does and no device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from alexa_local.errors import ConfigError
from alexa_local.generations.manifest import Generation, canonical
from alexa_local.generations.signing import PURPOSE, as_text, key_id, reason


class SigningKey:
    """A private key, to sign with."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = as_text(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        self.id = key_id(self.public)

    @classmethod
    def new(cls) -> SigningKey:
        """A key that nobody has seen."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Read a key from a PEM file.

        Raises:
            ConfigError: it cannot be read, or is no Ed25519 key.
        """
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise ConfigError(
                f"The key {path} cannot be read ({reason(error)}). `alexa-local-cloud keys new` makes one."
            ) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigError(f"The key {path} is not Ed25519. Make one with `alexa-local-cloud keys new`.")
        return cls(key)

    def private_pem(self) -> bytes:
        """What belongs in a file that nobody else can read."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def public_pem(self) -> bytes:
        """What devices are given."""
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, manifest: bytes) -> bytes:
        """The signature of a manifest."""
        return self._key.sign(PURPOSE + manifest)


def sign(generation: Generation, keys: Sequence[SigningKey]) -> bytes:
    """The envelope of a generation, signed with every key."""
    manifest = generation.to_bytes()
    Generation.from_bytes(manifest)  # what the devices would refuse must not be signed
    signatures = [{"key": key.id, "signature": as_text(key.sign(manifest))} for key in keys]
    return canonical({"manifest": as_text(manifest), "signatures": signatures})
