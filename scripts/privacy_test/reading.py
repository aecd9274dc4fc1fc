"""From packets back to messages: a reader of TCP and MQTT that is not the program's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alexa_local.errors import AlexaLocalError
from alexa_local.recognise.lattice_wire import from_bytes
from scripts.privacy_test.network import Packet

_NAMES = {1: "connect", 3: "publish", 4: "puback", 8: "subscribe", 10: "unsubscribe", 12: "ping", 14: "bye"}


@dataclass(frozen=True)
class Sent:
    """One MQTT packet.

    Attributes:
        name: "publish", "subscribe" and so on.
        topic: of a message; the first of a subscription.
        payload: of a message.
        size_bytes: of the whole packet.
    """

    name: str
    topic: str
    payload: bytes
    size_bytes: int


def streams(packets: Sequence[Packet]) -> dict[int, bytes]:
    """What each connection carried, each byte once and in order, by the port it came from."""
    parts: dict[int, dict[int, int]] = {}
    first: dict[int, int] = {}
    for packet in packets:
        if packet.begins:
            first[packet.stream] = packet.number + 1
        begin = first.setdefault(packet.stream, packet.number)
        for at, byte in enumerate(packet.payload):
            parts.setdefault(packet.stream, {})[(packet.number + at - begin) % (1 << 32)] = byte
    return {stream: bytes(found[at] for at in sorted(found)) for stream, found in parts.items()}


def messages(stream: bytes) -> Iterator[Sent]:
    """The MQTT packets of a connection; a part at its end, where it was cut, is one called "part"."""
    at = 0
    while at < len(stream):
        length, start = _number(stream, at + 1)
        end = start + length
        if start < 0 or end > len(stream):
            yield Sent("part", "", stream[at:], len(stream) - at)
            return
        yield _one(stream[at:end], start - at)
        at = end


def sounds_like(sent: Sent) -> str:
    """What is wrong with a message: only text and lattices may leave, as both have no room for sound."""
    if sent.name != "publish":
        return ""
    if sent.topic.endswith("/lattice"):
        try:
            from_bytes(sent.payload)
        except AlexaLocalError as error:
            return f"{sent.topic}: no lattice ({error})"
        return ""
    try:
        text = sent.payload.decode()
        if text.startswith(("{", "[")):
            json.loads(text)
    except ValueError:
        return f"{sent.topic}: {len(sent.payload)} bytes that are neither text nor a lattice"
    longest = max((len(word) for word in text.replace('"', " ").split()), default=0)
    return f"{sent.topic}: a word of {longest} letters" if longest > 1000 else ""


def _one(packet: bytes, start: int) -> Sent:
    number = packet[0] >> 4
    topic, payload = "", b""
    if number == 3:
        topic, at = _text(packet, start)
        at += 2 if packet[0] & 6 else 0
        size, at = _number(packet, at)
        payload = packet[at + size :]
    elif number in (8, 10):
        size, at = _number(packet, start + 2)
        topic = _text(packet, at + size)[0]
    return Sent(_NAMES.get(number, f"packet {number}"), topic, payload, len(packet))


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length and where it ends; -1 when it is cut off."""
    value = shift = 0
    while at < len(data):
        value, shift, at = value | (data[at] & 0x7F) << shift, shift + 7, at + 1
        if data[at - 1] < 0x80:
            return value, at
    return 0, -1


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = at + 2 + int.from_bytes(data[at : at + 2], "big")
    return data[at + 2 : end].decode(errors="replace"), end
