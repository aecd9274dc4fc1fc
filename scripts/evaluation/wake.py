"""The wake word: how often it is missed, and how often something else is taken for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE
from alexa_local.wake.detector import OPINIONS
from scripts.evaluation.manifest import Row

CURVE = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
"""Thresholds of the curve; the shipped one is added."""


@dataclass(frozen=True)
class Heard:
    """What the detector made of one clip.

    Attributes:
        ends_s: when it fired at the shipped threshold, seconds from the clip's start.
        scores: the score at each step of 40 ms.
        opinions: what the second opinion is at each step, 0 to 1; None without one.
    """

    ends_s: Sequence[float]
    scores: Sequence[float] = ()
    opinions: Sequence[float] | None = None


class Detector(Protocol):
    """The wake-word detector on whole clips.

    Attributes:
        threshold: the shipped one.
        verification: what the second opinion must give.
        apart_steps: steps after a firing in which it does not fire again.
    """

    threshold: float
    verification: float
    apart_steps: int

    def hear(self, samples: NDArray[np.int16]) -> Heard:
        """Run over one clip, int16 (N,), and a second of quiet after it."""


@dataclass
class Wakes:
    """What a run over clips found."""

    threshold: float
    positives: int = 0
    missed: int = 0
    hours: float = 0.0
    false_accepts: int = 0
    twice: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """The last line of `scripts/evaluate wake`; a rate without anything to count is 0."""
        found: dict[str, Any] = {
            "positives": self.positives,
            "missed": self.missed,
            "missed_pct": _percent(self.missed, self.positives),
            "hours": round(self.hours, 4),
            "false_accepts": self.false_accepts,
            "false_per_hour": _rate(self.false_accepts, self.hours),
        }
        return {**found, "curve": self.curve} if self.curve else found

    def lines(self) -> list[str]:
        """The same for people."""
        found = self.summary()
        lines = [
            f"at the threshold {self.threshold:.3f}:",
            f"{self.positives} clips with the wake word, {self.missed} missed ({found['missed_pct']} %), "
            f"{self.twice} heard more than once",
            f"{self.hours:.2f} hours without it, {self.false_accepts} false accepts "
            f"({found['false_per_hour']} an hour)",
        ]
        if self.curve:
            lines += ["", "threshold  missed %  false an hour"]
            lines += [
                f"{point['threshold']:9.3f}  {point['missed_pct']:8.2f}  {point['false_per_hour']:13.2f}"
                for point in self.curve
            ]
        return lines


def measure(
    clips: Iterable[tuple[Row, NDArray[np.int16]]],
    detector: Detector,
    per_clip: Callable[[dict[str, Any]], None],
    curve: bool = False,
) -> Wakes:
    """Listen to every clip; a row without `wake` counts as one without the wake word."""
    found = Wakes(detector.threshold)
    scores: list[tuple[bool, Heard]] = []
    for row, samples in clips:
        wake = bool(row.labels.get("wake", False))
        heard = detector.hear(samples)
        times = len(heard.ends_s)
        if wake:
            found.positives += 1
            found.missed += times == 0
            found.twice += times > 1
        else:
            found.hours += len(samples) / SAMPLE_RATE / 3600
            found.false_accepts += times
        if curve:
            scores.append((wake, heard))
        ends_s = [round(end_s, 2) for end_s in heard.ends_s]
        per_clip({"audio": row.audio, "wake": wake, "heard_s": ends_s})
    if curve:
        found.curve = list(_points(found, scores, detector))
    return found


def firings(heard: Heard, threshold: float, apart_steps: int, verification: float = 0.0) -> int:
    """How often the detector would have fired at other thresholds: its rule (`WakeWord.push`), again."""
    fired, was_high, armed_from_step, asked = 0, False, 0, 0
    since: int | None = None
    for step, score in enumerate(heard.scores):
        high = score >= threshold
        if high and not was_high and step >= armed_from_step:
            since, asked, armed_from_step = step, 0, step + apart_steps
        was_high = high
        if since is None:
            continue
        if high and (step - since) % 2 == 0:
            asked += 1
            if heard.opinions is None or heard.opinions[step] >= verification:
                fired, since = fired + 1, None
        if since is not None and (not high or asked == OPINIONS):
            since, armed_from_step = None, 0
    return fired


def _points(
    found: Wakes, clips: Sequence[tuple[bool, Heard]], detector: Detector
) -> Iterator[dict[str, float]]:
    for threshold in sorted({*CURVE, round(detector.threshold, 4)}):
        fired = [
            (wake, firings(heard, threshold, detector.apart_steps, detector.verification))
            for wake, heard in clips
        ]
        missed = sum(wake and not times for wake, times in fired)
        false = sum(times for wake, times in fired if not wake)
        yield {
            "threshold": threshold,
            "missed_pct": _percent(missed, found.positives),
            "false_per_hour": _rate(false, found.hours),
        }


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _rate(count: int, hours: float) -> float:
    return round(count / hours, 3) if hours else 0.0
