"""What a request has to do with the one before: an answer, once more, not that one, take it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from alexa_local.messages import Hypothesis, Interpretation, Outcome
from alexa_local.understand import IMPOSSIBLE, OUT_OF_SCOPE, Device

ANSWER_WINDOW_S = 20.0
"""Seconds after a question, which is spoken first, in which words may be its answer."""

MEMORY_S = 60.0
"""Seconds in which "cancel that" and "no, the other one" are about the last request."""

CLEAR = 0.95
"""Confidence from which words are a request of their own while a question is open."""

TAKES_BACK: Mapping[str, str] = {
    "TurnOn": "TurnOff",
    "TurnOff": "TurnOn",
    "Toggle": "Toggle",
    "OpenCover": "CloseCover",
    "CloseCover": "OpenCover",
    "BrightnessUp": "BrightnessDown",
    "BrightnessDown": "BrightnessUp",
    "TemperatureUp": "TemperatureDown",
    "TemperatureDown": "TemperatureUp",
    "VolumeUp": "VolumeDown",
    "VolumeDown": "VolumeUp",
    "Mute": "Unmute",
    "Unmute": "Mute",
    "PlayMusic": "StopMusic",
    "PauseMusic": "ResumeMusic",
    "ResumeMusic": "PauseMusic",
    "NextTrack": "PreviousTrack",
    "PreviousTrack": "NextTrack",
    "SetTimer": "CancelTimer",
    "PauseTimer": "ResumeTimer",
    "ResumeTimer": "PauseTimer",
    "AddTimerTime": "RemoveTimerTime",
    "RemoveTimerTime": "AddTimerTime",
    "SetAlarm": "CancelAlarm",
    "AddToList": "RemoveFromList",
    "RemoveFromList": "AddToList",
    "LocalOnlyOn": "LocalOnlyOff",
    "LocalOnlyOff": "LocalOnlyOn",
}
"""The intent that takes another one back, with the same slots."""

_NEW = frozenset({"Again", "Undo", "Correct"})
_GIVE_UP = frozenset({"Cancel", "Stop", "Undo"})


class Language(Protocol):
    """What understands: `understand.Understander`."""

    def interpret(self, hypotheses: Sequence[Hypothesis]) -> Interpretation:
        """What readings mean by themselves."""

    def answer(
        self, asked: Interpretation, slot: str, hypotheses: Sequence[Hypothesis]
    ) -> Interpretation | None:
        """What they mean as the answer that fills a slot of a request."""


@dataclass(frozen=True)
class _Turn:
    """A request that was performed, and when."""

    meaning: Interpretation
    outcome: Outcome
    at_s: float


class Dialogue:
    """Remembers one request. `interpret` changes nothing, so it may be asked as often as one likes."""

    def __init__(self, elapsed: Callable[[], float], devices: Callable[[], Sequence[Device]]) -> None:
        """Make one; `elapsed` is a clock that never jumps, in seconds, `devices` are the home's."""
        self._elapsed, self._devices = elapsed, devices
        self._last: _Turn | None = None

    def interpret(self, language: Language, hypotheses: Sequence[Hypothesis]) -> Interpretation:
        """What readings mean after what was said before."""
        meaning = language.interpret(hypotheses)
        last = self._last
        if last is None:
            return meaning
        age_s = self._elapsed() - last.at_s
        if last.outcome.asks and age_s <= ANSWER_WINDOW_S:
            return _as_answer(language, last, meaning, hypotheses)
        if meaning.intent not in _NEW or age_s > MEMORY_S:
            return meaning
        turn = {"Again": self._again, "Undo": self._undo, "Correct": self._correct}[meaning.intent]
        return replace(turn(last, meaning), text=meaning.text, confidence=meaning.confidence)

    def performed(self, meaning: Interpretation, outcome: Outcome) -> None:
        """Remember what was done; what only talks about it does not count."""
        if meaning.intent == "Correct" and outcome.asks and self._last:
            meaning = replace(self._last.meaning, slots=_without_place(self._last.meaning.slots))
        if meaning.intent not in {"", OUT_OF_SCOPE, IMPOSSIBLE, "Repeat", *_NEW}:
            self._last = _Turn(meaning, outcome, self._elapsed())

    def _again(self, last: _Turn, meaning: Interpretation) -> Interpretation:
        return last.meaning if last.outcome.ok else meaning

    def _undo(self, last: _Turn, meaning: Interpretation) -> Interpretation:
        taken_back = _taken_back(last) if last.outcome.ok else None
        return taken_back or meaning

    def _correct(self, last: _Turn, meaning: Interpretation) -> Interpretation:
        slots = dict(meaning.slots)
        if slots.pop("other", False):
            others = self._others(str(last.meaning.slots.get("device", "")))
            if len(others) != 1:
                return replace(meaning, slots={"choices": others})
            slots["device"] = others[0]
        if not _can_take(last.meaning, slots):
            return meaning
        meant = replace(last.meaning, slots={**_without_place(last.meaning.slots), **slots}, also=())
        taken_back = _taken_back(last) if last.outcome.ok and "contact" not in slots else None
        return replace(taken_back, also=(meant,)) if taken_back else meant

    def _others(self, name: str) -> list[str]:
        """Devices of the same kind, those of the same room if there are any."""
        mine = next((device for device in self._devices() if device.name == name), None)
        if mine is None:
            return []
        same = [device for device in self._devices() if device.kind == mine.kind and device != mine]
        near = [device for device in same if device.room == mine.room]
        return [device.name for device in near or same]


def _as_answer(
    language: Language, last: _Turn, meaning: Interpretation, hypotheses: Sequence[Hypothesis]
) -> Interpretation:
    if meaning.intent in _GIVE_UP:
        return replace(meaning, intent="Cancel", slots={})
    answer = language.answer(last.meaning, last.outcome.asks, hypotheses)
    if answer is None or (meaning.confidence >= CLEAR and meaning.confidence > answer.confidence):
        return meaning
    return answer


def _taken_back(last: _Turn) -> Interpretation | None:
    """What takes a request back; None for one that cannot be."""
    inverse = TAKES_BACK.get(last.meaning.intent)
    if inverse is None or last.meaning.also:
        return None
    return Interpretation(inverse, {} if inverse == "StopMusic" else last.meaning.slots)


def _can_take(meaning: Interpretation, slots: Mapping[str, object]) -> bool:
    if "contact" in slots:
        return meaning.intent in ("CallContact", "SendMessage")
    return bool({"device", "room", "kind"} & meaning.slots.keys())


def _without_place(slots: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in slots.items() if name not in ("device", "room", "contact")}
