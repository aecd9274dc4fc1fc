"""Hears phrases that an owner wrote down, such as "hey computer", with no training.

While somebody speaks, the encoder runs along, and each of its steps tells how well the last sounds fit the
phrases (`alignment`; spotting with a streaming transducer as He et al. 2017 do, but with the transducer's own
free reading as the filler). Where a phrase fits well enough, a wide search reads the same sounds once more,
and the phrase must stand against its best reading too. In silence only the network that hears voices runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import MEL_BANDS
from alexa_local.wake.alignment import BLANK, Alignments, Labels
from alexa_local.wake.detector import REFRACTORY_FRAMES, Detection
from alexa_local.wake.sensitivity import STEPS, Playing, Step
from alexa_local.wake.verification import Encoder

Vector = NDArray[np.float32]
Contexts = list[Labels]

NATS: dict[Step, float] = {"lowest": 0.15, "low": 0.25, "medium": 0.4, "high": 0.6, "highest": 0.9}
"""How much less likely than the best free reading a phrase may be, in nats a piece.

Chosen on "jarvis" and "snowboy" (see docs/wake-words.md); other phrases were only measured.
"""

_LABELS_A_STEP = 3
_PRE_ROLL_FRAMES = 40
_PAUSE_S = 0.5
_LONGEST_S = 30.0
"""Who speaks on and on is heard from anew: the encoder was never trained on more."""
_HANDED_BACK_FRAMES = 8
"""The recogniser starts so far before the moment at which the phrase was known."""


class Transducer(Encoder, Protocol):
    """The recogniser's networks (`recognise.networks.Networks`)."""

    context: int

    def log_probabilities(self, encoded: Vector, contexts: Contexts) -> Vector:
        """Of every piece after each context, float32 (len(contexts), pieces), natural log."""


class Ear(Protocol):
    """Whether somebody speaks (`recognise.EndOfSpeech`)."""

    voice: float
    quiet_s: float

    def push(self, frames: Vector) -> None:
        """Take frames, float32 (T, 64)."""

    def reset(self) -> None:
        """Forget everything."""


@dataclass(frozen=True)
class Phrase:
    """A phrase and the word pieces that spell it, at least one."""

    text: str
    labels: Labels


BestReading = Callable[[Sequence[Vector]], float]
"""From the encoder's vectors to the log-probability of their best reading (`recognise.best_reading`)."""


