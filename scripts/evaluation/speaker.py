"""Who speaks: how often two recordings are wrongly taken for the same voice, or for two voices.

Every clip becomes an embedding; every pair of clips is a trial, with the program's own score of the two. The
equal error rate is where as many pairs of one voice fall below the threshold as pairs of two reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scripts.evaluation.manifest import Row

FALSE_ACCEPTS_PCT = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Points of the curve: with so many pairs of two voices taken for one."""

Scores = NDArray[np.float32]
Vectors = NDArray[np.float32]
Compare = Callable[[Vectors, Vectors], Scores]
"""Embeddings (N, D) and others (M, D) to the scores of all pairs, (N, M)."""


class Embedder(Protocol):
    """What makes embeddings and compares them, such as the program's `SpeakerEmbedder`."""

    @property
    def speech_s(self) -> float:
        """Seconds of speech in the latest recording."""

    def embed(self, samples: NDArray[np.int16]) -> Vectors | None:
        """The voice in a recording, float32 (D,); None without enough speech."""

    def scores(self, ones: Vectors, others: Vectors) -> Scores:
        """Of all pairs of embeddings (N, D) and others (M, D), (N, M)."""


@dataclass
class Voices:
    """What a run over clips found."""

    compare: Compare
    curve_wanted: bool = False
    speakers: list[str] = field(default_factory=list)
    embeddings: list[NDArray[np.float32]] = field(default_factory=list)
    silent: int = 0

    def add(self, speaker: str, embedding: NDArray[np.float32] | None) -> None:
        """Count one clip."""
        if embedding is None:
            self.silent += 1
            return
        self.speakers.append(speaker)
        self.embeddings.append(embedding)

    def summary(self) -> dict[str, Any]:
        """The last line of `scripts/evaluate speaker`; a rate without anything to count is 0."""
        same, different = pairs(self.speakers, np.array(self.embeddings), self.compare)
        found: dict[str, Any] = {
            "speakers": len(set(self.speakers)),
            "trials": len(same) + len(different),
            "eer": round(equal_error_pct(same, different), 2),
        }
        return {**found, "curve": curve(same, different)} if self.curve_wanted else found

    def lines(self) -> list[str]:
        """The same for people."""
        found = self.summary()
        lines = [
            f"{len(self.embeddings)} clips of {found['speakers']} speakers, {found['trials']} pairs: "
            f"equal error rate {found['eer']} %",
            f"clips with too little speech, left out: {self.silent}",
        ]
        if self.curve_wanted:
            lines += curve_lines(found["curve"], "two voices taken for one %", "one voice not known again %")
        return lines


def measure(
    clips: Iterable[tuple[Row, NDArray[np.int16]]],
    embedder: Embedder,
    per_clip: Callable[[dict[str, Any]], None],
    curve: bool = False,
) -> Voices:
    """Embed every clip of a row that says `speaker`; the others are passed over."""
    found = Voices(embedder.scores, curve)
    for row, samples in clips:
        speaker = row.labels.get("speaker")
        if speaker is None:
            continue
        found.add(str(speaker), embedder.embed(samples))
        per_clip({"audio": row.audio, "speaker": speaker, "speech_s": round(embedder.speech_s, 2)})
    return found


def cosines(ones: Vectors, others: Vectors) -> Scores:
    """Of vectors of unit length, the plainest way to compare them."""
    return ones @ others.T


def pairs(speakers: Sequence[str], embeddings: Vectors, compare: Compare) -> tuple[Scores, Scores]:
    """The scores of all pairs of clips: those of one speaker, and those of two, float32 (P,) and (Q,).

    Args:
        speakers: who speaks in each clip.
        embeddings: float32 (N, D), of unit length.
        compare: gives the scores.
    """
    if len(speakers) < 2:
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    first, second = np.triu_indices(len(speakers), 1)
    scores = compare(embeddings, embeddings)[first, second].astype(np.float32)
    names = np.array(speakers)
    same = names[first] == names[second]
    return scores[same], scores[~same]


def equal_error_pct(same: Scores, different: Scores) -> float:
    """Where as many of one voice are missed as of two are taken for one, percent; 0 without trials."""
    if not len(same) or not len(different):
        return 0.0
    thresholds = np.concatenate([same, different])
    missed = np.searchsorted(np.sort(same), thresholds, "left") / len(same)
    accepted = 1 - np.searchsorted(np.sort(different), thresholds, "left") / len(different)
    nearest = np.argmin(np.abs(missed - accepted))
    return float(50 * (missed[nearest] + accepted[nearest]))


def curve(same: Scores, different: Scores) -> list[dict[str, float]]:
    """Points of the detection-error trade-off."""
    points = []
    for accepted_pct in FALSE_ACCEPTS_PCT:
        if not len(same) or not len(different):
            break
        threshold = float(np.quantile(different, 1 - accepted_pct / 100))
        points.append(
            {
                "threshold": round(threshold, 4),
                "false_accepts_pct": accepted_pct,
                "missed_pct": round(100 * float(np.mean(same < threshold)), 2),
            }
        )
    return points


def curve_lines(points: Sequence[Mapping[str, float]], accepted: str, missed: str) -> list[str]:
    """A curve as a table for people, after an empty line; the heads tell the two kinds of errors."""
    return ["", f"threshold  {accepted}  {missed}"] + [
        f"{point['threshold']:9.4f}  {point['false_accepts_pct']:{len(accepted)}.2f}  "
        f"{point['missed_pct']:{len(missed)}.2f}"
        for point in points
    ]
