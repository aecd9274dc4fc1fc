"""What the assistant would do by mistake where people talk to each other: wrong actions an hour.

Clips are heard one after another by the whole pipeline, with the wake word, as in a room. Nobody asks for
anything, so whatever would be done is wrong. Beside that the same sound is heard as if each sentence followed
the wake word: that is what understanding alone holds back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE, Interpretation
from alexa_local.pipeline import Request
from alexa_local.understand import IMPOSSIBLE, OUT_OF_SCOPE
from scripts.evaluation.intent import Interpret
from scripts.evaluation.manifest import Row

_BLOCK_SAMPLES = SAMPLE_RATE // 10
_GAP_SAMPLES = SAMPLE_RATE
Way = Literal["waiting", "always"]


class Assistant(Protocol):
    """The pipeline."""

    state: Literal["waiting", "listening"]

    def push(self, samples: NDArray[np.int16]) -> Iterable[Any]:
        """Take sound, int16 (N,), 16 kHz mono; return decisions."""

    def listen(self) -> None:
        """Open a request without the wake word."""


@dataclass
class Background:
    """What came of speech that asks for nothing.

    Attributes:
        clips: how many.
        hours: of speech.
        wakes: how often the wake word seemed to be said.
        wrong_actions: requests among those that would have done something.
        always_requests: requests, were everything listened to.
        always_wrong: those that would have done something.
    """

    clips: int = 0
    hours: float = 0.0
    wakes: int = 0
    wrong_actions: int = 0
    always_requests: int = 0
    always_wrong: int = 0

    def summary(self) -> dict[str, float]:
        """The last line of `scripts/evaluate background`."""
        hours = max(self.hours, 1e-9)
        return {
            "clips": self.clips,
            "hours": round(self.hours, 3),
            "wakes": self.wakes,
            "wrong_actions": self.wrong_actions,
            "wrong_per_hour": round(self.wrong_actions / hours, 3),
            "always_requests": self.always_requests,
            "always_wrong": self.always_wrong,
            "always_wrong_pct": round(100 * self.always_wrong / max(1, self.always_requests), 2),
        }

    def lines(self) -> list[str]:
        """The same for people."""
        found = self.summary()
        return [
            f"{self.clips} clips, {self.hours:.2f} hours in which nobody asks for anything",
            f"woken {self.wakes} times; {self.wrong_actions} wrong actions, {found['wrong_per_hour']}/h",
            f"were all of it listened to: {self.always_requests} requests, "
            f"{self.always_wrong} of them would do something ({found['always_wrong_pct']} %)",
        ]


def measure(
    clips: Iterable[tuple[Row, NDArray[np.int16]]],
    assistants: dict[Way, Assistant],
    interpret: Interpret,
    per_clip: Callable[[dict[str, Any]], None],
) -> Background:
    """Let both hear every clip and a second of quiet after it; rows with an intent are left out."""
    found = Background()
    quiet = np.zeros(_GAP_SAMPLES, np.int16)
    for row, samples in clips:
        if row.labels.get("intent") is not None or row.labels.get("wake"):
            continue
        found.clips += 1
        found.hours += len(samples) / SAMPLE_RATE / 3600
        heard = np.concatenate([samples, quiet])
        woken = [interpret(list(one.hypotheses)) for one in _requests(assistants["waiting"], heard, False)]
        always = [interpret(list(one.hypotheses)) for one in _requests(assistants["always"], heard, True)]
        found.wakes += len(woken)
        found.wrong_actions += sum(map(_does_something, woken))
        found.always_requests += len(always)
        found.always_wrong += sum(map(_does_something, always))
        per_clip({"audio": row.audio, "woken": _told(woken), "always": _told(always)})
    return found


def _requests(assistant: Assistant, samples: NDArray[np.int16], always: bool) -> list[Request]:
    """What is taken for requests; of `always` a new one begins where the last one ended."""
    found: list[Request] = []
    for first in range(0, len(samples), _BLOCK_SAMPLES):
        if always and assistant.state == "waiting":
            assistant.listen()
        found += [
            one
            for one in assistant.push(samples[first : first + _BLOCK_SAMPLES])
            if isinstance(one, Request) and one.stage == "final"
        ]
    return [one for one in found if not always or one.hypotheses[0].text]


def _does_something(meaning: Interpretation) -> bool:
    return meaning.intent not in ("", OUT_OF_SCOPE, IMPOSSIBLE)


def _told(meanings: list[Interpretation]) -> list[dict[str, str]]:
    return [{"text": one.text, "intent": one.intent} for one in meanings]
