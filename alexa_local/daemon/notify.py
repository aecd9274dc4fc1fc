"""Telling systemd how we are: datagrams to $NOTIFY_SOCKET, and nothing at all without systemd."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Speaks sd_notify(3); a manager that does not listen never disturbs us."""

    def __init__(self, env: Mapping[str, str] = os.environ) -> None:
        address = env.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) if address else None
        )
        mine = env.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        timeout_us = env.get("WATCHDOG_USEC", "") if mine else ""
        self.watchdog_s = int(timeout_us) / 1e6 if self._socket and timeout_us.isdigit() else 0.0
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
        if self._socket:
            self._socket.close()
            self._socket = None

    def _send(self, message: str) -> None:
        if self._socket:
            try:
                self._socket.sendto(message.encode(), self._address)
            except OSError:
                pass  # a full or vanished socket: the watchdog then judges, as it should
