"""How a request looks to a person, on a terminal and in a file."""

import io
import threading

import pytest

from alexa_local.cli.live import LivePrinter
from alexa_local.daemon.events import EventBus
from alexa_local.messages import Event

REQUEST = [
    ("wake_word_detected", {"score": 0.97}),
    ("listening", {}),
    ("stt_partial", {"text": "set a"}),
    ("stt_partial", {"text": "set a timer"}),
    ("stt_text", {"text": "set a timer", "timings": {"endpoint_s": 0.8, "recognition_s": 0.042}}),
    ("thinking", {}),
    ("intent", {"intent": "SetTimer", "slots": {"duration": 600}, "seconds": 0.004}),
    (
        "action",
        {"done": True, "action": {"timer": {"seconds": 600, "name": ""}}, "reply": "Okay.", "seconds": 1.5},
    ),
]


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(out: io.StringIO, events) -> str:
    printer = LivePrinter(out)
    for name, data in events:
        printer.show(Event(name, 0.0, data))
    return out.getvalue()


def test_in_a_file_a_request_is_plain_lines():
    assert shown(io.StringIO(), REQUEST).splitlines() == [
        "● Alexa  score 0.97",
        "  “set a timer”",
        "→ SetTimer  duration=600",
        "✓ timer: seconds 600",
        "« Okay.",
        "  end of speech noticed after 800 ms, recognised in 42 ms, understood in 4 ms, done in 1.5 s",
    ]


def test_requests_are_apart():
    assert shown(io.StringIO(), REQUEST + REQUEST).splitlines()[6:8] == ["", "● Alexa  score 0.97"]


def test_on_a_terminal_partial_text_changes_one_line():
    text = shown(Terminal(), REQUEST)
    assert "\r\x1b[K  \x1b[2m“set a…" in text and "\r\x1b[K  \x1b[2m“set a timer…" in text
    assert text.count("\n") == 6


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (("intent", {"intent": ""}), "→ not understood"),
        (("stt_text", {"text": ""}), "  nothing was said"),
        (("pipeline_error", {"error": "The disk is full."}), "✗ The disk is full."),
        (("timer_finished", {"reply": "Your timer is done."}), "◷ Your timer is done."),
        (("alarm_finished", {"reply": "It's noon."}), "◷ It's noon."),
        (("microphone", {"state": "missing"}), "○ no microphone; looking for it"),
    ],
)
def test_other_things_are_a_line_each(event, line):
    assert shown(io.StringIO(), [event]) == line + "\n"


def test_an_event_that_nobody_knows_is_not_shown():
    assert shown(io.StringIO(), [("new_thing", {})]) == ""


def test_what_happened_just_before_the_end_is_still_shown():
    bus, ending, out = EventBus(), threading.Event(), io.StringIO()
    subscription = bus.subscribe()
    for name, data in REQUEST:
        bus.publish(name, data)
    ending.set()
    LivePrinter(out).run(subscription, ending)
    assert "Okay." in out.getvalue()
