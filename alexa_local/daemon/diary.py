"""What happens, in the log: a line for each step of a request, its words only if the owner wants them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from alexa_local.context import PRIVATE
from alexa_local.indicate import Tracker
from alexa_local.messages import Event

_log = logging.getLogger(__name__)

Line = tuple[str, tuple[object, ...]]


class Diary:
    """Takes every event in the thread that tells it, so that its lines have that thread's request."""

    def __init__(self, transcripts: bool, now_s: Callable[[], float] = time.monotonic) -> None:
        """Write, with `transcripts`, what was said and answered too; `now_s` is the clock."""
        self._transcripts, self._now_s = transcripts, now_s
        self._tracker, self._lock = Tracker(), threading.Lock()

    @property
    def state(self) -> str:
        """What it is doing, by the names that the LEDs' states have."""
        with self._lock:
            return self._tracker.state(self._now_s()).value

    def take(self, event: Event) -> None:
        """Write what there is to say about an event; most need nothing."""
        with self._lock:
            self._tracker.take(event, self._now_s())
        if event.name in _LINES:
            text, arguments = _LINES[event.name](event.data)
            if text:
                _log.info(text, *arguments)
        if self._transcripts and event.name in _WORDS:
            _log.info("%s", _WORDS[event.name](event.data), extra=PRIVATE)


def _heard(data: Mapping[str, Any]) -> Line:
    if data.get("typed"):
        return "A typed request.", ()
    if not data.get("text"):
        return "Nothing was said; rule %s.", (data.get("rule", ""),)
    timings = data.get("timings", {})
    return "Heard %.1f s, ended by the rule %s, recognised in %.2f s.", (
        timings.get("speech_s", 0.0),
        data.get("rule", ""),
        timings.get("recognition_s", 0.0),
    )


def _understood(data: Mapping[str, Any]) -> Line:
    if not data.get("intent"):
        return "Not understood.", ()
    return "Understood, confidence %.2f.", (data.get("confidence", 0.0),)


def _acted(data: Mapping[str, Any]) -> Line:
    return ("Done in %.3f s." if data.get("done") else "Refused in %.3f s."), (data.get("seconds", 0.0),)


def _spoken_by(data: Mapping[str, Any]) -> Line:
    """Who it is stands in no line but that of the words."""
    known = {None: "not known for sure", "": "no voice that is known"}.get(
        data.get("person"), "a known voice"
    )
    return "Spoken by %s, confidence %.2f.", (known, data.get("confidence", 0.0))


def _whispered(data: Mapping[str, Any]) -> Line:
    return ("Whispered, confidence %.2f." if data.get("whispered") else ""), (data.get("confidence", 0.0),)


def _ringing(data: Mapping[str, Any]) -> Line:
    return "Ringing: %d.", (data.get("count", 0),)


def _idle(data: Mapping[str, Any]) -> Line:
    return {"cancelled": "Given up.", "unmuted": "Unmuted."}.get(str(data.get("reason")), ""), ()


_LINES: Mapping[str, Callable[[Mapping[str, Any]], Line]] = {
    "wake_word_detected": lambda data: ("Called, score %.2f.", (data.get("score", 0.0),)),
    "wake_word_refused": lambda data: (
        "Not called: score %.2f, but the second opinion was %.2f.",
        (data.get("score", 0.0), data.get("verification", 0.0)),
    ),
    "stop_word_detected": lambda data: ("Told to stop: %s.", (data.get("playing", ""),)),
    "listening": lambda _: ("Listening.", ()),
    "stt_text": _heard,
    "speaker": _spoken_by,
    "whisper": _whispered,
    "follow_up_refused": lambda data: ("Not an answer: %s.", (data.get("reason", ""),)),
    "intent": _understood,
    "action": _acted,
    "tts_speaking": lambda data: (
        "Speaking for %.1f s." if data.get("seconds") else "",
        (data.get("seconds"),),
    ),
    "ringing": _ringing,
    "muted": lambda _: ("Muted.", ()),
    "idle": _idle,
    "local_only": lambda data: ("Local-only mode: %s.", ("on" if data.get("on") else "off",)),
}

_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "speaker": lambda data: f"Spoken by {data.get('person') or 'nobody who is known'}",
    "stt_text": lambda data: f"“{data.get('text', '')}”",
    "intent": lambda data: f"{data.get('intent') or 'no intent'} {dict(data.get('slots', {}))}",
    "action": lambda data: f"Answer: {data.get('reply', '')}",
}
