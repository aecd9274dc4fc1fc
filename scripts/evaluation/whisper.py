"""Whispers: how well the probability that a clip is whispered tells whispers from voices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.manifest import Row
from scripts.evaluation.speaker import curve, curve_lines, equal_error_pct

HowWhispered = Callable[[NDArray[np.int16]], float]
"""Samples, int16 (N,), to the probability that they are whispered."""


@dataclass
class Whispers:
    """What a run over clips found.

    Attributes:
        threshold: the shipped one.
        curve_wanted: whether to tell of other thresholds too.
        whispers: the probabilities of clips that are whispered.
        voices: those of all others.
    """

    threshold: float
    curve_wanted: bool = False
    whispers: list[float] = field(default_factory=list)
    voices: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """The last line of `scripts/evaluate whisper`; a rate without anything to count is 0."""
        whispers, voices = np.array(self.whispers), np.array(self.voices)
        found: dict[str, Any] = {
            "clips": len(whispers) + len(voices),
            "auc": round(area(whispers, voices), 5),
            "eer": round(equal_error_pct(whispers, voices), 2),
        }
        return {**found, "curve": curve(whispers, voices)} if self.curve_wanted else found

    def lines(self) -> list[str]:
        """The same for people, and what the shipped threshold makes of it."""
        found = self.summary()
        missed = sum(one < self.threshold for one in self.whispers)
        taken = sum(one >= self.threshold for one in self.voices)
        lines = [
            f"{len(self.whispers)} whispers, {len(self.voices)} voices: equal error rate {found['eer']} %, "
            f"area under the curve {found['auc']}",
            f"at the threshold {self.threshold}: {missed} whispers missed, {taken} voices taken for whispers",
        ]
        if self.curve_wanted:
            lines += curve_lines(found["curve"], "voices taken for whispers %", "whispers missed %")
        return lines


def measure(
    clips: Iterable[tuple[Row, NDArray[np.int16]]],
    how_whispered: HowWhispered,
    threshold: float,
    per_clip: Callable[[dict[str, Any]], None],
    curve: bool = False,
) -> Whispers:
    """Listen to every clip of a row that says `whisper`, true or false; the others are passed over."""
    found = Whispers(threshold, curve)
    for row, samples in clips:
        whispered = row.labels.get("whisper")
        if whispered is None:
            continue
        probability = how_whispered(samples)
        (found.whispers if whispered else found.voices).append(probability)
        per_clip({"audio": row.audio, "whisper": bool(whispered), "probability": round(probability, 4)})
    return found


def area(whispers: NDArray[np.float64], voices: NDArray[np.float64]) -> float:
    """The share of pairs in which the whisper has the higher probability, ties half; 0 without pairs."""
    if not len(whispers) or not len(voices):
        return 0.0
    order = np.sort(voices)
    below = np.searchsorted(order, whispers, "left") + np.searchsorted(order, whispers, "right")
    return float(below.mean() / 2 / len(voices))
