"""Who may ask for what: guests less, some people less, and sensitive things by nobody's voice alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from house import House

from alexa_local.act import Actor
from alexa_local.act.handlers import HANDLERS
from alexa_local.act.permissions import Permissions
from alexa_local.config import (
    ContactsSettings,
    DeviceSettings,
    GuestSettings,
    PeopleSettings,
    PersonSettings,
)
from alexa_local.errors import ConfigError
from alexa_local.messages import TYPED, Interpretation, Talker

ANNA = Talker(person="Anna", person_confidence=0.99, is_sure=True)
BEN = Talker(person="Ben", person_confidence=0.99, is_sure=True)
PROBABLY_ANNA = Talker(person="Anna", person_confidence=0.9)
STRANGER, UNSURE = Talker(person="", person_confidence=0.99), Talker()
LOCKS = (
    DeviceSettings("front door", "lock", topic="home/front"),
    DeviceSettings("back door", "lock", topic="home/back"),
)


DEFAULT = PeopleSettings()


def actor(folder: Path, settings: PeopleSettings = DEFAULT) -> tuple[Actor, House]:
    house = House(folder, ContactsSettings(), LOCKS)
    return Actor(house.services, permissions=Permissions(settings, HANDLERS)), house


UNLOCK = Interpretation("Unlock", {"device": "front door"})


@pytest.mark.parametrize(
    ("talker", "done", "reply"),
    [
        (ANNA, True, "The front door is unlocked."),
        (TYPED, True, "The front door is unlocked."),
        (
            PROBABLY_ANNA,
            False,
            "I am not sure enough that you are Anna. Please say it again in more words.",
        ),
        (STRANGER, False, "I only do that for people whose voice I know."),
        (UNSURE, False, "I only do that for people whose voice I know, and I am not sure who is speaking."),
    ],
    ids=["known", "typed", "probably known", "stranger", "not sure"],
)
def test_a_guest_may_not_unlock(tmp_path: Path, talker: Talker, done: bool, reply: str) -> None:
    actor_, house = actor(tmp_path)
    outcome = actor_.perform(UNLOCK, talker)
    assert (outcome.ok, outcome.reply) == (done, reply)
    assert house.publisher.sent == ([("home/front", "UNLOCK")] if done else [])


def test_what_guests_may_do_takes_no_more_certainty(tmp_path: Path) -> None:
    actor_, _ = actor(tmp_path)
    assert actor_.perform(Interpretation("Lock", {"device": "front door"}), PROBABLY_ANNA).ok


def test_a_guest_may_lock(tmp_path: Path) -> None:
    actor_, house = actor(tmp_path)
    assert actor_.perform(Interpretation("Lock", {"kind": "lock"}), STRANGER).ok
    assert house.publisher.sent == [("home/front", "LOCK"), ("home/back", "LOCK")]


def test_what_a_guest_may_not_do_is_not_done_behind_something_else(tmp_path: Path) -> None:
    actor_, house = actor(tmp_path)
    both = Interpretation("GetTime", also=(UNLOCK,))
    assert not actor_.perform(both, STRANGER).ok
    assert house.publisher.sent == []


def test_a_rehearsal_tells_of_the_refusal_and_no_more(tmp_path: Path) -> None:
    actor_, _ = actor(tmp_path)
    outcome = actor_.rehearse(UNLOCK, STRANGER)
    assert outcome is not None and not outcome.ok


def test_one_door_is_unlocked_at_a_time(tmp_path: Path) -> None:
    actor_, house = actor(tmp_path)
    asked = actor_.perform(Interpretation("Unlock", {"kind": "lock"}), ANNA)
    assert (asked.asks, asked.reply) == ("device", "Which one: front door or back door?")
    assert house.publisher.sent == []


def test_some_people_may_less_and_others_nothing_but_what_is_allowed(tmp_path: Path) -> None:
    members = (PersonSettings("ben", denied=("Unlock",)), PersonSettings("Anna", allowed=("GetTime",)))
    actor_, _ = actor(tmp_path, PeopleSettings(members=members, guests=GuestSettings(denied=())))
    assert actor_.perform(UNLOCK, BEN).reply == "Sorry Ben, you may not do that."
    assert (
        actor_.perform(Interpretation("GetTime"), BEN).ok
        and actor_.perform(Interpretation("GetTime"), ANNA).ok
    )
    assert not actor_.perform(Interpretation("GetDate"), ANNA).ok
    assert actor_.perform(UNLOCK, STRANGER).ok


def test_what_is_sensitive_is_done_for_nobodys_voice(tmp_path: Path) -> None:
    actor_, house = actor(tmp_path, PeopleSettings(sensitive=("Unlock",)))
    for talker in (ANNA, STRANGER, UNSURE):
        outcome = actor_.perform(UNLOCK, talker)
        assert not outcome.ok and "type it" in outcome.reply
    assert house.publisher.sent == []
    assert actor_.perform(UNLOCK, TYPED).ok


def test_whoever_is_denied_everything_may_still_stop_it(tmp_path: Path) -> None:
    guests = GuestSettings(allowed=("GetTime",))
    actor_, _ = actor(tmp_path, PeopleSettings(guests=guests))
    assert actor_.perform(Interpretation("Stop"), STRANGER).ok
    assert not actor_.perform(Interpretation("ReadList", {"list": "shopping"}), STRANGER).ok


def test_an_intent_that_there_is_not_is_an_error_and_no_open_door() -> None:
    settings = PeopleSettings(
        sensitive=("Unlok",), members=(PersonSettings("Ben", denied=("Nothing at all",)),)
    )
    with pytest.raises(ConfigError, match=r"did you mean `Unlock`") as caught:
        Permissions(settings, HANDLERS)
    assert "people.members[0].denied" in str(caught.value)


@pytest.mark.parametrize(
    ("talker", "reply"),
    [
        (ANNA, "You are Anna."),
        (STRANGER, "I don't know your voice yet."),
        (UNSURE, "I am not sure who you are."),
        (TYPED, "You are typing"),
    ],
)
def test_it_says_who_is_speaking(tmp_path: Path, talker: Talker, reply: str) -> None:
    actor_, _ = actor(tmp_path)
    assert actor_.perform(Interpretation("WhoAmI"), talker).reply.startswith(reply)