class PhraseSpotter:
    """Listens for phrases; holds one stream's state.

    Attributes:
        score: of the best phrase at the latest step, 0 to 1.
        steps: of the encoder that were run since the last reset, for those who ask what it costs.
    """

    def __init__(
        self,
        phrases: Sequence[Phrase],
        networks: Transducer,
        ear: Ear,
        best_reading: BestReading,
        step: Step = "medium",
    ) -> None:
        """Take the phrases, at least one, and how easily they are heard."""
        self._phrases, self._networks = tuple(phrases), networks
        self._ear, self._best_reading = ear, best_reading
        self._alignments = Alignments([phrase.labels for phrase in phrases], networks.context)
        self._at = STEPS.index(step)
        self._nats = NATS[step]
        self.reset()

    def reset(self) -> None:
        """Forget everything that was heard; frames count from 0 again."""
        self._ear.reset()
        self._recent = np.zeros((0, MEL_BANDS), np.float32)
        self._heard_frames = self._armed_from_frame = self.steps = 0
        self._encoded: list[Vector] | None = None
        self.score = 0.0

    def while_playing(self, what: Playing) -> None:
        """From now on the loudspeaker plays this: its own words are harder to take for the phrase."""
        at = max(0, self._at - 1) if what == "speech" else self._at
        self._nats = NATS[STEPS[at]]

    def push(self, frames: Vector) -> list[Detection]:
        """Take frames, float32 (T, 64), any T; return what was heard in them."""
        found = []
        for first in range(0, len(frames), 4):
            found += self._push_few(frames[first : first + 4])
        return found

    def _push_few(self, frames: Vector) -> list[Detection]:
        self._ear.push(frames)
        self._heard_frames += len(frames)
        self._recent = np.concatenate([self._recent, frames])
        if self._encoded is None:
            if self._ear.voice < 0.5:
                self._recent = self._recent[-_PRE_ROLL_FRAMES:]
                return []
            self._begin()
        found, size = [], self._networks.frames_per_step
        while len(self._recent) >= size:
            step, self._recent = self._recent[:size], self._recent[size:]
            found += self._step(step)
        assert self._encoded is not None, "somebody speaks"
        lasted_s = len(self._encoded) * size / 100
        if self._ear.quiet_s > _PAUSE_S or lasted_s > _LONGEST_S:
            self._encoded = None
        return found

    def _begin(self) -> None:
        """Somebody speaks: the encoder starts a little before."""
        self._encoded, self._states = [], self._networks.start()
        self._alignments.reset()
        self._free, self._before = 0.0, (BLANK,) * self._networks.context

    def _step(self, frames: Vector) -> list[Detection]:
        """One step of the encoder, with frames (frames_per_step, 64)."""
        assert self._encoded is not None, "somebody speaks"
        encoded, self._states = self._networks.encode(frames, self._states)
        self._encoded.append(encoded)
        self.steps += 1
        contexts = [*self._alignments.contexts, self._before]
        log_p = self._networks.log_probabilities(encoded, contexts)
        before = self._free
        self._read_freely(encoded, log_p[-1])
        scores, began = self._alignments.step(log_p[:-1], before, self._free)
        best = int(scores.argmax())
        self.score = _as_score(float(scores[best]))
        end_frame = self._heard_frames - len(self._recent)
        if scores[best] < -self._nats or end_frame < self._armed_from_frame:
            return []
        return self._look_again(best, int(began[best]), end_frame)

    def _read_freely(self, encoded: Vector, log_p: Vector) -> None:
        """Take the likeliest piece, or blank, and go on: what else the sounds may be."""
        for _ in range(_LABELS_A_STEP):
            piece = int(log_p.argmax())
            self._free += float(log_p[piece])
            if piece == BLANK:
                return
            self._before = (*self._before, piece)[1:]
            log_p = self._networks.log_probabilities(encoded, [self._before])[0]
        self._free += float(log_p[BLANK])

    def _look_again(self, which: int, began: int, end_frame: int) -> list[Detection]:
        """Whether the phrase stands against the best reading of a wide search too."""
        assert self._encoded is not None, "somebody speaks"
        heard, phrase = self._encoded[began:], self._phrases[which]
        score = (self._as_phrase(heard, phrase.labels) - self._best_reading(heard)) / len(phrase.labels)
        if score < -self._nats:
            return []
        self._armed_from_frame = end_frame + REFRACTORY_FRAMES
        start = max(0, end_frame - len(heard) * self._networks.frames_per_step)
        after = max(start, end_frame - _HANDED_BACK_FRAMES)
        return [Detection(start, end_frame, _as_score(score), word=phrase.text, request_frame=after)]

    def _as_phrase(self, heard: Sequence[Vector], labels: Labels) -> float:
        """The log-probability of a phrase, over all ways to write it in these steps."""
        begun = (BLANK,) * self._networks.context
        contexts = [(begun + labels[:said])[said:] for said in range(len(labels) + 1)]
        ways = np.full(len(labels) + 1, -np.inf)
        ways[0] = 0.0
        for encoded in heard:
            log_p = self._networks.log_probabilities(encoded, contexts)
            for said, label in enumerate(labels):
                ways[said + 1] = np.logaddexp(ways[said + 1], ways[said] + log_p[said, label])
            ways = ways + log_p[:, BLANK]
        return float(ways[-1])


def _as_score(nats: float) -> float:
    """A score in nats a piece as a share, 0 to 1."""
    return math.exp(min(0.0, max(-50.0, nats)))
