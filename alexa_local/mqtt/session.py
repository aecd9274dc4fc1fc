"""The MQTT library's client with a muzzle and a meter: no byte leaves uncounted, nor when it shall not."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from alexa_local.mqtt.meter import Count, Meter

_DISCARD = struct.pack("ii", 1, 0)
"""SO_LINGER: what the kernel has not sent yet is thrown away."""


class Session(Client):
    """A client whose last step to the network is ours; only its thread takes that step.

    Attributes:
        ended: set when its thread has ended, and nothing can be sent any more.
        meter: counts what is sent.
    """

    def __init__(self, count: Count, client_id: str) -> None:
        """Prepare; `count` is told of every packet that was sent."""
        self._muzzled = False
        self.ended = threading.Event()
        self.meter = Meter(count)
        super().__init__(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5)
        self.on_socket_open = lambda *_: self.meter.begin()
        self.on_socket_close = lambda _client, _data, connection: self.meter.end(connection)

    def cut(self) -> None:
        """End the connection at once, with all that waits, in the library and in the kernel."""
        self._muzzled = True
        connection = self.socket()
        if isinstance(connection, socket.socket):
            with contextlib.suppress(OSError):  # it is closed already
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _DISCARD)
                socket.socket.shutdown(connection, socket.SHUT_RD)  # wakes the thread; nothing is told
        self.disconnect()

    def loop_start(self) -> MQTTErrorCode:
        """Start the session's thread.

        The library's own way wakes it through a connection over the network stack, which local-only mode's
        second wall forbids, and which looks like one to whoever watches; ours is a pair of Unix sockets.
        """
        self._sockpairR, self._sockpairW = socket.socketpair()
        for end in (self._sockpairR, self._sockpairW):
            end.setblocking(False)
        self._thread = threading.Thread(
            target=self.loop_forever,
            kwargs={"retry_first_connection": True},
            name="mqtt",
            daemon=True,
        )
        self._thread.start()
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:
        """The session's thread."""
        try:
            return super().loop_forever(timeout, retry_first_connection)
        finally:
            self.ended.set()

    def _sock_send(self, buf: bytes | bytearray) -> int:
        """Everything that the library sends comes through here."""
        if self._muzzled:
            raise ConnectionAbortedError("The connection was cut.")
        self.meter.look(self.socket())  # before: by now the kernel has sent what came earlier
        taken_bytes = super()._sock_send(buf)
        self.meter.sent(bytes(buf[:taken_bytes]))
        return taken_bytes

    def _sock_recv(self, bufsize: int) -> bytes:
        data = super()._sock_recv(bufsize)
        self.meter.received(len(data))
        return data
