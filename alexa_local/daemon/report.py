"""What of the daemon's state and events is told over MQTT, by the setting `mqtt.events` and the mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from alexa_local.messages import Event

Level = Literal["off", "states", "requests"]

ALWAYS = ("local_only", "muted", "version")
"""What is told in any case, as nothing that is said changes it but the mode itself."""

_ACTIVE = ("volume", "microphone", "timers", "alarms", "next_timer")

STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "microphone": ("state",),
    "wake_word_detected": (),
    "listening": (),
    "thinking": (),
    "tts_speaking": (),
    "tts_finished": (),
    "idle": ("reason",),
    "ringing": ("count",),
    "muted": (),
    "local_only": ("on",),
}
"""The events that `states` tells, and of each the details, in which no words are."""

_MOST_REPLY, _MOST_TEXT = 2000, 1000


class Report:
    """Takes the events in their order; no thread and no clock inside."""

    def __init__(self, level: Level) -> None:
        self._level: Level = level
        self._begun: dict[str, Any] | None = None
        self._last: dict[str, Any] | None = None

    def state(self, status: Mapping[str, Any], doing: str) -> dict[str, Any]:
        """How the assistant is; with "off", and in local-only mode, nothing that speech could have changed.

        Args:
            status: the daemon's.
            doing: what it is doing, as the LEDs show it.
        """
        told: dict[str, Any] = {name: status[name] for name in ALWAYS}
        if told["local_only"] or self._level == "off":
            self._begun = self._last = None
            return told
        told |= {name: status[name] for name in _ACTIVE if status.get(name) is not None}
        told["state"] = doing
        if self._last:
            told["last_request"] = self._last
        return told

    def take(self, event: Event) -> Mapping[str, Any] | None:
        """Take an event; returns what is told of it, None for nothing."""
        if self._level == "off":
            return None
        told = {"event": event.name, "time_s": round(event.time_s, 3)}
        if self._level == "requests":
            self._remember(event)
            return {**event.data, **told}
        if event.name not in STATES:
            return None
        return told | {name: event.data[name] for name in STATES[event.name] if name in event.data}

    def _remember(self, event: Event) -> None:
        """A request is known when what came of it is; of one that began unheard nothing is kept."""
        data = event.data
        if event.name == "intent":
            text, intent = str(data.get("text", "")), str(data.get("intent", ""))
            self._begun = {"text": text[:_MOST_TEXT], "intent": intent[:200]}
        elif event.name == "action" and self._begun:
            done, reply = bool(data.get("done")), str(data.get("reply", ""))
            self._last, self._begun = {**self._begun, "done": done, "reply": reply[:_MOST_REPLY]}, None
