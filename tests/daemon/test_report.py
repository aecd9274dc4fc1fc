"""What is told, by the owner's setting and the mode."""

from __future__ import annotations

from typing import Any

import pytest

from alexa_local.daemon.report import ALWAYS, STATES, Report
from alexa_local.messages import Event
from alexa_local.mqtt.schema import check

STATUS = {
    "version": "1",
    "local_only": False,
    "muted": False,
    "volume": 40,
    "microphone": "open",
    "timers": 1,
    "alarms": 0,
    "next_timer": "2026-11-21T20:15:00+00:00",
    "process": 7,
    "threads": {},
}
INTENT = Event("intent", 1.0, {"intent": "TurnOn", "text": "turn on the lamp", "slots": {"device": "Lamp"}})
ACTION = Event("action", 2.0, {"done": True, "reply": "The lamp is on.", "action": {}})


def test_the_default_tells_nothing_that_speech_changes() -> None:
    report = Report("off")
    assert [report.take(event) for event in (INTENT, ACTION)] == [None, None]
    assert report.state(STATUS, "thinking").keys() == set(ALWAYS)


def test_states_have_no_words_in_them() -> None:
    report = Report("states")
    assert report.take(INTENT) is None and report.take(ACTION) is None
    assert report.take(Event("stt_partial", 1.0, {"text": "turn"})) is None
    idle = report.take(Event("idle", 3.14159, {"reason": "cancelled", "text": "secret"}))
    assert idle == {"event": "idle", "time_s": 3.142, "reason": "cancelled"}
    assert report.take(Event("wake_word_detected", 1.0, {"score": 0.9})) == {
        "event": "wake_word_detected",
        "time_s": 1.0,
    }
    state = report.state(STATUS, "idle")
    check("state", state)
    assert state["state"] == "idle" and state["volume"] == 40 and "process" not in state
    assert "last_request" not in state
    assert "text" not in {detail for details in STATES.values() for detail in details}


def test_requests_tell_everything_and_the_last_of_them_in_the_state() -> None:
    report = Report("requests")
    told = report.take(INTENT)
    assert told is not None and told["slots"] == {"device": "Lamp"}
    check("event", told)
    assert "last_request" not in report.state(STATUS, "thinking")
    report.take(ACTION)
    state = report.state(STATUS, "idle")
    check("state", state)
    last = {"text": "turn on the lamp", "intent": "TurnOn", "done": True, "reply": "The lamp is on."}
    assert state["last_request"] == last


def test_an_events_details_cannot_pass_for_its_name_or_time() -> None:
    told = Report("requests").take(Event("action", 5.0, {"event": "idle", "time_s": "never"}))
    assert told == {"event": "action", "time_s": 5.0}


@pytest.mark.parametrize("level", ["off", "states", "requests"])
def test_local_only_tells_the_mode_and_forgets_the_request(level: Any) -> None:
    report = Report(level)
    for event in (INTENT, ACTION):
        report.take(event)
    told = report.state(STATUS | {"local_only": True}, "listening")
    assert told == {"local_only": True, "muted": False, "version": "1"}
    assert "last_request" not in report.state(STATUS, "idle")


def test_a_request_that_began_unheard_is_not_told() -> None:
    report = Report("requests")
    report.take(ACTION)
    assert "last_request" not in report.state(STATUS, "idle")


def test_long_words_are_cut_to_what_the_schema_takes() -> None:
    report = Report("requests")
    report.take(Event("intent", 1.0, {"intent": "x" * 300, "text": "y" * 3000}))
    report.take(Event("action", 2.0, {"done": False, "reply": "z" * 3000}))
    check("state", report.state(STATUS, "idle"))
