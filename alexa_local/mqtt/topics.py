"""What a device tells of itself and what its owner may tell it: topics, and the JSON that goes there.

    PREFIX/DEVICE/state           device to all    how it is; retained
    PREFIX/DEVICE/events          device to all    what happens
    PREFIX/DEVICE/command         owner to device  `Command`
    PREFIX/DEVICE/command/result  device to owner  what became of it
    PREFIX/DEVICE/catalogue       owner to device  `Names`, retained

A payload without the user property `v` is taken for one of our version: a person at a shell has no
properties at hand, and Home Assistant none at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from alexa_local.errors import MessageError
from alexa_local.mqtt.message import Message
from alexa_local.mqtt.schema import check, read_json
from alexa_local.mqtt.wire import VERSION

JSON_TYPE = "application/json"

MOST_ID_BYTES = 64
"""Bytes of a command's id."""


@dataclass(frozen=True)
class Command:
    """Something that the device is told to do.

    Attributes:
        name: "volume", "mute", "stop", "say" or "local-only".
        value: percent, true or false, or words; None for "stop".
        id: the sender's, b"" for none.
    """

    name: str
    value: Any = None
    id: bytes = b""


@dataclass(frozen=True)
class Thing:
    """A thing in the home that somebody else told us of.

    Attributes:
        name: what people call it.
        kind: one of `config.DeviceKind`.
        room: the room it is in, "" for none.
        aliases: other names.
        topic: where its commands go, "" where nothing can switch it.
        payload: the message, as in the configuration.
        states: the message by state instead.
    """

    name: str
    kind: str
    room: str = ""
    aliases: tuple[str, ...] = ()
    topic: str = ""
    payload: str = ""
    states: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Names:
    """What is in the home, as somebody else told us."""

    things: tuple[Thing, ...] = ()
    rooms: tuple[str, ...] = ()


def state_topic(prefix: str, device: str) -> str:
    """Where a device says how it is."""
    return f"{prefix}/{device}/state"


def events_topic(prefix: str, device: str) -> str:
    """Where it says what happens."""
    return f"{prefix}/{device}/events"


def command_topic(prefix: str, device: str) -> str:
    """Where it is told what to do."""
    return f"{prefix}/{device}/command"


def command_result_topic(prefix: str, device: str) -> str:
    """Where it says what became of that."""
    return f"{command_topic(prefix, device)}/result"


def catalogue_topic(prefix: str, device: str) -> str:
    """Where it is told what the home has."""
    return f"{prefix}/{device}/catalogue"


def encoded(
    schema: str, topic: str, value: Mapping[str, Any], retain: bool = False, about: bytes = b""
) -> Message:
    """A message of our own.

    Args:
        schema: what its payload must fit.
        topic: where it goes.
        value: the payload.
        retain: whether the broker keeps it.
        about: the id of the command that it is about.

    Raises:
        MessageError: the value does not fit.
    """
    check(schema, value)
    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType = JSON_TYPE
    properties.UserProperty = ("v", VERSION)
    if about:
        properties.CorrelationData = about
    payload = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=str)
    return Message(topic, payload.encode(), properties, retain)


def read_command(message: Message) -> Command:
    """The command in a message; what it has beyond the schema is ignored, such as a Response Topic.

    Raises:
        MessageError: it is none.
    """
    value = _read("command", message)
    own = str(value.get("id", "")).encode() or bytes(
        getattr(message.properties, "CorrelationData", b"")[:MOST_ID_BYTES]
    )
    return Command(value["command"], value.get("value"), own)


def id_of(message: Message) -> bytes:
    """The id of a command that may be unreadable otherwise, b"" for none."""
    try:
        own = read_json(message.payload).get("id", "")
    except MessageError:
        own = ""
    given = own.encode() if isinstance(own, str) else b""
    given = given or bytes(getattr(message.properties, "CorrelationData", b""))
    return given if len(given) <= MOST_ID_BYTES else b""


def read_catalogue(message: Message) -> Names:
    """The names in a message; an empty payload is a catalogue that was taken away.

    Raises:
        MessageError: it is none.
    """
    if not message.payload:
        return Names()
    value = _read("catalogue", message)
    return Names(tuple(map(_thing, value.get("devices", ()))), tuple(value.get("rooms", ())))


def _thing(value: Mapping[str, Any]) -> Thing:
    return Thing(
        value["name"],
        value["kind"],
        value.get("room", ""),
        tuple(value.get("aliases", ())),
        value.get("topic", ""),
        value.get("payload", ""),
        MappingProxyType(dict(value.get("states", {}))),
    )


def _read(schema: str, message: Message) -> Mapping[str, Any]:
    version = dict(getattr(message.properties, "UserProperty", ())).get("v", VERSION)
    if version != VERSION:
        raise MessageError(f"The message is not of version {VERSION}. Update the older of the two programs.")
    value = read_json(message.payload)
    check(schema, value)
    return value
