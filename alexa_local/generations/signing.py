"""Who may change a model: Ed25519 keys, envelopes around manifests, and how keys follow each other.

An envelope is JSON: {"manifest": base64, "signatures": [{"key": id, "signature": base64}, ...]}. What is
signed is a line that says what it is for, and the manifest's bytes as they stand. A key's id is the start of
the sha256 of its 32 bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alexa_local.errors import ConfigError, UpdateError
from alexa_local.generations.manifest import MOST_MANIFEST_BYTES, Generation

MOST_ENVELOPE_BYTES = 2 * MOST_MANIFEST_BYTES
PUBLIC_SUFFIX = ".pub"
PURPOSE = b"alexa-local: a generation of a model\n"
"""Goes before what is signed."""

_MOST_SIGNATURES = 8
_ID_DIGITS = 16


@dataclass(frozen=True)
class KeyChanges:
    """What accepted generations changed about the keys that the owner installed; a device remembers it.

    Attributes:
        added: public keys: their 32 bytes in base64.
        revoked: ids of keys, whoever installs them again.
    """

    added: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()


NO_CHANGES = KeyChanges()


class TrustedKeys:
    """The public keys whose signatures count; never changes, `after` gives the next ones."""

    def __init__(self, installed: Iterable[str] = (), changes: KeyChanges = NO_CHANGES) -> None:
        """Put them together.

        Args:
            installed: those that the owner installed: their 32 bytes in base64.
            changes: what accepted generations changed.
        """
        self._installed, self.changes = tuple(installed), changes
        named = {key_id(key): key for key in (*self._installed, *changes.added)}
        self._keys = {name: key for name, key in named.items() if name not in changes.revoked}

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all keys that count, sorted."""
        return tuple(sorted(self._keys))

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._keys)

    @classmethod
    def load(cls, folder: Path, changes: KeyChanges = NO_CHANGES) -> TrustedKeys:
        """Read every *.pub file of a folder; none where there is no such folder.

        Raises:
            ConfigError: files that are no public Ed25519 keys in PEM; it names every one of them.
        """
        keys, wrong = [], []
        for path in sorted(folder.glob(f"*{PUBLIC_SUFFIX}")):
            try:
                keys.append(load_public(path))
            except ConfigError as error:
                wrong.append(str(error))
        if wrong:
            raise ConfigError("\n".join(wrong))
        return cls(keys, changes)

    def after(self, generation: Generation) -> TrustedKeys:
        """The keys that count once a generation is accepted: its own are added, those that it revokes gone.

        Raises:
            UpdateError: no key would be left, or it adds one that was revoked.
        """
        revoked = tuple(sorted({*self.changes.revoked, *generation.keys_revoked}))
        again = [key for key in map(key_id, generation.keys_added) if key in revoked]
        if again:
            raise UpdateError(f"The update adds the key {again[0]}, which was revoked. Make a new key.")
        added = tuple(dict.fromkeys((*self.changes.added, *generation.keys_added)))
        kept = tuple(key for key in added if key_id(key) not in revoked)
        keys = TrustedKeys(self._installed, KeyChanges(kept, revoked))
        if not keys:
            raise UpdateError("The update revokes the last key. Add another one in the same update.")
        return keys

    def check(self, key: str, signature: bytes, manifest: bytes) -> bool:
        """Whether a signature counts; False when it is another's.

        Raises:
            UpdateError: the key counts, and the signature is not its.
        """
        if key not in self._keys:
            return False
        from alexa_local.generations import ed25519  # some megabytes, which no device without keys needs

        if not ed25519.is_signed(base64.b64decode(self._keys[key]), signature, PURPOSE + manifest):
            raise UpdateError(
                f"The signature of key {key} is forged, or the update damaged. Publish it again."
            )
        return True


def verify(envelope: bytes, keys: TrustedKeys) -> Generation:
    """The generation in an envelope, which one of the keys has signed at least.

    Signatures of unknown keys do not matter; one of a trusted key that is wrong spoils the envelope.

    Raises:
        UpdateError: it is damaged, or forged, or nobody that we trust signed it.
    """
    manifest, signatures = _open(envelope)
    good = [keys.check(key, signature, manifest) for key, signature in signatures]
    if not any(good):
        names = ", ".join(key for key, _ in signatures) or "nobody"
        raise UpdateError(
            f"The update is signed by {names}, whom this device does not trust. Install the public key."
        )
    return Generation.from_bytes(manifest)


def read_unverified(envelope: bytes) -> Generation:
    """The generation in an envelope, whoever signed it: to say what is published, never to act upon it.

    Raises:
        UpdateError: it is damaged.
    """
    return Generation.from_bytes(_open(envelope)[0])


def key_id(public: str) -> str:
    """The short name of a public key (32 bytes in base64)."""
    return hashlib.sha256(base64.b64decode(public)).hexdigest()[:_ID_DIGITS]


def load_public(path: Path) -> str:
    """Read a public key from a PEM file: its 32 bytes in base64.

    Raises:
        ConfigError: it cannot be read, or is no Ed25519 key.
    """
    from alexa_local.generations import ed25519

    try:
        key = ed25519.read_public(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The public key {path} cannot be read ({reason(error)}). Copy it again, or remove it."
        ) from error
    if key is None:
        raise ConfigError(
            f"The public key {path} is not Ed25519. Copy the one of `alexa-local-cloud keys new`."
        )
    return as_text(key)


def _open(envelope: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The manifest's bytes, and who signed them with what."""
    if len(envelope) > MOST_ENVELOPE_BYTES:
        raise UpdateError(
            f"The update's envelope is longer than {MOST_ENVELOPE_BYTES} bytes. Publish it again."
        )
    try:
        value: Mapping[str, Any] = json.loads(envelope)
        manifest = base64.b64decode(value["manifest"], validate=True)
        given = value["signatures"]
        if not isinstance(given, list) or len(given) > _MOST_SIGNATURES:
            raise ValueError(f"there are not 0 to {_MOST_SIGNATURES} signatures")
        signatures = [
            (str(one["key"])[:_ID_DIGITS], base64.b64decode(one["signature"], validate=True)) for one in given
        ]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise UpdateError(f"The update's envelope is damaged ({error}). Publish it again.") from error
    return manifest, signatures


def as_text(data: bytes) -> str:
    """Base64."""
    return base64.b64encode(data).decode("ascii")


def reason(error: Exception) -> str:
    """Why a file cannot be read, in few words."""
    return getattr(error, "strerror", None) or str(error).splitlines()[0][:100] or type(error).__name__
