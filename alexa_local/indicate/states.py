"""Out of the stream of events, the one thing that a person wants to know: what it is doing now."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from typing import Any

from alexa_local.messages import Event

ERROR_S = 2.0
"""So long a failure is shown."""


class State(enum.Enum):
    """What is shown; of several that hold, the first in this order."""

    ERROR = "error"
    LISTENING = "listening"
    SPEAKING = "speaking"
    THINKING = "thinking"
    RINGING = "ringing"
    MUTED = "muted"
    CONNECTING = "connecting"
    LOCAL_ONLY = "local-only"
    IDLE = "idle"


class Tracker:
    """Takes events in their order; no thread and no clock inside."""

    def __init__(self) -> None:
        """Begin before the first event: the microphone is not there yet."""
        self._holding = {State.CONNECTING, State.IDLE}
        self._failed_until_s = -math.inf
        self._takers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "microphone": lambda data: self._hold(
                State.CONNECTING, data.get("state") in ("opening", "missing")
            ),
            "listening": lambda _: self._hold(State.LISTENING, True),
            "stt_text": self._heard,
            "thinking": lambda _: self._hold(State.THINKING, True),
            "tts_speaking": lambda _: self._hold(State.SPEAKING, True),
            "tts_finished": lambda _: self._hold(State.SPEAKING, False),
            "ringing": lambda data: self._hold(State.RINGING, bool(data.get("count"))),
            "muted": self._muted,
            "local_only": lambda data: self._hold(State.LOCAL_ONLY, bool(data.get("on"))),
            "idle": self._idle,
        }

    def take(self, event: Event, now_s: float) -> None:
        """Take an event that came at `now_s`, by any clock that only goes forward."""
        if event.name == "pipeline_error" or (event.name == "action" and not event.data.get("done")):
            self._failed_until_s = now_s + ERROR_S
        if event.name in ("pipeline_error", "action"):
            self._hold(State.THINKING, False)
        if event.name == "listening":
            self._failed_until_s = -math.inf  # whoever speaks again has understood that it failed
        if event.name in self._takers:
            self._takers[event.name](event.data)

    def lost_some(self) -> None:
        """Events were lost: forget whatever one of them may have ended."""
        for state in (State.LISTENING, State.THINKING, State.SPEAKING):
            self._hold(state, False)

    def state(self, now_s: float) -> State:
        """What to show."""
        if now_s < self._failed_until_s:
            return State.ERROR
        return next(state for state in State if state in self._holding)

    def changes_in_s(self, now_s: float) -> float:
        """Seconds until `state` becomes another one by itself; infinity when only an event does that."""
        return self._failed_until_s - now_s if now_s < self._failed_until_s else math.inf

    def _hold(self, state: State, holds: bool) -> None:
        (self._holding.add if holds else self._holding.discard)(state)

    def _heard(self, data: Mapping[str, Any]) -> None:
        if not data.get("typed"):
            self._hold(State.LISTENING, False)

    def _muted(self, _: Mapping[str, Any]) -> None:
        self._hold(State.LISTENING, False)
        self._hold(State.MUTED, True)

    def _idle(self, data: Mapping[str, Any]) -> None:
        """A request was done, given up, or sound counts again; somebody may have begun another one since."""
        self._hold(State.THINKING, False)
        if data.get("reason") == "cancelled":
            self._hold(State.LISTENING, False)
        if data.get("reason") == "unmuted":
            self._hold(State.MUTED, False)
