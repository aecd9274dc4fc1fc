"""The MQTT library's client with a muzzle: from the moment it is put on, not one byte more leaves."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

_DISCARD = struct.pack("ii", 1, 0)
"""SO_LINGER: what the kernel has not sent yet is thrown away."""


class Session(Client):
    """A client whose last step to the network is ours; only its thread takes that step.

    Attributes:
        ended: set when its thread has ended, and nothing can be sent any more.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take what the library's client takes."""
        self._muzzled = False
        self.ended = threading.Event()
        super().__init__(*arguments, **options)

    def cut(self) -> None:
        """End the connection at once, with all that waits, in the library and in the kernel."""
        self._muzzled = True
        connection = self.socket()
        if isinstance(connection, socket.socket):
            with contextlib.suppress(OSError):  # it is closed already
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)
                socket.socket.shutdown(connection, socket.SHUT_RD)  # wakes the thread; nothing is told
        self.disconnect()

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:
        """The session's thread."""
        threading.current_thread().name = "mqtt"
        try:
            return super().loop_forever(timeout, retry_first_connection)
        finally:
            self.ended.set()

    def _sock_send(self, buf: bytes | bytearray) -> int:
        """Everything that the library sends comes through here."""
        if self._muzzled:
            raise ConnectionAbortedError("The connection was cut.")
        return super()._sock_send(buf)
