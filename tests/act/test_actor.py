import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from house import House

import alexa_local
from alexa_local.act import Actor
from alexa_local.act.handlers import TABLES
from alexa_local.errors import DeviceError, NetworkError, StorageError
from alexa_local.messages import Interpretation, Outcome
from alexa_local.understand import OwnerAction

INTENTS: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(alexa_local.__file__).parent / "understand" / "intents.yaml").read_text(encoding="utf-8")
)["intents"]


def test_each_intent_has_exactly_one_handler() -> None:
    by_hand = {"Repeat"}  # the actor itself knows what it said last
    handled = [intent for table in TABLES for intent in table]
    assert sorted(handled) == sorted(set(INTENTS) - by_hand)


@pytest.mark.parametrize("intent", sorted(INTENTS))
def test_no_intent_fails_without_slots_or_configuration(bare_house: House, intent: str) -> None:
    outcome = bare_house.ask(intent)
    assert outcome.reply or outcome.earcon
    assert outcome.ok or outcome.asks or outcome.earcon == "error"


@pytest.mark.parametrize("intent", sorted(INTENTS))
def test_every_handler_takes_the_slots_of_its_intent(house: House, intent: str) -> None:
    examples: dict[str, Any] = {
        "time": "07:00",
        "date": "2025-12-24",
        "device": "reading lamp",
        "room": "kitchen",
        "kind": "light",
        "contact": "Ann Jones",
        "items": ["milk", "eggs"],
        "repeat": "daily",
        "which": "home",
        "colour": "red",
        "all": True,
        "shuffle": True,
        **dict.fromkeys(("duration", "second_duration"), 90),
        **dict.fromkeys(("level", "amount"), 20),
        "temperature": 21.5,
    }
    names = [name.rstrip("?") for name in INTENTS[intent].get("slots", {})]
    assert house.ask(intent, **{name: examples.get(name, "something") for name in names}).reply is not None


def test_what_is_not_known_is_said_so(house: House) -> None:
    assert house.ask("FlyToTheMoon") == Outcome(False, "Sorry, I can't do that yet.", {}, "error")
    assert house.ask("") == Outcome(False, "Sorry, I didn't understand that.", {}, "error")


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (
            StorageError("The disk is full. Free some space."),
            "I couldn't write that down: there is a problem with the disk.",
        ),
        (NetworkError("No broker. Start it."), "I couldn't reach the broker."),
        (DeviceError("No loudspeaker. Plug it in."), "Sorry, that did not work."),
    ],
)
def test_an_error_becomes_an_answer_and_its_details_go_to_the_log(
    house: House, caplog: pytest.LogCaptureFixture, error: Exception, reply: str
) -> None:
    def fails(*_: object) -> Outcome:
        raise error

    outcome = Actor(house.services, handlers={"Fail": fails}).perform(Interpretation("Fail"))
    assert outcome == Outcome(False, reply, {}, "error")
    assert str(error) in caplog.text


def test_a_full_disk_keeps_what_was_there(house: House) -> None:
    house.ask("AddToList", items=["milk"], list="shopping")
    house.store.read("PRAGMA query_only = 1")
    assert house.reply("AddToList", items=["eggs"]).startswith("I couldn't write that down")
    assert not house.ask("SetTimer", duration=60).ok
    assert house.reply("ReadList") == "There is one thing on the shopping list: milk."


def test_nothing_that_was_said_is_logged_above_debug(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    house.ask("CallContact", contact="Ann Jones")
    house.ask("UnknownContact", name="Zaphod")
    house.ask("SendMessage", contact="Zaphod", message="hello")
    assert caplog.text == ""


def test_the_last_answer_is_repeated(house: House) -> None:
    assert house.reply("Repeat") == "I haven't said anything yet."
    house.ask("SetTimer", duration=600)
    house.ask("Mute")  # answers with a tone
    assert house.reply("Repeat") == "Ten minutes, starting now."
    assert house.reply("Repeat") == "Ten minutes, starting now."


def test_an_owners_intent_publishes_and_answers(house: House) -> None:
    action = OwnerAction(
        topic="coffee/{size}", payload='{"drink": "{drink}"}', reply="One {size} {drink} coming up."
    )
    actor = Actor(house.services, {"orderDrink": action})
    outcome = actor.perform(Interpretation("orderDrink", {"drink": "latte", "size": "large"}))
    assert outcome.reply == "One large latte coming up."
    assert outcome.action == {"orderDrink": {"drink": "latte", "size": "large"}}
    assert house.publisher.sent == [("coffee/large", '{"drink": "latte"}')]


def test_an_owners_program_may_answer_with_its_first_line(house: House) -> None:
    actor = Actor(
        house.services, {"tide": OwnerAction(run=("printf", "%s\\nmore", "high tide in {place} at noon"))}
    )
    assert actor.perform(Interpretation("tide", {"place": "Hull"})).reply == "High tide in Hull at noon."


def test_an_owners_intent_comes_before_a_built_in_one(house: House) -> None:
    actor = Actor(house.services, {"GetTime": OwnerAction(reply="Time for tea")})
    assert actor.perform(Interpretation("GetTime")).reply == "Time for tea."


def test_without_a_broker_an_owners_message_says_what_is_missing(bare_house: House) -> None:
    bare_house.services.commands._publisher = None
    actor = Actor(bare_house.services, {"tea": OwnerAction(topic="tea")})
    assert actor.perform(Interpretation("tea")).reply.startswith("No broker is configured. Set mqtt.host")


def test_what_there_cannot_be_is_said_not_to_exist(house: House) -> None:
    assert (
        house.reply("Impossible", what="thirty first of february") == "There is no thirty first of february."
    )
