"""Voices of people who were kept out of training, heard through the device's own class."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.messages import SAMPLE_RATE
from alexa_local.speaker import SpeakerEmbedder
from scripts.evaluation.speaker import Compare, equal_error_pct, pairs
from scripts.training.speaker.corpus import Clip
from scripts.training.wake.corpus import read_samples

ENROLMENT_CLIPS = 5
Samples = NDArray[np.int16]
Scores = NDArray[np.float32]
Change = Callable[[Samples], Samples]


@dataclass
class Heard:
    """Clips as the device hears them, in the manifest's order.

    Attributes:
        audio: the clips' names.
        speakers: who speaks in each.
        embeddings: of unit length.
        speech_s: seconds of speech in each.
        silent: clips with too little speech, left out.
        compare: gives the scores of embeddings.
    """

    compare: Compare
    audio: list[str] = field(default_factory=list)
    speakers: list[str] = field(default_factory=list)
    embeddings: list[NDArray[np.float32]] = field(default_factory=list)
    speech_s: list[float] = field(default_factory=list)
    silent: int = 0

    @property
    def error_pct(self) -> float:
        """The equal error rate over all pairs of clips."""
        return round(equal_error_pct(*self.pairs()), 2)

    def pairs(self) -> tuple[Scores, Scores]:
        """Scores of all pairs of clips: of one speaker, and of two."""
        return pairs(self.speakers, np.array(self.embeddings), self.compare)

    def by_chapter(self) -> dict[str, float]:
        """The equal error rate of readers, where one voice's two clips are of one chapter, and where not."""
        same, different = self.pairs()
        chapters = np.array([audio.rsplit("-", 1)[0] for audio in self.audio])
        alike = (chapters[:, None] == chapters).astype(np.float32)
        within = pairs(self.speakers, np.array(self.embeddings), lambda ones, others: alike)[0] > 0
        return {
            "within a chapter": round(equal_error_pct(same[within], different), 2),
            "between chapters": round(equal_error_pct(same[~within], different), 2),
        }

    def of(self, speakers: set[str]) -> Heard:
        """Only the clips of some speakers."""
        rows = [row for row, speaker in enumerate(self.speakers) if speaker in speakers]
        return Heard(
            self.compare,
            [self.audio[row] for row in rows],
            [self.speakers[row] for row in rows],
            [self.embeddings[row] for row in rows],
            [self.speech_s[row] for row in rows],
        )


def hear(embedder: SpeakerEmbedder, clips: Sequence[Clip], change: Change | None = None) -> Heard:
    """Embed every clip, changed in some way before."""
    found = Heard(embedder.scores)
    for clip in clips:
        samples = _decoded(clip.path)
        embedding = embedder.embed(change(samples) if change else samples)
        if embedding is None:
            found.silent += 1
            continue
        found.audio.append(clip.audio)
        found.speakers.append(clip.speaker)
        found.embeddings.append(embedding)
        found.speech_s.append(embedder.speech_s)
    return found


@functools.lru_cache(maxsize=4096)
def _decoded(path: Path) -> Samples:
    """A clip's samples, decoded once for all the scenes that it is heard in."""
    return read_samples(path)


def spoken(seconds: float) -> Change:
    """A change that leaves so many seconds from where the speech begins."""

    def cut(samples: Samples) -> Samples:
        energy = np.logaddexp.reduce(log_mel(samples), axis=1)
        if not len(energy):
            return samples
        first = int(np.argmax(energy > np.percentile(energy, 95) - 5.0))
        start = max(0, min(first * 160 - 800, len(samples) - round(seconds * SAMPLE_RATE)))
        return samples[start : start + round(seconds * SAMPLE_RATE)]

    return cut


@dataclass(frozen=True)
class Trials:
    """Voices against enrolled people.

    Attributes:
        scores: of each voice with each person of its group, float32 (N, P).
        person: column of whoever speaks, int (N,).
        speech_s: seconds of speech of each voice, (N,).
    """

    scores: NDArray[np.float32]
    person: NDArray[np.int64]
    speech_s: NDArray[np.float32]

    @property
    def own(self) -> Scores:
        """Scores of voices with the person whose they are."""
        return self.scores[np.arange(len(self.person)), self.person]

    @property
    def others(self) -> Scores:
        """Scores of voices with everybody else, (N, P - 1)."""
        count = self.scores.shape[1]
        foreign = np.arange(count)[None, :] != self.person[:, None]
        return self.scores[foreign].reshape(-1, count - 1)


def enrolled(profiles: Heard, voices: Heard) -> Trials:
    """Everybody enrols with their first five clips of `profiles`; their others of `voices` are the trials."""
    first: dict[str, list[int]] = {}
    for row, who in enumerate(profiles.speakers):
        if len(first.setdefault(who, [])) < ENROLMENT_CLIPS:
            first[who].append(row)
    people = sorted(first)
    means = np.array([np.mean([profiles.embeddings[row] for row in first[who]], axis=0) for who in people])
    used = {profiles.audio[row] for rows in first.values() for row in rows}
    rows = [row for row, who in enumerate(voices.speakers) if who in first and voices.audio[row] not in used]
    said = np.array([voices.embeddings[row] for row in rows])
    return Trials(
        profiles.compare(said, (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)),
        np.array([people.index(voices.speakers[row]) for row in rows]),
        np.array([voices.speech_s[row] for row in rows], np.float32),
    )
