"""Whose updates this device takes: the keys that its owner installed, and what updates changed of them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from alexa_local.errors import StorageError
from alexa_local.generations import KeyChanges, TrustedKeys
from alexa_local.store.durable import durable_write
from alexa_local.store.faults import explain_os_error

CHANGES = "keys.json"


class Keyring:
    """Read anew each time: the owner may install a key while the daemon runs."""

    def __init__(self, installed: Path, state: Path) -> None:
        """Take the owner's keys from the folder `installed`, and keep changes in the folder `state`."""
        self._installed, self._changes = installed, state / CHANGES

    def trusted(self) -> TrustedKeys:
        """The keys that count now.

        Raises:
            ConfigError: a file among the owner's keys is none.
            StorageError: the changes cannot be read; then no key can be trusted, as it may have been revoked.
        """
        return TrustedKeys.load(self._installed, self._read())

    def remember(self, keys: TrustedKeys) -> None:
        """Make the changes durable.

        Raises:
            StorageError: the disk is full, read-only or broken.
        """
        if keys.changes != self._read():
            durable_write(self._changes, json.dumps(asdict(keys.changes)).encode())

    def _read(self) -> KeyChanges:
        try:
            told = json.loads(self._changes.read_bytes())
            return KeyChanges(tuple(map(str, told["added"])), tuple(map(str, told["revoked"])))
        except (FileNotFoundError, NotADirectoryError):
            return KeyChanges()
        except OSError as error:
            raise StorageError(explain_os_error(self._changes, error)) from error
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"{self._changes} is damaged ({error}). Remove it, and then every key that was revoked from "
                "the folder of keys."
            ) from error
