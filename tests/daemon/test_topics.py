"""The device's topics at a real broker: what is told, what is done, and what never leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from alexa_local.config import MqttSettings
from alexa_local.testing.loud_home import LoudHome
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto
from alexa_local.testing.owner import Heard, Owner

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")

ELSEWHERE = "127.1"
"""This machine by a name that is not known to be it: as far as local-only goes, a broker elsewhere."""

STATE, EVENTS = "alexa-local/kitchen/state", "alexa-local/kitchen/events"
COMMAND, RESULT = "alexa-local/kitchen/command", "alexa-local/kitchen/command/result"
PRESENCE = ("alexa-local/kitchen/availability", "alexa-local/kitchen/models")
ALL = ("volume", "mute", "stop", "say", "local-only")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as server:
        yield server


@pytest.fixture
def owner(mosquitto: Mosquitto) -> Iterator[Owner]:
    with closing(Owner(mosquitto.port)) as owner:
        yield owner


Start = Callable[..., LoudHome]


@pytest.fixture
def start(folder: Path, mosquitto: Mosquitto) -> Iterator[Start]:
    running: list[LoudHome] = []

    def begin(host: str = "127.0.0.1", **settings: Any) -> LoudHome:
        running.append(
            LoudHome(folder, MqttSettings(host=host, port=mosquitto.port, device_id="kitchen", **settings))
        )
        return running[-1]

    yield begin
    for home in running:
        home.close()


def _state(**wanted: object) -> Callable[[Heard], bool]:
    def fits(message: Heard) -> bool:
        return message.topic == STATE and wanted.items() <= message.json.items()

    return fits


def _result(about: bytes) -> Callable[[Heard], bool]:
    return lambda message: message.topic == RESULT and message.about == about


def test_without_settings_only_presence_and_the_mode_are_told(start: Start, owner: Owner) -> None:
    home = start()
    owner.wait(_state(local_only=False, muted=False))
    home.ask("mute", on=True)
    owner.wait(_state(muted=True))
    home.ask("say", text="set the volume to thirty percent")
    heard = len(owner.heard)
    home.ask("mute", on=False)
    owner.wait(_state(muted=False), heard)
    assert {message.topic for message in owner.heard} <= {STATE, *PRESENCE}
    assert all(message.json.keys() == {"local_only", "muted", "version"} for message in owner.on(STATE))


def test_the_state_follows_what_is_done_and_stays_at_the_broker(
    start: Start, owner: Owner, mosquitto: Mosquitto
) -> None:
    home = start(events="states")
    home.ask("say", text="set the volume to thirty percent")
    owner.wait(_state(volume=30, state="idle", timers=0))
    home.ask("say", text="set a timer for ten minutes")
    told = owner.wait(_state(timers=1)).json
    assert told["next_timer"].endswith("+00:00") and "last_request" not in told
    before = len(owner.heard)
    home.ask("say", text="cancel the timer")
    owner.wait(lambda message: _state(timers=0)(message) and "next_timer" not in message.json, before)
    names = {message.json["event"] for message in owner.on(EVENTS)}
    assert "thinking" in names and not names & {"stt_text", "intent", "action"}
    with closing(Owner(mosquitto.port, STATE)) as late:
        assert late.wait(_state(volume=30)).kept


def test_requests_are_told_only_where_the_owner_wants_it(start: Start, owner: Owner) -> None:
    home = start(events="requests")
    home.ask("say", text="turn on the lamp")
    told = owner.wait(lambda message: "last_request" in message.json).json["last_request"]
    assert (told["text"], told["intent"], told["done"]) == ("turn on the lamp", "TurnOn", True)
    assert told["reply"]
    action = owner.wait(lambda message: message.topic == EVENTS and message.json["event"] == "action")
    assert action.json["done"]


def test_a_broker_that_forgot_is_told_again(start: Start, mosquitto: Mosquitto) -> None:
    home = start(events="states")
    home.ask("say", text="set the volume to thirty percent")
    mosquitto.stop()
    mosquitto.start()
    with closing(Owner(mosquitto.port)) as owner:
        owner.wait(_state(volume=30))


def test_commands_are_done_and_answered_with_their_id(start: Start, owner: Owner) -> None:
    home = start(commands=ALL, events="states")
    for number, (name, value) in enumerate(
        [("volume", 30), ("mute", True), ("mute", False), ("stop", None), ("say", "turn on the lamp")]
    ):
        about = f"id{number}"
        owner.publish(COMMAND, {"command": name, "id": about} | ({} if value is None else {"value": value}))
        told = owner.wait(_result(about.encode())).json
        assert told["ok"] and told["command"] == name
        if name == "say":
            assert told["done"] and told["reply"]
    owner.wait(_state(volume=30, muted=False))
    assert home.switched.read_text() == "ON\n"
    owner.publish(COMMAND, {"command": "volume", "value": 40}, about=b"\x00\x01")
    assert owner.wait(_result(b"\x00\x01")).json == {"command": "volume", "ok": True}


def test_what_is_not_allowed_or_no_command_is_refused_and_counted(start: Start, owner: Owner) -> None:
    home = start(commands=("volume",), events="states")
    owner.publish(COMMAND, {"command": "local-only", "value": True, "id": "a"})
    assert "mqtt.commands" in owner.wait(_result(b"a")).json["error"]
    owner.publish(COMMAND, b"say something", about=b"b")
    assert owner.wait(_result(b"b")).json["error"]
    owner.publish(COMMAND, {"command": "volume", "value": 300, "id": "c"})
    assert not owner.wait(_result(b"c")).json["ok"]
    status = home.ask("status")
    assert (status["commands_forbidden"], status["commands_invalid"]) == (1, 2)
    assert status["local_only"] is False and status["volume"] == 50


def test_without_allowed_commands_none_is_even_heard(start: Start, owner: Owner) -> None:
    home = start(events="states")
    owner.wait(_state(state="idle"))
    owner.publish(COMMAND, {"command": "volume", "value": 30})
    home.ask("say", text="set the volume to forty percent")
    owner.wait(_state(volume=40))
    assert not owner.on(RESULT)


def test_a_command_that_comes_again_is_answered_again_and_done_once(start: Start, owner: Owner) -> None:
    home = start(commands=ALL)
    for _ in range(3):
        owner.publish(COMMAND, {"command": "say", "value": "turn on the lamp", "id": "once"})
    owner.publish(COMMAND, {"command": "say", "value": "turn off the lamp", "id": "then"})
    owner.wait(_result(b"then"))
    assert home.switched.read_text() == "ON\nOFF\n"
    assert home.ask("status")["commands_repeated"] == 2


def test_a_command_that_the_broker_kept_is_stale_and_ignored(
    start: Start, owner: Owner, mosquitto: Mosquitto
) -> None:
    owner.publish(COMMAND, {"command": "volume", "value": 5, "id": "stale"}, retain=True)
    home = start(commands=ALL, events="states")
    owner.wait(_state(state="idle"))
    owner.publish(COMMAND, {"command": "volume", "value": 30, "id": "fresh"})
    owner.wait(_result(b"fresh"))
    assert [message.about for message in owner.on(RESULT)] == [b"fresh"]
    assert home.ask("status")["volume"] == 30


def test_a_storm_of_commands_keeps_no_request_from_its_turn(start: Start, owner: Owner) -> None:
    home = start(commands=ALL)
    owner.wait(_state(muted=False))
    for number in range(300):
        owner._client.publish(COMMAND, json.dumps({"command": "stop", "id": f"{number}"}), qos=1)
    assert home.ask("say", text="turn on the lamp")["done"]
    owner.publish(COMMAND, {"command": "stop"})
    while True:
        status = home.ask("status")
        counts = {name: count for name, count in status.items() if name.startswith("commands_")}
        if sum(counts.values()) + status["dropped"]["topics"] == 301:
            break
    assert counts["commands_done"] >= 1 and set(counts) <= {"commands_done", "commands_busy"}


def test_the_last_that_a_broker_elsewhere_hears_is_that_local_only_is_on(start: Start, owner: Owner) -> None:
    home = start(ELSEWHERE, events="requests", commands=ALL)
    home.ask("say", text="turn on the lamp")
    owner.wait(lambda message: "last_request" in message.json)
    owner.publish(COMMAND, {"command": "local-only", "value": True, "id": "shut"})
    owner.wait(_state(local_only=True))
    owner.wait(lambda message: message.payload == b"offline")
    heard = len(owner.heard)
    home.ask("say", text="turn off the lamp")
    home.ask("mode", on=False)
    owner.wait(_state(local_only=False), heard)
    home.ask("say", text="what time is it")
    owner.wait(lambda message: b"GetTime" in message.payload or b"what time is it" in message.payload, heard)
    assert owner.on(STATE)[-1].json["local_only"] is False
    assert not any(b"turn off the lamp" in message.payload for message in owner.heard)
    shut = next(message for message in owner.on(STATE) if message.json["local_only"])
    assert shut.json.keys() == {"local_only", "muted", "version"}


def test_a_broker_on_this_machine_hears_nothing_of_speech_either(start: Start, owner: Owner) -> None:
    home = start(events="requests", commands=ALL)
    owner.wait(_state(state="idle"))
    before = len(owner.heard)
    home.ask("mode", on=True)
    again = owner.wait(lambda message: message.payload == b"online", before)
    home.ask("say", text="set the volume to thirty percent")
    owner.publish(COMMAND, {"command": "say", "value": "turn on the lamp", "id": "quiet"})
    owner.publish(COMMAND, {"command": "mute", "value": True, "id": "heard"})
    owner.wait(_result(b"heard"))
    owner.wait(_state(muted=True))
    while not home.switched.exists():
        pass
    shut = next(index for index, message in enumerate(owner.heard) if message is again)
    later = [message for message in owner.heard[shut:] if message.topic.startswith("alexa-local/kitchen")]
    assert {message.topic for message in later} <= {STATE, RESULT, COMMAND, *PRESENCE}
    states = [message.json.keys() for message in later if message.topic == STATE]
    assert all(keys == {"local_only", "muted", "version"} for keys in states)
    assert [message.about for message in later if message.topic == RESULT] == [b"heard"]


CATALOGUE = "alexa-local/kitchen/catalogue"


def test_names_from_the_broker_are_known_while_it_runs_and_forgotten(start: Start, owner: Owner) -> None:
    fountain = {"name": "Fountain", "kind": "switch", "room": "garden", "topic": "f/set"}
    ours = {"name": "Trap", "kind": "switch", "topic": "alexa-local/attic/command"}
    twin = {"name": "lamp", "kind": "light", "room": "kitchen", "topic": "not/ours"}
    value = {"devices": [fountain | {"states": {"ON": "flow"}}, ours, twin], "rooms": ["Winter garden"]}
    owner.publish(CATALOGUE, value, retain=True)
    home = start(catalogue=True)
    while not home.ask("say", text="turn on the fountain")["done"]:
        pass
    assert owner.wait(lambda message: message.topic == "f/set").payload == b"flow"
    assert home.ask("say", text="turn off the fountain")["reply"] == "The Fountain can't do that."
    assert home.ask("say", text="turn on the lamp")["done"] and not owner.on("not/ours")
    assert not home.ask("say", text="turn on the trap")["done"]
    owner.publish(CATALOGUE, b"nonsense")
    owner.publish(CATALOGUE, b"", retain=True)
    while home.ask("say", text="turn on the fountain")["done"]:
        pass
    assert home.ask("status")["names_refused"] == 1


CONFIG = "homeassistant/device/alexa-local/kitchen/config"


def test_it_appears_in_home_assistant_again_at_its_birth_and_goes(
    start: Start, folder: Path, owner: Owner, mosquitto: Mosquitto
) -> None:
    with closing(
        LoudHome(folder, MqttSettings("127.0.0.1", mosquitto.port, device_id="kitchen", home_assistant=True))
    ):
        value = owner.wait(lambda message: message.topic == CONFIG).json
        assert value["components"]["local_only"]["platform"] == "binary_sensor"
        heard = len(owner.heard)
        owner.publish("homeassistant/status", b"offline")
        owner.publish("homeassistant/status", b"online")
        owner.wait(lambda message: message.topic == CONFIG, heard)
    with closing(Owner(mosquitto.port, CONFIG)) as late:
        assert late.wait(lambda message: message.topic == CONFIG).kept
    heard = len(owner.heard)
    start()
    assert owner.wait(lambda message: message.topic == CONFIG, heard).payload == b""
    owner.wait(_state(local_only=False), heard)
    with closing(Owner(mosquitto.port, "homeassistant/#")) as late:
        late.publish("homeassistant/end", b"x")
        assert late.wait(lambda message: True).topic == "homeassistant/end"


def test_a_light_of_home_assistant_is_switched_with_its_own_messages(start: Start, owner: Owner) -> None:
    light = {
        "name": None,
        "command_topic": "lights/7/set",
        "payload_on": "1",
        "payload_off": "0",
        "device": {"name": "Reading lamp", "suggested_area": "Study", "identifiers": ["7"]},
    }
    owner.publish("homeassistant/light/seven/config", light, retain=True)
    owner.publish("homeassistant/switch/node/bad/config", b"{", retain=True)
    home = start(home_assistant=True)
    while not home.ask("say", text="turn on the reading lamp")["done"]:
        pass
    assert owner.wait(lambda message: message.topic == "lights/7/set").payload == b"1"
    assert home.ask("say", text="turn off the lights in the study")["done"]
    assert [message.payload for message in owner.on("lights/7/set")][-1] == b"0"
    owner.publish("homeassistant/light/seven/config", b"", retain=True)
    while home.ask("say", text="turn on the reading lamp")["done"]:
        pass
    assert home.ask("status")["names_refused"] == 1
