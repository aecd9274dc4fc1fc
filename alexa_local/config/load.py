"""Finding the configuration file and reading it once."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import yaml

from alexa_local.config.check import Checker
from alexa_local.config.sections import Config
from alexa_local.errors import ConfigError

_log = logging.getLogger(__name__)

SYSTEM_FILE = Path("/etc/alexa-local/config.yaml")
_LARGEST_BYTES = 1 << 20


def find_config(
    path: str | os.PathLike[str] | None = None, env: Mapping[str, str] = os.environ
) -> Path | None:
    """The file that counts: the given one, $ALEXA_LOCAL_CONFIG, the user's, the system's, or None."""
    if path is not None:
        return Path(path)
    if env.get("ALEXA_LOCAL_CONFIG"):
        return Path(env["ALEXA_LOCAL_CONFIG"])
    home = env.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111 - "" without a home
    places = (Path(home, "alexa-local/config.yaml"), SYSTEM_FILE)
    return next((place for place in places if os.path.isfile(place)), None)  # noqa: PTH113 - never raises


def load_config(path: str | os.PathLike[str] | None = None, env: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration.

    Args:
        path: a file; None searches in the usual places, and finding none gives the defaults.
        env: the environment's variables.

    Raises:
        ConfigError: the file cannot be read, or anything in it is wrong; its message lists every fault.
    """
    file = find_config(path, env)
    if file is None:
        return Config()
    checker = Checker(file)
    config = checker.check(_compose(file), Config)
    if checker.faults or config is None:
        faults = sorted(checker.faults, key=lambda fault: fault.line)
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        lines = "".join(f"\n  {fault}" for fault in faults)
        raise ConfigError(f"{count} in the configuration; correct the file and start again:{lines}")
    if config.mqtt.password and file.stat().st_mode & 0o004:
        _log.warning("Everybody here can read the password in %s. Run `chmod o-r` on it.", file)
    return config


def _compose(file: Path) -> yaml.Node | None:
    """The file as YAML nodes, which know their lines; None for an empty file."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The configuration {file} cannot be read ({error.strerror}). Check its path."
        ) from error
    if len(raw) > _LARGEST_BYTES:
        raise ConfigError(f"The configuration {file} is larger than 1 MiB. Check that it is the right file.")
    try:
        return yaml.compose(raw.decode("utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"The configuration {file} is not UTF-8 text ({error.reason}). Save it as UTF-8."
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}" if mark else str(file)
        reason = getattr(error, "problem", None) or "it is not YAML"
        raise ConfigError(f"{place}: {reason}. Check the indentation and the quotes there.") from error
