"""Checking Ed25519 signatures, by the library cryptography, which is large: loaded where there is a key."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key


def is_signed(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether a signature of data is that of the key with these 32 bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public(pem: bytes) -> bytes | None:
    """The 32 bytes of a public key; None where it is one of another kind, ValueError where it is none."""
    try:
        key = load_pem_public_key(pem)
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw) if isinstance(key, Ed25519PublicKey) else None
