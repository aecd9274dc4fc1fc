"""Telling systemd how we are, through its own library; nothing at all without systemd."""

from __future__ import annotations

import os
from collections.abc import Mapping

from systemd import daemon  # type: ignore[attr-defined]  # mypy takes the folder systemd/ for it


class Notifier:
    """Speaks sd_notify(3); a manager that does not listen never disturbs us."""

    def __init__(self, env: Mapping[str, str] = os.environ) -> None:
        """Look whether a manager waits for us; what is sent goes to the process's own $NOTIFY_SOCKET."""
        self._open = bool(env.get("NOTIFY_SOCKET"))
        mine = env.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        timeout_us = env.get("WATCHDOG_USEC", "") if mine else ""
        self.watchdog_s = int(timeout_us) / 1e6 if self._open and timeout_us.isdigit() else 0.0
        """Seconds after which systemd restarts us unless it hears `alive`; 0 without a watchdog."""

    def ready(self) -> None:
        """The start is over."""
        self._send("READY=1")

    def alive(self) -> None:
        """The watchdog may wait again."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send("STATUS=" + text.replace("\n", " "))

    def close(self) -> None:
        """Say nothing more."""
        self._open = False

    def _send(self, message: str) -> None:
        if self._open:
            try:
                daemon.notify(message)
            except OSError:
                pass  # a vanished socket: the watchdog then judges, as it should
