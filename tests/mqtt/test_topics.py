"""What a device tells and takes as JSON: bad payloads are refused, each by its schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from alexa_local.errors import MessageError
from alexa_local.mqtt import topics
from alexa_local.mqtt.message import Message
from alexa_local.mqtt.schema import MOST_JSON_BYTES, check, schema_text
from alexa_local.mqtt.topics import Command, Names, Thing, id_of, read_catalogue, read_command

STATE = {"local_only": False, "muted": False, "version": "1"}
GOOD: dict[str, dict[str, Any]] = {
    "state": STATE,
    "event": {"event": "idle", "time_s": 1.5, "reason": "cancelled"},
    "command": {"command": "stop"},
    "command-result": {"command": "", "ok": False, "error": "no"},
    "catalogue": {"devices": [{"name": "Lamp", "kind": "light", "topic": "a/b"}], "rooms": ["attic"]},
}


def _message(value: object, correlation: bytes = b"", version: str | None = None) -> Message:
    properties = Properties(PacketTypes.PUBLISH)
    if correlation:
        properties.CorrelationData = correlation
    if version is not None:
        properties.UserProperty = ("v", version)
    payload = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Message("t", payload, properties)


def test_each_schema_takes_what_it_is_for() -> None:
    for name, value in GOOD.items():
        check(name, value)
        assert json.loads(schema_text(name))["$id"] == f"urn:alexa-local:mqtt:{name}:1"


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("state", {"local_only": "yes"}),
        ("state", {"version": ""}),
        ("state", {"volume": 101}),
        ("state", {"volume": True}),
        ("state", {"state": "dancing"}),
        ("state", {"timers": -1}),
        ("state", {"last_request": {"text": "x"}}),
        ("event", {"event": "No Name"}),
        ("event", {"time_s": "now"}),
        ("command", {"command": "dance"}),
        ("command", {"command": "volume"}),
        ("command", {"command": "volume", "value": "40"}),
        ("command", {"command": "volume", "value": 101}),
        ("command", {"command": "volume", "value": True}),
        ("command", {"command": "mute", "value": 1}),
        ("command", {"command": "local-only", "value": "off"}),
        ("command", {"command": "say", "value": "stop"}),
        ("command", {"command": "say", "value": "", "id": "1"}),
        ("command", {"command": "say", "value": "x" * 301, "id": "1"}),
        ("command", {"id": "two words"}),
        ("command", {"id": "x" * 65}),
        ("command", {"id": 7}),
        ("command-result", {"ok": None}),
        ("command-result", {"error": ""}),
        ("catalogue", {"devices": {}}),
        ("catalogue", {"devices": [{"name": "Lamp"}]}),
        ("catalogue", {"devices": [{"name": "Lamp", "kind": "bomb"}]}),
        ("catalogue", {"devices": [{"name": "", "kind": "light"}]}),
        ("catalogue", {"devices": [{"name": "x" * 65, "kind": "light"}]}),
        ("catalogue", {"devices": [{"name": "Lamp", "kind": "light", "topic": "home/#"}]}),
        ("catalogue", {"devices": [{"name": "Lamp", "kind": "light", "topic": ""}]}),
        ("catalogue", {"devices": [{"name": "Lamp", "kind": "light", "states": {"EXPLODE": "1"}}]}),
        ("catalogue", {"devices": [{"name": "Lamp", "kind": "light", "states": {"ON": 1}}]}),
        ("catalogue", {"devices": [{"name": "Lamp", "kind": "light", "aliases": ["a"] * 9}]}),
        ("catalogue", {"devices": [{"name": "Lamp", "kind": "light"}] * 501}),
        ("catalogue", {"rooms": [7]}),
        ("catalogue", {"rooms": ["a"] * 101}),
    ],
)
def test_a_payload_that_does_not_fit_is_refused_and_not_repeated(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(MessageError, match=rf"schema {name}\.json") as caught:
        check(name, GOOD[name] | wrong)
    assert "dance" not in str(caught.value) and "EXPLODE" not in str(caught.value)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"on",
        b"[]",
        b'"stop"',
        b"\xff",
        b"[" * 50_000,
        b'{"command": "stop", "id": "\\ud800"}',
        b'{"command": "volume", "value": NaN}',
        b"{" + b" " * MOST_JSON_BYTES + b"}",
    ],
)
def test_what_is_no_json_object_is_no_command_and_no_catalogue(payload: bytes) -> None:
    with pytest.raises(MessageError):
        read_command(_message(payload))
    if payload:
        with pytest.raises(MessageError):
            read_catalogue(_message(payload))
    assert id_of(_message(payload)) == b""


def test_a_command_has_its_senders_id_wherever_that_is() -> None:
    said = {"command": "say", "value": "stop", "id": "a1", "response_topic": "x"}
    assert read_command(_message(said, b"other")) == Command("say", "stop", b"a1")
    assert read_command(_message({"command": "stop"}, b"other")) == Command("stop", None, b"other")
    assert read_command(Message("t", b'{"command": "stop"}')) == Command("stop")
    assert id_of(_message(b"nonsense", b"other")) == b"other"
    assert id_of(_message(b"nonsense", b"x" * 65)) == b""
    assert id_of(_message({"command": "dance", "id": "a1"})) == b"a1"


def test_another_version_is_refused_and_none_is_ours() -> None:
    assert read_command(_message({"command": "stop"}, version="1"))
    with pytest.raises(MessageError, match="not of version 1"):
        read_command(_message({"command": "stop"}, version="2"))


def test_a_catalogue_says_what_the_home_has() -> None:
    value = {
        "devices": [
            {"name": "Fountain", "kind": "switch", "topic": "f/set", "states": {"ON": "1"}, "colour": "red"},
            {"name": "Oven", "kind": "heater", "room": "kitchen", "aliases": ["stove"]},
        ],
        "rooms": ["attic"],
    }
    fountain, oven = (
        Thing("Fountain", "switch", topic="f/set", states={"ON": "1"}),
        Thing("Oven", "heater", "kitchen", ("stove",)),
    )
    assert read_catalogue(_message(value)) == Names((fountain, oven), ("attic",))
    assert read_catalogue(_message({})) == Names() == read_catalogue(Message("t", b"", retain=True))


def test_what_we_send_says_its_version_type_and_command() -> None:
    message = topics.encoded("state", "a/k/state", STATE, retain=True)
    assert message.retain and json.loads(message.payload) == STATE
    assert message.properties is not None
    assert dict(message.properties.UserProperty) == {"v": "1"}
    assert message.properties.ContentType == "application/json"
    result = topics.encoded("command-result", "t", {"command": "stop", "ok": True}, about=b"a1")
    assert result.properties is not None and result.properties.CorrelationData == b"a1"
    with pytest.raises(MessageError):
        topics.encoded("state", "t", {})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["command", "value", "id", "devices", "rooms", "name", "kind", "x"]), inner
            )
        ),
    )
)
def test_any_json_is_read_or_refused(value: object) -> None:
    for read in (read_command, read_catalogue):
        try:
            read(_message(value))
        except MessageError:
            pass
    id_of(_message(value))
