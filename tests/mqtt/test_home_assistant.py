"""The message by which we appear in Home Assistant, and what others' messages tell us."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.errors import MessageError
from alexa_local.mqtt import home_assistant
from alexa_local.mqtt.discovered import MOST_THINGS, Discovered, things_of
from alexa_local.mqtt.message import Message
from alexa_local.mqtt.schema import check
from alexa_local.mqtt.topics import Thing


def _discovery(events: str = "off", commands: tuple[str, ...] = ()) -> dict[str, Any]:
    message = home_assistant.discovery("homeassistant", "alexa-local", "kitchen", "1.0", events, commands)
    assert message.topic == "homeassistant/device/alexa-local/kitchen/config" and message.retain
    return json.loads(message.payload)


def _shown(value: dict[str, Any]) -> dict[str, str]:
    """Key and platform of what is to be seen, without what is taken away."""
    return {key: one["platform"] for key, one in value["components"].items() if len(one) > 1}


def test_the_device_says_what_its_topics_say_and_nothing_more() -> None:
    value = _discovery()
    assert value["device"]["identifiers"] == ["alexa-local-kitchen"] and value["origin"]["name"]
    assert value["availability_topic"] == "alexa-local/kitchen/availability"
    assert value["state_topic"] == "alexa-local/kitchen/state"
    assert _shown(value) == {"local_only": "binary_sensor", "muted": "binary_sensor"}
    states = {"volume", "state", "timers", "next_timer"}
    assert _shown(_discovery("states")).keys() == {"local_only", "muted"} | states
    requests = _shown(_discovery("requests"))
    assert requests.keys() == {"local_only", "muted", "last_request"} | states


def test_only_an_allowed_command_can_be_given_and_its_other_form_goes() -> None:
    value = _discovery("states", ("volume", "mute", "stop", "say", "local-only"))
    shown = _shown(value)
    assert shown["local_only_switch"] == "switch" and "local_only" not in shown
    assert value["components"]["local_only"] == {"platform": "binary_sensor"}
    assert shown["volume_number"] == "number" and shown["stop"] == "button" and shown["say"] == "text"
    for key, one in value["components"].items():
        orders = [text for name, text in one.items() if name.startswith("payload_")]
        template = one.get("command_template", "")
        filled = re.sub(r"{{ value \| int }}", "40", template)
        filled = re.sub(r"{{ value \| tojson }}", '"what time is it"', filled)
        orders += [re.sub(r"{{ now.* }}", "1.5", filled)] if template else []
        for order in orders:
            check("command", json.loads(order))
        assert len(one) == 1 or one["unique_id"] == f"alexa-local-kitchen_{key}"


def test_a_prefix_of_several_levels_makes_a_topic_that_home_assistant_takes() -> None:
    topic = home_assistant.config_topic("ha", "my/house", "kitchen")
    assert topic == "ha/device/my-house/kitchen/config"
    assert home_assistant.removal(topic) == Message(topic, b"", retain=True)


def _things(platform: str, value: object) -> list[Thing]:
    return list(things_of(platform, json.dumps(value).encode()))


def test_a_light_of_zigbee2mqtt_is_called_as_its_device() -> None:
    value = {
        "name": None,
        "schema": "json",
        "command_topic": "zigbee2mqtt/Reading lamp/set",
        "brightness": True,
        "device": {"name": "Reading lamp", "suggested_area": "Living room", "identifiers": ["x"]},
        "origin": {"name": "Zigbee2MQTT"},
    }
    on, off = '{"state": "ON"}', '{"state": "OFF"}'
    lamp = Thing(
        "Reading lamp", "light", "Living room", (), "zigbee2mqtt/Reading lamp/set", "", {"ON": on, "OFF": off}
    )
    assert _things("light", value) == [lamp]


def test_abbreviations_a_base_and_payloads_of_its_own_are_understood() -> None:
    value = {
        "~": "tasmota/plug",
        "name": "Fountain",
        "cmd_t": "~/cmnd/POWER",
        "pl_on": 1,
        "pl_off": "0",
        "dev": {"name": "Garden", "sa": "Garden"},
    }
    assert _things("switch", value) == [
        Thing(
            "Garden Fountain",
            "switch",
            "Garden",
            ("Fountain",),
            "tasmota/plug/cmnd/POWER",
            "",
            {"ON": "1", "OFF": "0"},
        )
    ]
    base_behind = {"~": "plug", "name": "A", "command_topic": "cmnd/~"}
    assert _things("switch", base_behind)[0].topic == "cmnd/plug"


def test_a_device_with_several_things_tells_of_each() -> None:
    value = {
        "dev": {"name": "Strip"},
        "o": {"name": "x"},
        "cmd_t": "strip/all",
        "cmps": {
            "a": {"p": "switch", "name": "Left", "cmd_t": "strip/left"},
            "b": {"p": "switch", "name": "Switch"},
            "c": {"p": "sensor", "name": "Power"},
            "d": {"p": "switch"},
            "e": {"p": "cover", "name": "Blinds", "payload_stop": None},
            "f": 7,
        },
    }
    found = _things("device", value)
    assert [(one.name, one.aliases, one.topic) for one in found] == [
        ("Strip Left", ("Left",), "strip/left"),
        ("Strip Switch", (), "strip/all"),
        ("Strip", (), "strip/all"),
        ("Strip Blinds", ("Blinds",), "strip/all"),
    ]
    assert found[3].states == {"OPEN": "OPEN", "CLOSE": "CLOSE"}


SWITCH = {"name": "Plug", "command_topic": "plug/set"}


@pytest.mark.parametrize(
    ("platform", "more"),
    [
        ("switch", {"command_template": "{{ value }}"}),
        ("light", {"schema": "template", "command_on_template": "x"}),
        ("switch", {"entity_category": "config"}),
        ("switch", {"enabled_by_default": False}),
        ("switch", {"command_topic": "plug/#"}),
        ("switch", {"command_topic": "$SYS/x"}),
        ("switch", {"command_topic": "x" * 257}),
        ("switch", {"command_topic": 7}),
        ("switch", {"~": 7}),
        ("switch", {"name": " "}),
        ("switch", {"payload_on": "x" * 1001, "payload_off": []}),
        ("lock", {}),
        ("sensor", {}),
        ("switch", {"origin": {"name": "alexa-local"}}),
        ("device", {"components": []}),
        ("device", {}),
    ],
)
def test_what_cannot_or_must_not_be_switched_by_its_name_is_left_out(
    platform: str, more: dict[str, Any]
) -> None:
    assert len(_things("switch", SWITCH)) == 1
    assert _things(platform, SWITCH | more) == []


def test_our_own_message_tells_us_of_nothing() -> None:
    own = home_assistant.discovery("h", "alexa-local", "attic", "1", "off", ("local-only",))
    assert list(things_of("device", own.payload)) == []


def test_messages_come_change_and_go() -> None:
    discovered = Discovered("ha")
    topic, payload = "ha/switch/plug/config", json.dumps(SWITCH).encode()
    assert discovered.take(Message(topic, payload)) and not discovered.take(Message(topic, payload))
    assert [one.name for one in discovered.names().things] == ["Plug"]
    assert discovered.take(Message(topic, payload.replace(b"Plug", b"Lamp")))
    assert [one.name for one in discovered.names().things] == ["Lamp"]
    assert discovered.take(Message(topic, b"nonsense")) and discovered.refused == 1
    assert discovered.names().things == () and not discovered.take(Message(topic, b""))


def test_there_is_an_end_to_what_is_kept() -> None:
    discovered = Discovered("ha")
    payload = json.dumps(SWITCH).encode()
    for number in range(2100):
        discovered.take(Message(f"ha/switch/{number}/config", payload))
    assert len(discovered.names().things) == MOST_THINGS and discovered.refused == 100


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["~", "name", "cmd_t", "command_topic", "dev", "cmps", "p", "pl_on", "schema", "sa", "o"]
            ),
            inner,
            max_size=5,
        )
    ),
)


@given(st.sampled_from(["light", "switch", "cover", "scene", "device", "x"]), _JSON)
def test_any_json_is_read_or_refused(platform: str, value: object) -> None:
    try:
        found = _things(platform, value)
    except MessageError:
        return
    for thing in found:
        assert thing.name and thing.topic and len(thing.name) <= 64
