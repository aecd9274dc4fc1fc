"""From events to the one state that is shown."""

import math

import pytest

from alexa_local.indicate import State, Tracker
from alexa_local.messages import Event

READY = [("microphone", {"state": "open"}), ("idle", {})]
HEARD = [("wake_word_detected", {}), ("listening", {}), ("stt_text", {"text": "stop"}), ("thinking", {})]
DONE = [("action", {"done": True}), ("idle", {})]


def tracked(*events, now_s=0.0) -> Tracker:
    tracker = Tracker()
    for name, data in events:
        tracker.take(Event(name, 0.0, data), now_s)
    return tracker


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([], State.CONNECTING),
        (READY, State.IDLE),
        ([*READY, ("microphone", {"state": "missing"})], State.CONNECTING),
        ([*READY, *HEARD[:2]], State.LISTENING),
        ([*READY, *HEARD[:2], ("stt_partial", {"text": "st"})], State.LISTENING),
        ([*READY, *HEARD], State.THINKING),
        ([*READY, *HEARD, *DONE], State.IDLE),
        ([*READY, *HEARD, *DONE, ("tts_speaking", {})], State.SPEAKING),
        ([*READY, *HEARD, *DONE, ("tts_speaking", {}), ("tts_finished", {})], State.IDLE),
        ([*READY, *HEARD[:2], ("idle", {"reason": "cancelled"})], State.IDLE),
        ([*READY, ("ringing", {"count": 2})], State.RINGING),
        ([*READY, ("ringing", {"count": 2}), ("ringing", {"count": 0})], State.IDLE),
        ([*READY, *HEARD[:2], ("muted", {})], State.MUTED),
        ([*READY, ("muted", {}), ("idle", {"reason": "unmuted"})], State.IDLE),
        ([*READY, ("local_only", {"on": True})], State.LOCAL_ONLY),
        ([*READY, ("local_only", {"on": True}), ("local_only", {"on": False})], State.IDLE),
    ],
)
def test_the_state_follows_the_events(events, expected):
    assert tracked(*events).state(0.0) is expected


def test_a_typed_request_while_muted_leaves_it_muted():
    typed = [("muted", {}), ("stt_text", {"text": "stop", "typed": True}), ("thinking", {}), *DONE]
    assert tracked(*READY, *typed).state(0.0) is State.MUTED


def test_an_earlier_requests_end_does_not_end_the_next_ones_listening():
    events = [*READY, *HEARD, ("listening", {}), *DONE]
    assert tracked(*events).state(0.0) is State.LISTENING


@pytest.mark.parametrize("event", [("action", {"done": False}), ("pipeline_error", {"error": "full"})])
def test_a_failure_is_shown_for_a_moment(event):
    tracker = tracked(*READY, *HEARD, event, now_s=5.0)
    assert tracker.state(5.0) is State.ERROR and tracker.changes_in_s(5.0) == 2.0
    assert tracker.state(7.0) is State.IDLE and tracker.changes_in_s(7.0) == math.inf


def test_who_speaks_again_sees_no_old_failure():
    tracker = tracked(*READY, ("action", {"done": False}), ("listening", {}))
    assert tracker.state(0.0) is State.LISTENING


def test_lost_events_end_what_one_of_them_may_have_ended():
    tracker = tracked(*READY, ("muted", {}), *HEARD, ("tts_speaking", {}))
    tracker.lost_some()
    assert tracker.state(0.0) is State.MUTED
