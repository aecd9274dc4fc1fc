"""Words and names: how many the recogniser got wrong, missed or made up, and how many names it got right."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE, Hypothesis
from alexa_local.recognise import spoken_form
from scripts.evaluation.manifest import Row
from scripts.evaluation.names import Names, right_of

Transcribe = Callable[[NDArray[np.int16]], list[Hypothesis]]


@dataclass(frozen=True)
class Edits:
    """The fewest edits that turn the reference into what was recognised."""

    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    @property
    def total(self) -> int:
        """All edits."""
        return self.substitutions + self.deletions + self.insertions

    def __add__(self, other: Edits) -> Edits:
        return Edits(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
        )


def edits(reference: Sequence[str], recognised: Sequence[str]) -> Edits:
    """Levenshtein's distance between two word sequences, by kind of edit."""
    row = [(j, Edits(insertions=j)) for j in range(len(recognised) + 1)]
    for i, wanted in enumerate(reference, 1):
        above, row = row, [(i, Edits(deletions=i))]
        for j, word in enumerate(recognised, 1):
            same = wanted == word
            choices = (
                (above[j - 1][0] + (not same), above[j - 1][1], Edits(substitutions=int(not same))),
                (above[j][0] + 1, above[j][1], Edits(deletions=1)),
                (row[j - 1][0] + 1, row[j - 1][1], Edits(insertions=1)),
            )
            cost, before, step = min(choices, key=lambda choice: choice[0])
            row.append((cost, before + step))
    return row[-1][1]


@dataclass
class Words:
    """What a run over clips found.

    Attributes:
        clips: clips with a text, and with `counts_names` those of which only names are known.
        without_text: clips left out because their words are not known.
        words: words of the texts.
        edits: edits over all clips.
        cpu_s: the process's CPU seconds inside recognition.
        audio_s: seconds of sound recognised.
        counts_names: whether names are counted.
        names: names of the catalogue spoken in the clips, each as often as it is spoken.
        names_right: those of them that are in what was recognised (`names` tells when a name is right).
    """

    clips: int = 0
    without_text: int = 0
    words: int = 0
    edits: Edits = Edits()
    cpu_s: float = 0.0
    audio_s: float = 0.0
    counts_names: bool = False
    names: int = 0
    names_right: int = 0

    def summary(self) -> dict[str, float]:
        """The last line of `scripts/evaluate asr`.

        `names` is a count, `names_right` the percentage of them that is right; 0 without any.
        """
        found = {
            "clips": self.clips,
            "words": self.words,
            "wer": round(100 * self.edits.total / max(1, self.words), 2),
            "rtf": round(self.cpu_s / self.audio_s, 4) if self.audio_s else 0.0,
        }
        if self.counts_names:
            found["names"] = self.names
            found["names_right"] = round(100 * self.names_right / max(1, self.names), 2)
        return found

    def lines(self) -> list[str]:
        """The same for people."""
        found = self.summary()
        lines = [
            f"rows without a text, left out: {self.without_text}",
            f"{self.clips} clips, {self.words} words, {self.audio_s / 3600:.2f} hours",
            f"word error rate {found['wer']} % ({self.edits.substitutions} wrong, "
            f"{self.edits.deletions} missed, {self.edits.insertions} made up)",
            f"real-time factor {found['rtf']} (CPU seconds of recognition for a second of sound)",
        ]
        if self.counts_names:
            lines.append(f"{self.names} names spoken, {found['names_right']} % right ({self.names_right})")
        return lines


def measure(
    clips: Iterable[tuple[Row, NDArray[np.int16]]],
    transcribe: Transcribe,
    per_clip: Callable[[dict[str, Any]], None],
    names: Names | None = None,
) -> Words:
    """Recognise every clip with a text; hand (audio, reference, recognised) of each to `per_clip`.

    With `names`, clips are recognised too of which no text but some name of these is known: what somebody
    meant (`reference`), or a row's own `names`.
    """
    found = Words(counts_names=names is not None)
    for row, samples in clips:
        reference = spoken_form(str(row.labels.get("text") or "")).split()
        spoken = names.in_row(row.labels) if names else []
        if not reference and not spoken:
            found.without_text += 1
            continue
        before_s = time.process_time()
        hypotheses = transcribe(samples)
        found.cpu_s += time.process_time() - before_s
        found.audio_s += len(samples) / SAMPLE_RATE
        text = hypotheses[0].text if hypotheses else ""
        recognised = spoken_form(text).split()
        made = edits(reference, recognised) if reference else Edits()
        right = right_of(spoken, text)
        found.clips += 1
        found.words += len(reference)
        found.edits += made
        found.names += len(spoken)
        found.names_right += right
        told = {
            "audio": row.audio,
            "text": " ".join(reference),
            "recognised": " ".join(recognised),
            "edits": made.total,
        }
        per_clip({**told, "names": spoken, "names_right": right} if names else told)
    return found
