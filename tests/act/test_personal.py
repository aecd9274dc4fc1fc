"""What follows from who speaks: their lists, and whom a name means to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from house import House

from alexa_local.act.personal import personal
from alexa_local.config import CommandSettings, ContactsSettings
from alexa_local.messages import TYPED, Interpretation, Talker

ANN, BOB = Talker(person="Ann", person_confidence=0.99), Talker(person="bob", person_confidence=0.99)
STRANGER, UNSURE = Talker(person=""), Talker()


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path, ContactsSettings(call=CommandSettings(topic="phone", payload="{number}")))
    house.services.contacts.import_bytes(b"name,phone\nMum,111\nCarl Hill,555\n", "Ann")
    house.services.contacts.import_bytes(b"name,nickname,phone\nMary Smith,Mum,222\n", "Bob")
    return house


def ask(house: House, intent: str, talker: Talker, text: str = "", **slots: object) -> str:
    meaning = personal(Interpretation(intent, slots, text, 1.0), talker)
    return house.actor.perform(meaning, talker).reply


@pytest.mark.parametrize(
    ("talker", "reply"),
    [
        (ANN, "Calling Ann's Mum."),
        (BOB, "Calling Mary Smith."),
        (STRANGER, "Which Mum: Mary Smith or Ann's Mum?"),
        (UNSURE, "Which Mum: Mary Smith or Ann's Mum?"),
        (TYPED, "Which Mum: Mary Smith or Ann's Mum?"),
    ],
)
def test_mum_is_the_speakers_own(house: House, talker: Talker, reply: str) -> None:
    assert ask(house, "CallContact", talker, contact="mum") == reply


def test_ones_own_comes_before_everybodys_and_others_can_be_called_by_their_owner(house: House) -> None:
    house.services.contacts.import_bytes(b"name,phone\nMum,333\n")
    assert ask(house, "CallContact", ANN, contact="mum") == "Calling Ann's Mum."
    assert ask(house, "CallContact", UNSURE, contact="mum") == "Calling Mum."
    assert ask(house, "CallContact", BOB, contact="ann's mum") == "Calling Ann's Mum."
    assert ask(house, "CallContact", BOB, contact="carl hill") == "Calling Carl Hill."


def test_only_ones_own_are_told_as_such(house: House) -> None:
    assert [one.name for one in house.services.contacts.of("ANN")] == ["Carl Hill", "Ann's Mum"]
    assert house.services.contacts.of("nobody") == []


def test_my_list_is_ones_own_and_the_list_is_everybodys(house: House) -> None:
    milk = {"items": ["milk"], "list": "shopping"}
    assert ask(house, "AddToList", ANN, "add milk to my shopping list", **milk).endswith(
        "your shopping list."
    )
    assert ask(house, "ReadList", BOB, "what's on my shopping list", list="shopping").endswith(
        "list is empty."
    )
    assert ask(house, "ReadList", ANN, "what's on the shopping list", list="shopping").endswith(
        "list is empty."
    )
    assert "milk" in ask(house, "ReadList", ANN, "read me my list", list="shopping")
    assert "milk" in ask(house, "RemoveFromList", ANN, "take milk off my list", **milk)
    assert (
        ask(house, "ClearList", BOB, "clear my list", list="shopping") == "Your shopping list is empty now."
    )


@pytest.mark.parametrize("talker", [STRANGER, UNSURE, TYPED])
def test_my_list_of_whoever_is_not_known_is_everybodys(house: House, talker: Talker) -> None:
    reply = ask(house, "AddToList", talker, "add milk to my list", items=["milk"], list="shopping")
    assert reply == "I added milk to the shopping list."


def test_what_else_is_mine_makes_no_list_mine() -> None:
    meaning = Interpretation("AddToList", {"items": ["milk"]}, "add milk to the list and call my mum", 1.0)
    assert personal(meaning, ANN).slots == meaning.slots


def test_the_second_request_of_a_breath_may_be_about_a_list_too() -> None:
    second = Interpretation("ReadList", {"list": "shopping"}, "what's on my list", 1.0)
    meaning = Interpretation("GetTime", {}, "what time is it and what's on my list", 1.0, also=(second,))
    assert personal(meaning, ANN).also[0].slots["owner"] == "Ann"
