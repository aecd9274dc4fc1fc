"""Counts what goes into a connection, packet by packet, and says what each byte was."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Callable

from alexa_local.mqtt.gate import Kind
from alexa_local.store import Traffic

_PUBLISH, _SUBSCRIBE, _UNSUBSCRIBE = 3, 8, 10
_WHAT = {
    1: "log-in",
    4: "receipt",
    8: "subscription",
    10: "subscription",
    12: "sign of life",
    14: "goodbye",
}
_BYTES_SENT_AT, _INFO_BYTES = 200, 216
"""Where Linux's `tcp_info` has tcpi_bytes_sent, and after it tcpi_bytes_retrans, 64 bits each."""

_MOST_TOPICS = 1024


Count = Callable[[Traffic], None]
"""Takes what went through; returns at once, from any thread."""


class Meter:
    """Reads along with one session: its packets, in the order in which the network took their bytes."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._kinds: dict[str, Kind] = {}
        self._packet = bytearray()
        self._plain_bytes = self._encryption_bytes = 0

    def note(self, topic: str, kind: Kind) -> None:
        """What is about to be sent or asked for at this topic is of this kind."""
        self._kinds.pop(topic, None)
        self._kinds[topic] = kind
        while len(self._kinds) > _MOST_TOPICS:
            del self._kinds[next(iter(self._kinds))]

    def begin(self) -> None:
        """There is a new connection."""
        self._packet.clear()
        self._plain_bytes = self._encryption_bytes = 0

    def sent(self, data: bytes) -> None:
        """The network took these bytes."""
        self._plain_bytes += len(data)
        self._packet += data
        while size := _packet_bytes(self._packet):
            self._count(self._told(bytes(self._packet[:size])))
            del self._packet[:size]

    def received(self, size_bytes: int) -> None:
        """So many bytes came in."""
        self._count(Traffic("received", "", messages=0, other_bytes=size_bytes))

    def look(self, connection: object) -> None:
        """Count what encryption has added to what was sent until now, where there is any."""
        total = _bytes_on_the_wire(connection) if isinstance(connection, ssl.SSLSocket) else None
        added = 0 if total is None else total - self._plain_bytes - self._encryption_bytes
        if added > 0:
            self._encryption_bytes += added
            self._count(Traffic("encryption", "TLS", messages=0, other_bytes=added))

    def end(self, connection: object) -> None:
        """The connection is about to be closed, perhaps in the middle of a packet."""
        self.look(connection)
        if self._packet:
            half = Traffic(Kind.SPEECH.value, "part of a message", other_bytes=len(self._packet))
            self._count(half)
        self.begin()

    def _told(self, packet: bytes) -> Traffic:
        """What one whole packet is; a topic that nobody named counts as the worst."""
        number, start = packet[0] >> 4, _length(packet, 1)[1]
        if number == _PUBLISH:
            topic, at = _text(packet, start)
            at += 2 if packet[0] & 0b110 else 0  # the number of a message that will be confirmed
            size, at = _length(packet, at)
            payload_bytes = len(packet) - at - size
            kind = self._kinds.get(topic, Kind.SPEECH)
            return Traffic(kind.value, "message", topic, 1, payload_bytes, len(packet) - payload_bytes)
        kind = Kind.PRESENCE
        if number in (_SUBSCRIBE, _UNSUBSCRIBE):
            size, at = _length(packet, start + 2)
            kind = self._kinds.get(_text(packet, at + size)[0], Kind.SPEECH)
        return Traffic(kind.value, _WHAT.get(number, "other"), "", 1, 0, len(packet))


def _packet_bytes(data: bytearray) -> int:
    """The length of the first packet, 0 while it is not whole."""
    try:
        length, start = _length(data, 1)
    except IndexError:
        return 0
    return start + length if len(data) >= start + length else 0


def _length(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """A number of MQTT's variable length, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at


def _text(data: bytes, at: int) -> tuple[str, int]:
    """A text with its length before it, and where it ends."""
    end = at + 2 + int.from_bytes(data[at : at + 2], "big")
    return data[at + 2 : end].decode("utf-8", "replace"), end


def _bytes_on_the_wire(connection: socket.socket) -> int | None:
    """What the kernel has sent of this connection, each byte once; None where it does not tell."""
    with contextlib.suppress(OSError):
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
        if len(told) == _INFO_BYTES:
            sent, again = struct.unpack_from("QQ", told, _BYTES_SENT_AT)
            return int(sent - again)
    return None
