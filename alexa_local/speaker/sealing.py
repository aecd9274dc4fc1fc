"""Encrypting what is kept of voices, with a key in a file of its own.

AES-GCM with 256 bits: what was altered, or belongs to another name, is not opened. Whoever has the database
without the key file, such as a copy of it, has nothing of the voices; whoever has both has them.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from alexa_local.errors import StorageError
from alexa_local.store.durable import durable_write
from alexa_local.store.faults import explain_os_error

KEY_BYTES, _NONCE_BYTES = 32, 12


class Seal:
    """Closes and opens with the key of one file, which is made when something is first closed."""

    def __init__(self, key_file: Path) -> None:
        self._file = key_file

    def close(self, data: bytes, name: str) -> bytes:
        """Encrypt what belongs to a name.

        Raises:
            StorageError: the key cannot be read or written.
        """
        if not self._file.exists():
            durable_write(self._file, os.urandom(KEY_BYTES))
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, data, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Decrypt it.

        Raises:
            StorageError: the key is missing or another one, or what was sealed was altered.
        """
        try:
            return self._cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise StorageError(
                f"A voice cannot be read: {self._file} is not the key that it was kept with. Restore that "
                "file, or enrol again: alexa-local enroll --again NAME"
            ) from error

    def _cipher(self) -> AESGCM:
        try:
            return AESGCM(self._file.read_bytes())
        except FileNotFoundError as error:
            raise StorageError(
                f"The voices cannot be read: their key, {self._file}, is missing. Restore it, or remove them "
                "and enrol again: alexa-local people remove NAME"
            ) from error
        except ValueError as error:
            raise StorageError(
                f"{self._file} is no key for the voices. Restore it, or delete it and enrol again."
            ) from error
        except OSError as error:
            raise StorageError(explain_os_error(self._file, error)) from error
