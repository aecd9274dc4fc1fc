"""What happens, as a person would like to read it: text grows on one line, a request is a few lines."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from alexa_local.daemon.events import Subscription
from alexa_local.messages import Event

_STYLES = {"dim": "2", "bold": "1", "green": "32", "red": "31", "cyan": "36", "yellow": "33"}
_LOOK_S = 0.2
_RESETS = {"revised": "reads it anew", "cancelled": "given up"}
_TIMING_WORDS = {
    "wake_s": "wake word heard after",
    "endpoint_s": "end of speech noticed after",
    "lead_s": "foreseen earlier by",
    "recognition_s": "recognised in",
    "understanding_s": "understood in",
    "action_s": "done in",
}


class LivePrinter:
    """Writes events as lines; on a terminal in colour, with one line that changes while somebody speaks."""

    def __init__(self, out: TextIO, width: int = 100) -> None:
        self._out = out
        self._terminal = out.isatty()
        self._width = width
        self._open_line = False
        self._woken = False
        self._timings: dict[str, float] = {}
        self._writers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "microphone": self._microphone,
            "wake_word_detected": self._wake,
            "stop_word_detected": lambda data: self._line("■", f"stop: {data.get('playing', '')}", "dim"),
            "stt_partial": self._partial,
            "stt_text": self._text,
            "intent": self._intent,
            "action": self._action,
            "reset": lambda data: self._line("↺", _RESETS.get(str(data.get("reason")), "goes on"), "dim"),
            "cut_off": lambda data: self._line("✂", str(data.get("message", "")), "yellow"),
            "pipeline_error": lambda data: self._line("✗", str(data.get("error", "")), "red"),
            "timer_finished": self._ring,
            "alarm_finished": self._ring,
            "muted": lambda _: self._line("○", "not listening", "yellow"),
        }

    def show(self, event: Event) -> None:
        """Write what there is to say about an event; most need nothing."""
        writer = self._writers.get(event.name)
        if writer:
            writer(event.data)

    def note(self, text: str) -> None:
        """Write a line of one's own."""
        self._line("·", text, "dim")

    def run(self, subscription: Subscription, ending: threading.Event) -> None:
        """Show events until the end, and then those that are left."""
        while not ending.is_set():
            event = subscription.queue.get(_LOOK_S)
            if event:
                self.show(event)
        for event in subscription.queue.drain(subscription.queue.size):
            self.show(event)

    def _microphone(self, data: Mapping[str, Any]) -> None:
        state = data.get("state")
        if state == "missing":
            self._line("○", "no microphone; looking for it", "yellow")
        elif state == "open":
            self._line("·", 'listening for "Alexa"', "dim")

    def _wake(self, data: Mapping[str, Any]) -> None:
        if self._woken:
            self._out.write("\n")
        self._woken, self._timings = True, {}
        score = data.get("score")
        self._line("●", "Alexa" + (f"  {self._style('dim', f'score {score:.2f}')}" if score else ""), "cyan")

    def _partial(self, data: Mapping[str, Any]) -> None:
        if self._terminal:
            text = str(data.get("text", ""))[-(self._width - 6) :]
            self._out.write(f"\r\x1b[K  {self._style('dim', '“' + text + '…')}")
            self._out.flush()
            self._open_line = True

    def _text(self, data: Mapping[str, Any]) -> None:
        typed = self._style("dim", " (typed)") if data.get("typed") else ""
        text = str(data.get("text", ""))
        self._keep_timings(data)
        said = self._style("bold", f"“{text}”") if text else self._style("dim", "nothing was said")
        self._line(" ", said + typed)

    def _intent(self, data: Mapping[str, Any]) -> None:
        self._timings["understanding_s"] = float(data.get("seconds", 0.0))
        if data.get("intent"):
            slots = "  ".join(
                f"{name}={_value(value)}" for name, value in dict(data.get("slots", {})).items()
            )
            self._line("→", f"{self._style('bold', str(data['intent']))}  {slots}".rstrip(), "cyan")
        else:
            self._line("→", "not understood", "yellow")

    def _action(self, data: Mapping[str, Any]) -> None:
        self._timings["action_s"] = float(data.get("seconds", 0.0))
        done, action = data.get("done"), data.get("action")
        mark, colour = ("✓", "green") if done else ("✗", "red")
        told = _value(action or {})
        if told or not data.get("reply"):
            self._line(mark, told or "done", colour)
        if data.get("reply"):
            self._line("«" if told else mark, f"{data['reply']}", colour)
        parts = [
            f"{_TIMING_WORDS[name]} {_seconds(self._timings[name])}"
            for name in _TIMING_WORDS
            if name in self._timings
        ]
        self._timings = {}
        self._line(" ", self._style("dim", ", ".join(parts)))

    def _ring(self, data: Mapping[str, Any]) -> None:
        self._line("◷", str(data.get("reply", "")), "yellow")

    def _keep_timings(self, data: Mapping[str, Any]) -> None:
        found = {**data, **dict(data.get("timings", {}))}
        self._timings = {name: float(found[name]) for name in _TIMING_WORDS if found.get(name) is not None}

    def _line(self, mark: str, text: str, colour: str = "") -> None:
        clear = "\r\x1b[K" if self._open_line else ""
        self._open_line = False
        self._out.write(f"{clear}{self._style(colour, mark) if colour else mark} {text}".rstrip() + "\n")
        self._out.flush()

    def _style(self, name: str, text: str) -> str:
        return f"\x1b[{_STYLES[name]}m{text}\x1b[0m" if self._terminal else text


def _value(value: Any) -> str:
    """`{"timer": {"seconds": 300, "name": ""}}` as `timer: seconds 300`."""
    if isinstance(value, Mapping):
        said = {name.replace("_", " "): one for name, one in value.items() if one not in ("", None)}
        return ", ".join(
            f"{name}{':' if isinstance(one, Mapping) else ''} {_value(one)}" for name, one in said.items()
        )
    if isinstance(value, list | tuple):
        return " + ".join(_value(one) for one in value)
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 0.995 else f"{seconds:.1f} s"
