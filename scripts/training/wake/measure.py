"""What exported models miss and wrongly accept, through the very detector that the device runs."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import STEP_FRAMES, log_mel, probability
from alexa_local.messages import FRAME_SAMPLES, MEL_BANDS, SAMPLE_RATE
from alexa_local.wake import WakeWord
from alexa_local.wake.detector import Step, Trigger

RATES = (5.0, 2.0, 1.0, 0.5, 0.3, 0.2, 0.1, 0.0)
"""False accepts an hour at which curves are given."""
_HIGHEST_LOGIT = 8.0
_NO_NEARER_LOGIT = 0.0
"""Before the bias is moved, which takes some 3 away; int8 changes a logit by less than 1."""
_FAINT_FRAMES = SAMPLE_RATE // FRAME_SAMPLES


@dataclass
class Traces:
    """What a network said about some recordings.

    Attributes:
        logits: the smoothed logits of each recording, float32 (S,), one a step.
        hours: how long the recordings are in all.
    """

    logits: list[NDArray[np.float32]] = field(default_factory=list)
    hours: float = 0.0

    def fired(self, threshold: float) -> int:
        """How often the detector fires."""
        return sum(_fired(logits, threshold) for logits in self.logits)

    def raised(self, by: float) -> Traces:
        """What the network would have said with another bias in its last layer."""
        return Traces([logits + np.float32(by) for logits in self.logits], self.hours)

    def missed_percent(self, threshold: float) -> float:
        """Percentage of recordings in which it does not fire."""
        missed = [_fired(logits, threshold) == 0 for logits in self.logits]
        return 100.0 * sum(missed) / max(1, len(missed))


def _fired(logits: NDArray[np.float32], threshold: float) -> int:
    if logits.max(initial=-np.inf) < logit_of(threshold):
        return 0
    trigger = Trigger(threshold)
    steps = (Step(STEP_FRAMES * (at + 1), float(logit), 0.0) for at, logit in enumerate(logits))
    return sum(trigger.fires(step) for step in steps)


@dataclass
class Heard:
    """What a network said in every scene.

    Attributes:
        words: the word alone, by scene.
        others: everything else, by kind.
    """

    words: dict[str, Traces]
    others: dict[str, Traces]

    def raised(self, by: float) -> Heard:
        """With another bias in the last layer."""
        return Heard(*({name: t.raised(by) for name, t in d.items()} for d in (self.words, self.others)))

    @property
    def hours(self) -> float:
        """Of everything but the word."""
        return sum(traces.hours for traces in self.others.values())

    def false_accepts(self, threshold: float) -> int:
        """How often it fires in all that is not the word."""
        return sum(traces.fired(threshold) for traces in self.others.values())

    def missed_percent(self, threshold: float, scenes: Iterable[str]) -> float:
        """Mean over the scenes."""
        return float(np.mean([self.words[scene].missed_percent(threshold) for scene in scenes]))

    def quietest(self, per_hour: float) -> float:
        """The lowest threshold with at most so many false accepts an hour."""
        logit, most = _HIGHEST_LOGIT, per_hour * self.hours
        while logit > -_HIGHEST_LOGIT and self.false_accepts(probability(logit - 0.1)) <= most:
            logit -= 0.1
        return probability(logit)


def logit_of(threshold: float) -> float:
    """The logit of a score between 0 and 1."""
    return math.log(threshold / (1.0 - threshold))


@dataclass(frozen=True)
class Recordings:
    """Recordings as features, each with a second of faint noise after it.

    Attributes:
        frames: float32 (T, 64), of all of them one after another.
        ends: int64 (N,), where each ends in `frames`.
    """

    frames: NDArray[np.float32]
    ends: NDArray[np.int64]

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return iter(np.split(self.frames, self.ends[:-1]) if len(self.ends) else [])


def features_of(recordings: Iterable[NDArray[np.int16]]) -> Recordings:
    """What the detector gets of recordings."""
    faint = np.random.default_rng(0).integers(-2, 3, SAMPLE_RATE).astype(np.int16)
    found = [log_mel(np.concatenate([samples, faint])) for samples in recordings]
    frames = np.concatenate(found) if found else np.zeros((0, MEL_BANDS), np.float32)
    return Recordings(frames, np.cumsum([len(one) for one in found], dtype=np.int64))


Peaks = Callable[[Iterable[NDArray[np.float32]]], NDArray[np.float32]]
"""The highest logit of each of some recordings, by a cheaper way than the detector's."""


def traced(
    wake_words: Sequence[WakeWord], recordings: Iterable[NDArray[np.float32]], peaks: Peaks | None = None
) -> list[Traces]:
    """Run networks over recordings, each as features with a second of noise at its end.

    With `peaks`, of the first network, it is spared the recordings in which it comes nowhere near firing.
    """
    found = [Traces() for _ in wake_words]
    known = peaks(recordings) if peaks else itertools.repeat(np.inf)
    for features, peak in zip(recordings, known, strict=False):
        for number, (wake_word, traces) in enumerate(zip(wake_words, found, strict=True)):
            if number == 0 and peak < _NO_NEARER_LOGIT:
                traces.logits.append(np.array([peak], np.float32))
            else:
                wake_word.reset()
                traces.logits.append(np.array([step.logit for step in wake_word.trace(features)], np.float32))
            traces.hours += max(0, len(features) - _FAINT_FRAMES) * FRAME_SAMPLES / SAMPLE_RATE / 3600
    return found


def microseconds_a_step(wake_word: WakeWord, steps: int = 2000) -> float:
    """CPU time of one step of `push`, Python included."""
    wake_word.reset()
    frames = np.zeros((STEP_FRAMES, 64), np.float32)
    started = time.process_time()
    for _ in range(steps):
        wake_word.push(frames)
    return (time.process_time() - started) / steps * 1e6


def row(heard: Heard, threshold: float) -> dict[str, Any]:
    """Misses in every scene and false accepts at a threshold."""
    count = heard.false_accepts(threshold)
    return {
        "threshold": round(threshold, 4),
        "missed_pct": {name: round(t.missed_percent(threshold), 2) for name, t in heard.words.items()},
        "false_accepts": count,
        "hours": round(heard.hours, 2),
        "false_per_hour": round(count / max(heard.hours, 1e-9), 2),
    }


def curve(heard: Heard) -> list[dict[str, Any]]:
    """The detection error trade-off: rows at falling rates of false accepts."""
    return [{"at_most_per_hour": rate} | row(heard, heard.quietest(rate)) for rate in RATES]
