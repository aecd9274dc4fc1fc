"""Asking the daemon from another process; imports little, so that `alexa-local status` answers at once."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alexa_local.errors import AlexaLocalError, DaemonUnreachable, Stopping

_TIMEOUT_S = 30.0
_RESTART_LIMIT_S = 60.0
_LOOK_S = 0.05
_RESTARTING = "restarting"


class RefusedByDaemon(AlexaLocalError):
    """The daemon's own error, with its own exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code


class Unheard(DaemonUnreachable):
    """Nobody was there to hear it."""


def mark_restart(path: Path) -> None:
    """Say that the daemon of this socket starts anew."""
    with contextlib.suppress(OSError):  # then whoever asks meanwhile is told that there is none
        path.with_name(_RESTARTING).touch()


def unmark_restart(path: Path) -> None:
    """Say that it is there again."""
    with contextlib.suppress(OSError):
        path.with_name(_RESTARTING).unlink(missing_ok=True)


def _is_restarting(path: Path) -> bool:
    """Whether a new daemon is to be waited for; the mark of one that never came does not count for long."""
    try:
        age_s = time.time() - path.with_name(_RESTARTING).stat().st_mtime
        return abs(age_s) < _RESTART_LIMIT_S  # a mark of the future is one of before the clock was set
    except OSError:
        return False


def ask(path: Path, command: str, timeout_s: float = _TIMEOUT_S, **fields: Any) -> dict[str, Any]:
    """Send one command and return its answer; while the daemon starts anew, wait for the new one.

    Raises:
        DaemonUnreachable: no daemon answers there.
        RefusedByDaemon: the daemon answered with an error.
    """
    while True:
        try:
            with _connect(path, timeout_s) as connection:
                return next(_answers(path, connection, command, fields))
        except Unheard:  # so it can be asked again, and is not done twice
            if not _is_restarting(path):
                raise
            time.sleep(_LOOK_S)
        except RefusedByDaemon as error:
            if error.exit_code != Stopping.exit_code or not _is_restarting(path):
                raise
            time.sleep(_LOOK_S)


def listen(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the daemon's events until it ends.

    Raises:
        DaemonUnreachable: no daemon answers there.
    """
    with _connect(path, _TIMEOUT_S) as connection:
        answers = _answers(path, connection, "events", {})
        next(answers)
        connection.settimeout(None)
        yield from answers


def _connect(path: Path, timeout_s: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        connection.connect(str(path))
    except PermissionError as error:
        connection.close()
        raise DaemonUnreachable(
            f"You may not open {path}. Join the group that owns it, or run this as the daemon's user."
        ) from error
    except OSError as error:
        connection.close()
        raise Unheard(
            f"No daemon answers on {path}. Start it with `alexa-local run` or `systemctl start alexa-local`."
        ) from error
    return connection


def _answers(
    path: Path, connection: socket.socket, command: str, fields: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Send the command; yield each line that comes back, the first one checked."""
    first = True
    try:
        with contextlib.suppress(BrokenPipeError):  # refused half-way: the answer says why
            connection.sendall(json.dumps({"command": command, **fields}).encode() + b"\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                answer = json.loads(line)
                if first and not answer.get("ok"):
                    raise RefusedByDaemon(str(answer.get("error")), int(answer.get("code", 1)))
                first = False
                yield answer
    except TimeoutError as error:
        raise DaemonUnreachable(
            f"The daemon on {path} does not answer. Look at its log, and restart it."
        ) from error
    except (OSError, ValueError) as error:
        raise DaemonUnreachable(f"The daemon on {path} broke off ({error}). Look at its log.") from error
    if first:
        raise DaemonUnreachable(f"The daemon on {path} hung up without an answer. Look at its log.")
