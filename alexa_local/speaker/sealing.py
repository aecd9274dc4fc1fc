"""Encrypting what is kept of voices, with a key of its own: in a file, or handed over by systemd.

AES-GCM with 256 bits: what was altered, or belongs to another name, is not opened. Whoever has the database
without the key, such as a copy of it, has nothing of the voices; whoever has both has them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from alexa_local.errors import StorageError
from alexa_local.store.durable import durable_write
from alexa_local.store.faults import explain_os_error

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES, _NONCE_BYTES = 32, 12

CREDENTIAL = "alexa-local.voices-key"
"""The key's name where systemd hands it over: `systemd-creds encrypt --name=alexa-local.voices-key`."""


def handed_over(env: Mapping[str, str]) -> Path | None:
    """The key that systemd has handed to this process, of these environment variables; None without one."""
    folder = env.get("CREDENTIALS_DIRECTORY")
    return Path(folder, CREDENTIAL) if folder and Path(folder, CREDENTIAL).exists() else None


class Seal:
    """Closes and opens with one key."""

    def __init__(self, key_file: Path, credential: Path | None = None) -> None:
        """Nothing is read or made yet.

        Args:
            key_file: where the key is, and is made when something is first closed.
            credential: a key that is handed over; instead of that file.
        """
        self._file = credential or key_file

    def close(self, data: bytes, name: str, is_first: bool) -> bytes:
        """Encrypt what belongs to a name.

        Args:
            data: to encrypt.
            name: whose it is.
            is_first: nothing is kept under the key yet, so that a missing one is made; otherwise what is
                kept could never be read again.

        Raises:
            StorageError: the key is missing, or cannot be read or written.
        """
        if is_first and not self._file.exists():
            durable_write(self._file, os.urandom(KEY_BYTES))
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, data, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Decrypt it.

        Raises:
            StorageError: the key is missing or another one, or what was sealed was altered.
        """
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise StorageError(
                f"A voice cannot be read: {self._file} is not the key that it was kept with. Restore that "
                "key, or enrol again: alexa-local enroll --again NAME"
            ) from error

    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # large; only voices need it

        try:
            key = self._file.read_bytes()
        except FileNotFoundError as error:
            raise StorageError(
                f"The voices cannot be read: their key, {self._file}, is missing. Where systemd hands it to "
                "the service, start that first; else restore the file, or remove the voices and enrol "
                "again: alexa-local people remove NAME"
            ) from error
        except OSError as error:
            raise StorageError(explain_os_error(self._file, error)) from error
        if len(key) != KEY_BYTES:
            raise StorageError(
                f"{self._file} is no key for the voices: it has {len(key)} bytes instead of {KEY_BYTES}. "
                "Restore the one that was there, or remove the voices and it, and enrol again: "
                "alexa-local people remove NAME"
            )
        return AESGCM(key)
