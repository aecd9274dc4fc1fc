"""After a question the assistant listens again, to whoever was speaking."""

import pytest

from alexa_local.config import UnderstandingSettings, VoiceSettings
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.following import FollowUp
from alexa_local.testing.parts import FakeHome

QUESTION = ("action", {"done": False, "reply": "For how long?", "asks": "duration"})
ANSWER = ("action", {"done": True, "reply": "Okay."})
TYPED = ("stt_text", {"text": "set a timer", "typed": True})
HEARD, SPOKEN, WOKEN = ("stt_text", {"text": "set a timer"}), ("tts_finished", {}), ("wake_word_detected", {})


@pytest.mark.parametrize(
    ("events", "times"),
    [
        ([HEARD, QUESTION], 0),
        ([HEARD, QUESTION, SPOKEN], 1),
        ([HEARD, QUESTION, SPOKEN, SPOKEN], 1),
        ([HEARD, ANSWER, SPOKEN], 0),
        ([TYPED, QUESTION, SPOKEN], 0),
        ([HEARD, QUESTION, WOKEN, SPOKEN], 0),
        ([HEARD, QUESTION, SPOKEN, HEARD, QUESTION, SPOKEN], 2),
        ([HEARD, ANSWER, QUESTION, SPOKEN], 0),
    ],
    ids=["being spoken", "spoken", "once", "no question", "typed", "woken", "asked twice", "typed later"],
)
def test_it_listens_when_a_question_to_a_speaker_was_spoken(
    events: list[tuple[str, dict]], times: int
) -> None:
    bus, listened = EventBus(), []
    FollowUp(bus, lambda: listened.append(True), speaks=True)
    for name, data in events:
        bus.publish(name, data)
    assert len(listened) == times


def test_without_spoken_replies_it_listens_at_once() -> None:
    bus, listened = EventBus(), []
    FollowUp(bus, lambda: listened.append(True), speaks=False)
    for name, data in (HEARD, QUESTION):
        bus.publish(name, data)
    assert listened == [True]


def hear(daemon, text: str) -> None:
    """Let the next of the home's texts be heard, from a request that is open already."""
    daemon.microphone.step(6)
    assert daemon.event("stt_text") == {"text": text}


def test_a_daemon_that_asks_hears_the_answer_without_the_wake_word(start) -> None:
    settings = {"voice": VoiceSettings(replies=False)}
    daemon = start(FakeHome(["set a timer", "turn on the light"]), settings=settings)
    daemon.microphone.shout()
    hear(daemon, "set a timer")
    assert daemon.event("action")["asks"] == "duration"
    daemon.event("idle")  # by now everybody has heard of the question
    daemon.microphone.step()
    daemon.event("listening")
    hear(daemon, "turn on the light")
    assert daemon.event("action")["action"] == {"did": "TurnOn"}


def test_a_daemon_that_shall_not_waits_for_the_wake_word(start) -> None:
    settings = {
        "voice": VoiceSettings(replies=False),
        "understanding": UnderstandingSettings(follow_up=False),
    }
    daemon = start(FakeHome(["set a timer", "turn on the light"]), settings=settings)
    daemon.microphone.shout()
    hear(daemon, "set a timer")
    daemon.event("action")
    daemon.event("idle")
    daemon.microphone.step()
    assert daemon.ask("status")["state"] == "waiting"


def test_an_answer_of_another_voice_is_left_alone_and_the_wake_word_is_waited_for(start) -> None:
    settings = {"voice": VoiceSettings(replies=False)}
    home = FakeHome(
        ["set a timer", "and now the news", "turn on the light"], may_answer=lambda asked, answering: False
    )
    daemon = start(home, settings=settings)
    daemon.microphone.shout()
    hear(daemon, "set a timer")
    daemon.event("action")
    daemon.event("idle")
    daemon.microphone.step()
    daemon.event("listening")
    hear(daemon, "and now the news")
    assert daemon.event("follow_up_refused") == {"reason": "another voice"}
    daemon.event("idle")
    assert home.performed == ["set a timer"]
    daemon.microphone.shout()
    hear(daemon, "turn on the light")
    assert daemon.event("action")["action"] == {"did": "TurnOn"}, "after the wake word anybody may ask"
