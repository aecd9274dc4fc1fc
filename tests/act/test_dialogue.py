"""Turns that depend on the one before: answers, again, not that one, take it back."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.act import Dialogue
from alexa_local.act.dialogue import ANSWER_WINDOW_S, MEMORY_S, TAKES_BACK
from alexa_local.act.handlers import HANDLERS
from alexa_local.messages import Hypothesis, Interpretation, Outcome
from alexa_local.understand import Catalogue, Contact, Device, Understander

NOW = datetime(2026, 11, 21, 20, 30)
DEVICES = (
    Device("Reading lamp", "light", "living room"),
    Device("Floor lamp", "light", "living room"),
    Device("Kitchen light", "light", "kitchen"),
    Device("Ceiling fan", "fan", "bedroom"),
)
HOME = Catalogue(
    devices=DEVICES,
    rooms=("kitchen", "living room", "bedroom"),
    contacts=(Contact("Anna Miller"), Contact("Anna Smith"), Contact("Tom Jones")),
)
LANGUAGE = Understander(HOME, now=lambda: NOW)
DONE = Outcome(True, "Done.")


class Talk:
    """A dialogue with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.language = LANGUAGE
        self.dialogue = Dialogue(lambda: self.now_s, lambda: DEVICES)

    def say(self, text: str, outcome: Outcome | None = DONE) -> Interpretation:
        """What it means; with an outcome it is performed too."""
        meaning = self.dialogue.interpret(self.language, [Hypothesis(text, 0.0)])
        if outcome is not None:
            self.dialogue.performed(meaning, outcome)
        return meaning


def asks(slot: str) -> Outcome:
    return Outcome(False, "Which?", asks=slot)


@pytest.mark.parametrize(
    ("asked", "slot", "answer", "slots"),
    [
        (Interpretation("SetTimer", {"name": "tea"}), "duration", "ten minutes", {"duration": 600}),
        (Interpretation("SetTimer"), "duration", "for ten minutes please", {"duration": 600}),
        (Interpretation("SetAlarm"), "time", "at seven", {"time": "07:00", "date": "2026-11-22"}),
        (
            Interpretation("CallContact", {"contact": "anna"}),
            "contact",
            "anna smith",
            {"contact": "Anna Smith"},
        ),
        (Interpretation("CallContact", {"contact": "anna"}), "contact", "smith", {"contact": "Anna Smith"}),
        (Interpretation("SetColour", {"device": "Reading lamp"}), "colour", "blue", {"colour": "blue"}),
        (Interpretation("SetVolume"), "level", "to forty percent", {"level": 40}),
        (
            Interpretation("SendMessage", {"contact": "Tom Jones"}),
            "message",
            "i am late",
            {"message": "i am late"},
        ),
        (
            Interpretation("AddToList", {"list": "shopping"}),
            "items",
            "milk and eggs",
            {"items": ["milk", "eggs"]},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_fills_the_slot_that_was_asked_for(
    asked: Interpretation, slot: str, answer: str, slots: dict[str, object]
) -> None:
    talk = Talk()
    talk.dialogue.performed(asked, asks(slot))
    found = talk.say(answer)
    assert found.intent == asked.intent
    assert dict(found.slots) == {**asked.slots, **slots}


@pytest.mark.parametrize("words", ["never mind", "stop", "cancel that"])
def test_a_question_may_be_left_unanswered(words: str) -> None:
    talk = Talk()
    talk.say("set a timer", asks("duration"))
    assert talk.say(words).intent == "Cancel"
    assert talk.say("ten minutes").intent == ""


def test_another_request_goes_before_an_open_question() -> None:
    talk = Talk()
    talk.say("set a timer", asks("duration"))
    assert talk.say("turn on the kitchen light").intent == "TurnOn"


def test_what_is_no_answer_is_not_taken_for_one() -> None:
    talk = Talk()
    talk.say("set a timer", asks("duration"))
    assert talk.say("i saw a film with my brother").intent == ""


def test_a_question_is_forgotten_after_a_while() -> None:
    talk = Talk()
    talk.say("set a timer", asks("duration"))
    talk.now_s += ANSWER_WINDOW_S + 1
    assert talk.say("ten minutes").intent == ""


def test_the_last_request_is_done_again() -> None:
    talk = Talk()
    first = talk.say("turn the volume up")
    assert talk.say("again") == replace(first, text="again")
    assert talk.say("do that again").intent == "VolumeUp"


@pytest.mark.parametrize(
    ("said", "intent", "slots"),
    [
        ("turn on the kitchen light", "TurnOff", {"device": "Kitchen light"}),
        ("set a pasta timer for ten minutes", "CancelTimer", {"name": "pasta", "duration": 600}),
        ("add milk to the shopping list", "RemoveFromList", {"items": ["milk"], "list": "shopping"}),
    ],
)
def test_what_was_done_is_taken_back(said: str, intent: str, slots: dict[str, object]) -> None:
    talk = Talk()
    talk.say(said)
    found = talk.say("cancel that")
    assert (found.intent, dict(found.slots)) == (intent, slots)


def test_what_cannot_be_taken_back_is_said_to_be_so() -> None:
    talk = Talk()
    talk.say("what time is it")
    assert talk.say("undo that").intent == "Undo"


def test_what_failed_is_neither_done_again_nor_taken_back() -> None:
    talk = Talk()
    talk.say("turn on the kitchen light", Outcome(False, "It is broken."))
    assert talk.say("cancel that", None).intent == "Undo"
    assert talk.say("again", None).intent == "Again"


def test_the_other_one_of_two_is_switched_and_the_first_put_back() -> None:
    talk = Talk()
    talk.say("turn on the reading lamp")
    found = talk.say("no the other one")
    assert (found.intent, found.slots["device"]) == ("TurnOff", "Reading lamp")
    assert [(one.intent, one.slots["device"]) for one in found.also] == [("TurnOn", "Floor lamp")]


def test_a_wrong_room_is_put_right() -> None:
    talk = Talk()
    talk.say("turn on the kitchen lights")
    found = talk.say("no i meant the bedroom")
    assert (found.intent, found.slots["room"]) == ("TurnOff", "kitchen")
    assert [(one.intent, one.slots["room"]) for one in found.also] == [("TurnOn", "bedroom")]


def test_the_other_one_of_none_is_asked_about() -> None:
    talk = Talk()
    talk.say("turn on the ceiling fan")
    assert talk.say("the other one") == replace(talk.say("the other one", None), slots={"choices": []})


def test_after_a_minute_the_last_request_is_forgotten() -> None:
    talk = Talk()
    talk.say("turn on the kitchen light")
    talk.now_s += MEMORY_S + 1
    assert talk.say("cancel that", None).intent == "Undo"


def test_what_takes_back_is_something_that_can_be_done() -> None:
    assert {*TAKES_BACK, *TAKES_BACK.values()} <= HANDLERS.keys()


@given(
    st.lists(
        st.sampled_from(
            ["again", "cancel that", "no the other one", "turn on the reading lamp", "set a timer"]
        )
    )
)
def test_understanding_leaves_no_trace(texts: list[str]) -> None:
    talk = Talk()
    talk.say("turn on the reading lamp")
    before = talk.say("no the other one", None)
    for text in texts:
        talk.say(text, None)
    assert talk.say("no the other one", None) == before
