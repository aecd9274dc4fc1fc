"""Writes settings into the configuration file: all of them or none, and nothing that was there is lost."""

from __future__ import annotations

import grp
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alexa_local.config import find_config, load_config
from alexa_local.config.edit import Value, edit
from alexa_local.config.load import SYSTEM_FILE
from alexa_local.errors import ConfigError, StorageError
from alexa_local.store import durable_write
from alexa_local.store.faults import explain_os_error

SERVICE_GROUP = "alexa-local"
_SECRET = "mqtt.password"
_HEAD = "# alexa-local's settings; every one that there is: `man alexa-local`, or packaging/config.yaml.\n\n"


def own_config_file(path: str | None) -> Path:
    """The file that settings are written to: the one that is read, or where a first one belongs."""
    file = find_config(path)
    if file is not None:
        return file
    if os.geteuid() == 0:
        return SYSTEM_FILE
    home = os.environ.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "alexa-local" / "config.yaml"


@dataclass(frozen=True)
class SettingsFile:
    """A configuration file as it was read, so that another's changes in between are noticed.

    Attributes:
        path: where it is, or will be.
        text: what it said; "" when there was none.
    """

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> SettingsFile:
        """Read it; ConfigError when it is there and cannot be read, or is wrong."""
        text = _text(path)
        if text:
            load_config(path)
        return cls(path, text)

    def changed(self, changes: Mapping[str, Value]) -> str:
        """Its text with changes; ConfigError when they cannot be made safely."""
        return edit(self.text or _HEAD, changes) if changes else self.text

    def write(self, changes: Mapping[str, Value]) -> bool:
        """Change it; whether there was anything to change.

        Raises:
            ConfigError: somebody changed it since it was read, or the changes cannot be made or are wrong.
            StorageError: it cannot be written; what was there is kept.
        """
        text = self.changed(changes)
        if text == self.text:
            return False
        if _text(self.path) != self.text:
            raise ConfigError(f"{self.path} was changed by somebody else meanwhile. Run this again.")
        mode, owner = self._rights(_SECRET in changes and bool(changes[_SECRET]))
        self._try_out(text, owner)
        durable_write(self.path, text.encode(), mode, owner)
        return True

    def _try_out(self, text: str, owner: tuple[int, int] | None) -> None:
        """Load the new text from beside the file, so that a mistake never gets into it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(explain_os_error(self.path, error)) from error
        draft = self.path.with_name(f".{self.path.name}.draft")
        durable_write(draft, text.encode(), 0o600, owner)
        try:
            load_config(draft)
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(draft), str(self.path))) from error
        finally:
            draft.unlink()

    def _rights(self, secret: bool) -> tuple[int, tuple[int, int] | None]:
        """Mode and owner: as they are; a file with a password is for the service and its owner alone."""
        try:
            about = self.path.stat()
        except OSError:
            if os.geteuid() == 0:
                return 0o640, (0, _service_group())
            return 0o600, None
        mode, group = stat.S_IMODE(about.st_mode), about.st_gid
        if secret and mode & 0o004:
            mode &= ~0o007
            if os.geteuid() == 0:
                mode, group = mode | 0o040, _service_group()
        same = (about.st_uid, group) == (os.geteuid(), os.getegid())
        return mode, None if same else (about.st_uid, group)


def _service_group() -> int:
    try:
        return grp.getgrnam(SERVICE_GROUP).gr_gid
    except KeyError:
        return 0


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", "")
        raise ConfigError(
            f"The configuration {path} cannot be read ({reason}). Run this as its owner, such as with sudo."
        ) from error
