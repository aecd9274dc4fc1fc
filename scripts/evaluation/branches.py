"""The recogniser's branches: words got wrong and work saved, for every way to choose between them.

Work is told in millions of multiply-adds of the encoder a second: while somebody speaks, by the end-of-speech
model, and over whole clips with what is pushed through after them. A clip is one stream, however long.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.messages import SAMPLE_RATE
from alexa_local.models import Model
from alexa_local.recognise import EndOfSpeech, Recogniser, spoken_form
from alexa_local.recognise.encoder import BranchingEncoder, Policy
from scripts.benchmarks.multiply_adds import multiply_adds
from scripts.evaluation.asr import edits
from scripts.evaluation.manifest import Row

THRESHOLDS = (-2.0, -1.0, 1.0, 3.0)
"""Beside the model's own two."""


@dataclass(frozen=True)
class Costs:
    """Multiply-adds of a step of an encoder by the branch that runs; an encoder without any is all large."""

    large: int
    small: int

    @classmethod
    def of(cls, model: Model) -> Costs:
        """Count them in the model's files."""
        if "branches" not in model.info:
            whole = multiply_adds(model.path("encoder.tflite"))
            return cls(whole, whole)
        front, large, small = (
            multiply_adds(model.path(f"encoder-{part}.tflite")) for part in ("front", "large", "small")
        )
        return cls(front + large, front + small)

    def millions(self, large_steps: int, steps: int) -> float:
        """Of so many steps."""
        return (large_steps * self.large + (steps - large_steps) * self.small) / 1e6


@dataclass
class Point:
    """One way to choose, and what came of it.

    Attributes:
        name: "large", "small", "normal", "cheap" or "threshold".
        threshold: the log-odds above which the large branch runs.
        edits: wrong, missed and made-up words.
        cpu_s: CPU seconds inside recognition.
        steps: of the encoder.
        large: those of them in the large branch.
        large_of_speech: those of them while somebody speaks.
    """

    name: str
    threshold: float
    edits: int = 0
    cpu_s: float = 0.0
    steps: int = 0
    large: int = 0
    large_of_speech: int = 0


@dataclass
class Branches:
    """What a run over clips found.

    Attributes:
        points: the ways to choose, the one with most work first.
        costs: what a step costs.
        step_s: how long it is.
        clips: clips with a text.
        without_text: clips left out because their words are not known.
        words: words of the texts.
        audio_s: seconds of sound.
        speech_steps: steps while somebody speaks.
    """

    points: list[Point]
    costs: Costs
    step_s: float
    clips: int = 0
    without_text: int = 0
    words: int = 0
    audio_s: float = 0.0
    speech_steps: int = 0

    def summary(self) -> dict[str, Any]:
        """The last line of `scripts/evaluate branches`; thresholds that are no numbers are null."""
        return {
            "clips": self.clips,
            "words": self.words,
            "speech_s": round(self.speech_steps * self.step_s, 1),
            "points": [self._row(point) for point in self.points],
        }

    def lines(self) -> list[str]:
        """The same for people."""
        rows = self.summary()["points"]
        most = max(row["mmacs_per_s_of_speech"] for row in rows) or 1.0
        return [
            f"rows without a text, left out: {self.without_text}",
            f"{self.clips} clips, {self.words} words, {self.audio_s / 3600:.2f} hours",
            f"a step of the encoder: {self.costs.large / 1e6:.2f} million multiply-adds, "
            f"in the small branch {self.costs.small / 1e6:.2f}",
            "                               in the large branch    millions a second",
            "the large branch         WER        all  of speech        all  of speech    saved      RTF",
            *(_line(row, most) for row in rows),
        ]

    def _row(self, point: Point) -> dict[str, Any]:
        spoken_s, audio_s = max(self.step_s, self.speech_steps * self.step_s), max(self.step_s, self.audio_s)
        of_speech = self.costs.millions(point.large_of_speech, self.speech_steps)
        return {
            "name": point.name,
            "threshold": point.threshold if math.isfinite(point.threshold) else None,
            "wer": round(100 * point.edits / max(1, self.words), 2),
            "large_pct": _percent(point.large, point.steps),
            "large_of_speech_pct": _percent(point.large_of_speech, self.speech_steps),
            "mmacs_per_s": round(self.costs.millions(point.large, point.steps) / audio_s, 2),
            "mmacs_per_s_of_speech": round(of_speech / spoken_s, 2),
            "rtf": round(point.cpu_s / audio_s, 4),
        }


