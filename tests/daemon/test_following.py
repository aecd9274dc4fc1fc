"""After a question the assistant listens again, to whoever was speaking."""

import pytest

from alexa_local.daemon.events import EventBus
from alexa_local.daemon.following import FollowUp

QUESTION = ("action", {"done": False, "reply": "For how long?", "asks": "duration"})
ANSWER = ("action", {"done": True, "reply": "Okay."})
HEARD, SPOKEN, WOKEN = ("stt_text", {"text": "set a timer"}), ("tts_finished", {}), ("wake_word_detected", {})


@pytest.mark.parametrize(
    ("events", "times"),
    [
        ([HEARD, QUESTION], 0),
        ([HEARD, QUESTION, SPOKEN], 1),
        ([HEARD, QUESTION, SPOKEN, SPOKEN], 1),
        ([HEARD, ANSWER, SPOKEN], 0),
        ([QUESTION, SPOKEN], 0),
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
