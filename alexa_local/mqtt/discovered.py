"""What is in the home, by the discovery messages that others wrote for Home Assistant.

Whoever may write to the broker wrote them, so nothing in them is trusted: what does not fit is left out, and
so is what only Home Assistant could switch, as it takes a template.
https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from alexa_local.errors import MessageError
from alexa_local.mqtt.home_assistant import ORIGIN
from alexa_local.mqtt.message import Message
from alexa_local.mqtt.schema import read_json
from alexa_local.mqtt.topics import Names, Thing

MOST_THINGS = 500
"""Things that are kept; a home has fewer."""

_MOST_TOPICS = 2000
_MOST_NAME, _MOST_TOPIC, _MOST_PAYLOAD, _MOST_COMPONENTS = 64, 256, 1000, 100
_SHORT = {
    "cmps": "components",
    "cmd_t": "command_topic",
    "cmd_tpl": "command_template",
    "dev": "device",
    "en": "enabled_by_default",
    "ent_cat": "entity_category",
    "o": "origin",
    "p": "platform",
    "pl_cls": "payload_close",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "pl_open": "payload_open",
    "pl_stop": "payload_stop",
    "sa": "suggested_area",
}
"""Home Assistant's abbreviations of the fields that are read here."""

_GENERAL = frozenset({"fan", "light", "lights", "outlet", "plug", "power", "relay", "socket", "switch"})
"""Names of what belongs to a device that name nothing without it."""

_PUBLISHABLE = re.compile(r"[^+#$/\0][^+#\0]*")

Fields = Mapping[str, Any]
States = Mapping[str, str]


class Discovered:
    """What the messages so far tell; none of them raises.

    Attributes:
        refused: messages that could not be read, or were too many.
    """

    def __init__(self, discovery_prefix: str) -> None:
        self.refused = 0
        self._prefix = discovery_prefix
        self._by_topic: dict[str, tuple[Thing, ...]] = {}

    def take(self, message: Message) -> bool:
        """Take a message; returns whether anything changed by it."""
        before = self._by_topic.get(message.topic, ())
        try:
            found = tuple(things_of(self._platform(message.topic), message.payload))
        except MessageError:
            self.refused += 1
            found = ()
        if found and not before and len(self._by_topic) >= _MOST_TOPICS:
            self.refused += 1
            return False
        if found:
            self._by_topic[message.topic] = found
        else:
            self._by_topic.pop(message.topic, None)
        return found != before

    def names(self) -> Names:
        """All things, in the order of their topics, up to `MOST_THINGS`."""
        things = [thing for topic in sorted(self._by_topic) for thing in self._by_topic[topic]]
        return Names(tuple(things[:MOST_THINGS]))

    def _platform(self, topic: str) -> str:
        return topic.removeprefix(f"{self._prefix}/").partition("/")[0]


def things_of(platform: str, payload: bytes) -> Iterator[Thing]:
    """What a discovery message tells of; of a device with several things, each.

    Args:
        platform: the first level of its topic after the prefix: "light", "device" and so on.
        payload: the message; an empty one tells of nothing.

    Raises:
        MessageError: it cannot be read.
    """
    if not payload:
        return
    fields = _spelled_out(read_json(payload))
    if _text(_fields(fields, "origin"), "name") == ORIGIN:  # us, or another of our kind
        return
    device = _fields(fields, "device")
    if platform != "device":
        yield from _thing(platform, fields, device)
        return
    shared = {name: fields[name] for name in ("command_topic",) if name in fields}
    components = [each for each in _fields(fields, "components").values() if isinstance(each, dict)]
    for each in components[:_MOST_COMPONENTS]:
        own = _spelled_out(each)
        yield from _thing(_text(own, "platform"), {**shared, **own}, device)


def _thing(platform: str, fields: Fields, device: Fields) -> Iterator[Thing]:
    """The one thing that these fields are about, if it can be switched by its name."""
    find_states = _STATES.get(platform)
    topic, name = _topic(fields), _name(fields, device)
    is_meant = fields.get("enabled_by_default", True) and not fields.get("entity_category")
    if find_states is None or not (topic and name and is_meant) or "command_template" in fields:
        return
    states = find_states(fields)
    if states:
        room = _text(device, "suggested_area")
        yield Thing(name, platform, room, _aliases(fields, name), topic, states=MappingProxyType(states))


def _name(fields: Fields, device: Fields) -> str:
    """As Home Assistant shows it: the device's name, and after it the thing's own where it has one."""
    of_device, own = _text(device, "name"), _text(fields, "name")
    if not of_device or own.casefold().startswith(of_device.casefold()):
        return own or of_device
    return f"{of_device} {own}".strip()[:_MOST_NAME]


def _aliases(fields: Fields, name: str) -> tuple[str, ...]:
    own = _text(fields, "name")
    return (own,) if own and own != name and own.casefold() not in _GENERAL else ()


def _topic(fields: Fields) -> str:
    """Where its commands go, with the base that `~` stands for."""
    topic, base = fields.get("command_topic"), fields.get("~", "")
    if not isinstance(topic, str) or not isinstance(base, str):
        return ""
    if topic.startswith("~"):
        topic = base + topic[1:]
    if topic.endswith("~"):
        topic = topic[:-1] + base
    return topic if len(topic) <= _MOST_TOPIC and _PUBLISHABLE.fullmatch(topic) else ""


def _on_and_off(fields: Fields) -> States:
    return _payloads(fields, ON=("payload_on", "ON"), OFF=("payload_off", "OFF"))


def _light(fields: Fields) -> States:
    """One with a template can be switched by Home Assistant alone."""
    match fields.get("schema", "basic"):
        case "basic" | "default":
            return _on_and_off(fields)
        case "json":
            return {state: json.dumps({"state": state}) for state in ("ON", "OFF")}
        case _:
            return {}


def _cover(fields: Fields) -> States:
    """What it has no payload for, by an explicit null, it cannot do."""
    return _payloads(
        fields, OPEN=("payload_open", "OPEN"), CLOSE=("payload_close", "CLOSE"), STOP=("payload_stop", "STOP")
    )


def _scene(fields: Fields) -> States:
    return _payloads(fields, ON=("payload_on", "ON"))


_STATES: Mapping[str, Callable[[Fields], States]] = {
    "light": _light,
    "switch": _on_and_off,
    "fan": _on_and_off,
    "cover": _cover,
    "scene": _scene,
}
"""What can be switched, and how its message for each state is found. No lock: whoever may write to the broker
could call another door so."""


def _payloads(fields: Fields, **wanted: tuple[str, str]) -> States:
    found = {}
    for state, (field, default) in wanted.items():
        value = fields.get(field, default)
        if isinstance(value, bool | int | float):
            value = str(value)
        if isinstance(value, str) and len(value) <= _MOST_PAYLOAD:
            found[state] = value
    return found


def _spelled_out(fields: Fields) -> dict[str, Any]:
    """The fields without abbreviations, also those of the device."""
    full = {_SHORT.get(name, name): value for name, value in fields.items()}
    for name in ("device", "origin"):
        if isinstance(full.get(name), dict):
            full[name] = {_SHORT.get(key, key): value for key, value in full[name].items()}
    return full


def _fields(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value.strip()[:_MOST_NAME] if isinstance(value, str) else ""