def points_of(recogniser: Recogniser, thresholds: Sequence[float]) -> list[Point]:
    """The ways to choose that a recogniser has, with the model's own thresholds and these."""
    encoder = recogniser.networks.encoder
    if not isinstance(encoder, BranchingEncoder):
        return [Point("large", -math.inf)]
    named = {encoder.thresholds[policy]: policy for policy in get_args(Policy)}
    return [
        Point(named.get(threshold, "threshold"), threshold) for threshold in sorted({*named, *thresholds})
    ]


def measure(
    clips: Iterable[tuple[Row, NDArray[np.int16]]],
    recogniser: Recogniser,
    ear: EndOfSpeech,
    costs: Costs,
    thresholds: Sequence[float],
    per_clip: Callable[[dict[str, Any]], None],
) -> Branches:
    """Recognise every clip with a text in every way."""
    found = Branches(points_of(recogniser, thresholds), costs, recogniser.step_s)
    for row, samples in clips:
        reference = spoken_form(str(row.labels.get("text") or "")).split()
        if not reference:
            found.without_text += 1
            continue
        spoken = _spoken(samples, recogniser, ear)
        found.clips += 1
        found.words += len(reference)
        found.audio_s += len(samples) / SAMPLE_RATE
        found.speech_steps += int(spoken.sum())
        first = found.clips % len(found.points)  # the first of a clip fills caches: each in its turn
        for point in (*found.points[first:], *found.points[:first]):
            text = _recognise(samples, spoken, recogniser, point)
            made = edits(reference, spoken_form(text).split()).total
            point.edits += made
            told = {"name": point.name, "threshold": point.threshold, "recognised": text, "edits": made}
            per_clip({"audio": row.audio, "text": " ".join(reference), **told})
    return found


def _recognise(
    samples: NDArray[np.int16], spoken: NDArray[np.bool_], recogniser: Recogniser, point: Point
) -> str:
    """The words of a clip in one way, and into the point what that took."""
    encoder, size = recogniser.networks.encoder, recogniser.networks.frames_per_step
    if isinstance(encoder, BranchingEncoder):
        encoder.threshold = point.threshold
    before_s, steps, large_steps = time.process_time(), encoder.steps, encoder.large_steps
    frames, stream = log_mel(samples), recogniser.stream()
    for number, is_spoken in enumerate(spoken):
        before = encoder.large_steps
        stream.push(frames[number * size : (number + 1) * size])
        point.large_of_speech += int(is_spoken) * (encoder.large_steps - before)
    stream.push(frames[len(spoken) * size :])
    text = stream.finish()[0].text
    point.cpu_s += time.process_time() - before_s
    point.steps += encoder.steps - steps
    point.large += encoder.large_steps - large_steps
    return text


def _spoken(samples: NDArray[np.int16], recogniser: Recogniser, ear: EndOfSpeech) -> NDArray[np.bool_]:
    """At which of a clip's steps somebody speaks, bool (steps,)."""
    frames, size = log_mel(samples), recogniser.networks.frames_per_step
    ear.reset()
    found = np.zeros(len(frames) // size, np.bool_)
    for number in range(len(found)):
        ear.push(frames[number * size : (number + 1) * size])
        found[number] = ear.voice >= 0.5
    return found


def _line(row: dict[str, Any], most: float) -> str:
    """A row of the summary; `most` is the dearest one's work."""
    told = "" if row["threshold"] is None else f" {row['threshold']:g}"
    name = {"large": "always", "small": "never"}.get(row["name"], row["name"] + told)
    work, saved_pct = row["mmacs_per_s_of_speech"], 100 * (1 - row["mmacs_per_s_of_speech"] / most)
    return (
        f"{name:18}  {row['wer']:6.2f} %  {row['large_pct']:6.1f} %  {row['large_of_speech_pct']:7.1f} %"
        f"  {row['mmacs_per_s']:9.2f}  {work:9.2f}  {saved_pct:5.1f} %  {row['rtf']:7.4f}"
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * part / max(1, whole), 1)
