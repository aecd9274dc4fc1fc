"""Requests understood: the right intent with every slot right, and how well slots do one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import Hypothesis, Interpretation
from alexa_local.recognise import spoken_form
from scripts.evaluation.manifest import Row

Interpret = Callable[[list[Hypothesis]], Interpretation]


@dataclass
class Intents:
    """What a run over clips found; the three slot counts are over all clips with an intent."""

    clips: int = 0
    without_intent: int = 0
    exact: int = 0
    right_intent: int = 0
    slots_right: int = 0
    slots_wanted: int = 0
    slots_given: int = 0

    def summary(self) -> dict[str, float]:
        """The last line of `scripts/evaluate intent`; F1 is 100 when no slot was wanted or given."""
        slots = self.slots_wanted + self.slots_given
        return {
            "clips": self.clips,
            "exact": round(100 * self.exact / max(1, self.clips), 2),
            "slots_f1": round(200 * self.slots_right / slots, 2) if slots else 100.0,
        }

    def lines(self) -> list[str]:
        """The same for people."""
        found = self.summary()
        return [
            f"rows without an intent, left out: {self.without_intent}",
            f"{self.clips} clips, the right intent in {self.right_intent}",
            f"intent and every slot right {found['exact']} % ({self.exact} clips)",
            f"slots: F1 {found['slots_f1']} % ({self.slots_right} right of {self.slots_wanted} wanted, "
            f"{self.slots_given} given)",
        ]


def comparable(slots: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Slots as (name, value in words): 3 and "three" are the same."""
    return {(name, _words(value)) for name, value in slots.items() if value not in (None, "")}


def _words(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " and ".join(sorted(_words(one) for one in value))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return spoken_form(str(value))


def measure(
    clips: Iterable[tuple[Row, NDArray[np.int16]]],
    transcribe: Callable[[NDArray[np.int16]], list[Hypothesis]],
    interpret: Interpret,
    per_clip: Callable[[dict[str, Any]], None],
) -> Intents:
    """Recognise and interpret every clip that has an intent; hand what was found of each to `per_clip`."""
    found = Intents()
    for row, samples in clips:
        wanted_intent = row.labels.get("intent")
        if wanted_intent is None:
            found.without_intent += 1
            continue
        hypotheses = transcribe(samples)
        got = interpret(hypotheses)
        wanted, given = comparable(row.labels.get("slots") or {}), comparable(got.slots)
        same_intent = got.intent == wanted_intent
        found.clips += 1
        found.right_intent += same_intent
        found.exact += same_intent and wanted == given
        found.slots_right += len(wanted & given)
        found.slots_wanted += len(wanted)
        found.slots_given += len(given)
        per_clip(
            {
                "audio": row.audio,
                "recognised": hypotheses[0].text if hypotheses else "",
                "understood": got.text,
                "intent": got.intent,
                "slots": dict(got.slots),
                "exact": same_intent and wanted == given,
            }
        )
    return found
