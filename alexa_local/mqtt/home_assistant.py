"""How the device appears in Home Assistant by itself: one retained message of its MQTT discovery.

https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload; what is told there is what the
state tells anyhow. A thing that can be switched only if the owner allows its command has two forms, of which
the message names one and takes the other away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from alexa_local.mqtt.message import Message
from alexa_local.mqtt.topics import command_topic, state_topic
from alexa_local.mqtt.wire import availability_topic

ORIGIN = "alexa-local"
"""How a discovery message tells who made it."""

BIRTH = b"online"
"""What Home Assistant says when it has started."""

_LONGEST_STATE = 255
"""Characters that Home Assistant takes for a state."""

Component = tuple[str, dict[str, Any]]
"""A component's key in the message, and its settings."""


def status_topic(discovery_prefix: str) -> str:
    """Where Home Assistant says that it has started."""
    return f"{discovery_prefix}/status"


def config_topic(discovery_prefix: str, prefix: str, device: str) -> str:
    """Where our message belongs; the device's name has a level to itself, for a broker's access rules."""
    return f"{discovery_prefix}/device/{_plain(prefix)}/{device}/config"


def config_filters(discovery_prefix: str) -> tuple[str, str]:
    """Where everybody's are."""
    return f"{discovery_prefix}/+/+/config", f"{discovery_prefix}/+/+/+/config"


def discovery(
    discovery_prefix: str,
    prefix: str,
    device: str,
    version: str,
    events: str,
    commands: Collection[str],
) -> Message:
    """The message that makes the device appear.

    Args:
        discovery_prefix: Home Assistant's, such as "homeassistant".
        prefix: our own topics'.
        device: which device this is.
        version: the program's.
        events: the setting `mqtt.events`, on which it depends what there is to see.
        commands: those that are allowed.
    """
    own = f"{_plain(prefix)}-{device}"
    components = dict(_components(events, commands))
    for key, about in components.items():
        if len(about) > 1:
            about["unique_id"] = f"{own}_{key}"
        if "json_attributes_template" in about:
            about["json_attributes_topic"] = state_topic(prefix, device)
    value = {
        "device": {
            "identifiers": [own],
            "name": f"Assistant {device}",
            "manufacturer": ORIGIN,
            "sw_version": version,
        },
        "origin": {"name": ORIGIN, "sw_version": version},
        "availability_topic": availability_topic(prefix, device),
        "state_topic": state_topic(prefix, device),
        "command_topic": command_topic(prefix, device),
        "qos": 1,
        "components": components,
    }
    payload = json.dumps(value, separators=(",", ":"))
    return Message(config_topic(discovery_prefix, prefix, device), payload.encode(), retain=True)


def removal(topic: str) -> Message:
    """The message that makes it disappear again."""
    return Message(topic, b"", retain=True)


def _components(events: str, commands: Collection[str]) -> Iterator[Component]:
    yield from _switch("local_only", "Local only", "mdi:shield-lock", "local-only", commands)
    yield from _switch("muted", "Microphone off", "mdi:microphone-off", "mute", commands)
    tells = events != "off"
    yield from _volume("volume" in commands, tells)
    yield _shown("state", tells, name="Activity", icon="mdi:account-voice", value_template=_field("state"))
    yield _shown("timers", tells, name="Timers", icon="mdi:timer-outline", value_template=_field("timers"))
    yield _shown(
        "next_timer",
        tells,
        name="Next timer",
        device_class="timestamp",
        value_template="{{ value_json.next_timer | default(none) }}",
    )
    yield _shown(
        "last_request",
        events == "requests",
        name="Last request",
        icon="mdi:message-text",
        value_template="{{ value_json.last_request.text[:255] if value_json.last_request is defined "
        "else none }}",
        json_attributes_template="{{ (value_json.last_request | default({})) | tojson }}",
    )
    yield _stop("stop" in commands)
    yield _say("say" in commands)


def _switch(key: str, name: str, icon: str, command: str, commands: Collection[str]) -> Iterator[Component]:
    """A switch where the command is allowed, else something to look at."""
    looks = {"name": name, "icon": icon, "value_template": f"{{{{ 'ON' if value_json.{key} else 'OFF' }}}}"}
    orders = {
        f"payload_{state}": json.dumps({"command": command, "value": state == "on"})
        for state in ("on", "off")
    }
    is_allowed = command in commands
    switch = {**looks, **orders, "state_on": "ON", "state_off": "OFF"} if is_allowed else {}
    yield f"{key}_switch", {"platform": "switch", **switch}
    yield key, {"platform": "binary_sensor", **({} if is_allowed else looks)}


def _volume(is_allowed: bool, is_told: bool) -> Iterator[Component]:
    looks = {"name": "Volume", "icon": "mdi:volume-high", "unit_of_measurement": "%"}
    looks["value_template"] = _field("volume")
    order = {"command_template": '{"command": "volume", "value": {{ value | int }}}', "min": 0, "max": 100}
    yield "volume_number", {"platform": "number", **({**looks, **order} if is_allowed else {})}
    yield "volume", {"platform": "sensor", **(looks if is_told and not is_allowed else {})}


def _stop(is_allowed: bool) -> Component:
    looks = {"name": "Stop", "icon": "mdi:stop", "payload_press": json.dumps({"command": "stop"})}
    return "stop", {"platform": "button", **(looks if is_allowed else {})}


def _say(is_allowed: bool) -> Component:
    order = '{"command": "say", "value": {{ value | tojson }}, "id": "{{ now().timestamp() }}"}'
    looks = {"name": "Request", "icon": "mdi:keyboard", "command_template": order, "max": _LONGEST_STATE}
    looks["value_template"] = "{{ '' }}"
    return "say", {"platform": "text", **(looks if is_allowed else {})}


def _shown(key: str, is_told: bool, **looks: str) -> Component:
    return key, {"platform": "sensor", **(looks if is_told else {})}


def _field(name: str) -> str:
    """In local-only mode the state has few fields; what is missing is unknown."""
    return f"{{{{ value_json.{name} | default(none) }}}}"


def _plain(prefix: str) -> str:
    """As much of our prefix as a topic of discovery may have."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", prefix)
