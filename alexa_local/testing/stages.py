"""Stages that need no model: a wake word that hears loud frames, a recogniser that hears the word "loud"."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE, Hypothesis, Lattice, PhraseClass, SentenceGraph
from alexa_local.recognise import Biasing, BiasReport
from alexa_local.testing.pipeline import lattice_of
from alexa_local.wake import Detection

_LOUD = 0.0
_WORD_FRAMES, _PAUSE_FRAMES = 60, 15
_FRAME_S = FRAME_SAMPLES / SAMPLE_RATE


def _is_loud(frames: NDArray[np.float32]) -> NDArray[np.bool_]:
    return frames.mean(axis=1) > _LOUD


class LoudWakeWord:
    """Fires once, at the 20th loud frame since the last reset.

    Attributes:
        accepted: whether the second opinion agrees; set it.
        playing: what it was last told that the loudspeaker plays.
    """

    score = 0.0
    playing = ""

    def __init__(self, accepted: bool = True) -> None:
        self.accepted = accepted
        self.reset()

    def while_playing(self, what: str) -> None:
        """Remember it."""
        self.playing = what

    def push(self, frames: NDArray[np.float32]) -> list[Detection]:
        """Take frames, float32 (T, 64); return the detection they complete, if any."""
        found = []
        for loud in _is_loud(frames):
            self._seen += 1
            self._loud += int(loud)
            if loud and self._loud == 20:
                start = max(0, self._seen - 20)
                opinion = None if self.accepted else 0.1
                found.append(
                    Detection(
                        start, self._seen, 1.0, opinion, self.accepted, request_frame=max(0, start - 20)
                    )
                )
        return found

    def reset(self) -> None:
        """Forget everything; frames count from 0 again."""
        self._seen = self._loud = 0


class LoudStream:
    """Says "loud" once 60 loud frames have come, and once more for every 60 after a pause.

    The first 20 to 40 loud frames are the wake word.

    Attributes:
        sentence_end: probability that the sentence is whole; set it.
        large_share: there are no branches.
    """

    large_share: float | None = None

    def __init__(self, sentence_end: float = 1.0) -> None:
        self.sentence_end = sentence_end
        self._frames = self._loud = self._last_loud = self._words = self._quiet = 0

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take frames, float32 (T, 64)."""
        for loud in _is_loud(frames):
            self._frames += 1
            self._quiet = 0 if loud else self._quiet + 1
            if self._quiet == _PAUSE_FRAMES and self._words:
                self._loud = 0
            self._loud += int(loud)
            self._words += loud and self._loud == _WORD_FRAMES
            self._last_loud = self._frames if loud else self._last_loud

    @property
    def partial(self) -> str:
        """The words so far."""
        return " ".join(["loud"] * self._words)

    @property
    def length_s(self) -> float:
        """Seconds taken in."""
        return self._frames * _FRAME_S

    @property
    def trailing_silence_s(self) -> float:
        """Seconds since the last loud frame, or since the beginning while there are no words."""
        return (self._frames - (self._last_loud if self.partial else 0)) * _FRAME_S

    def peek(self) -> list[Hypothesis]:
        """The readings so far; the stream goes on."""
        return [Hypothesis(self.partial, -1.0)]

    def finish(self) -> list[Hypothesis]:
        """Close the stream."""
        return self.peek()

    def lattice(self) -> Lattice:
        """The words so far."""
        return lattice_of(self.partial)


class LoudEndOfSpeech:
    """Hears a voice in every loud frame, and an end in every other.

    Attributes:
        ended: probability that the speaker has finished.
        quiet_s: seconds since the last loud frame, or since the last reset.
    """

    def __init__(self) -> None:
        self.quiet_s, self.ended = 0.0, 0.0

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take frames, float32 (T, 64)."""
        for loud in _is_loud(frames):
            self.quiet_s = 0.0 if loud else self.quiet_s + _FRAME_S
            self.ended = 0.0 if loud else 1.0

    def reset(self) -> None:
        """Forget everything."""
        self.quiet_s, self.ended = 0.0, 0.0


class LoudRecogniser:
    """Makes such streams.

    Attributes:
        sentences: what it was last told to look for.
        phrases: what it was last told to hear more readily.
        biasing: how.
        beam: how few readings are kept; None for as many as there are.
        prefers_small: whether it was last told to take a small branch.
        has_branches: it has none.
        large_share: there is nothing to share.
    """

    prefers_small = has_branches = False
    large_share: float | None = None
    beam: int | None = None
    sentences: SentenceGraph | None = None
    phrases: tuple[PhraseClass, ...] = ()
    biasing: Biasing = "none"

    def narrow(self, beam: int | None) -> None:
        """Remember how many readings are kept."""
        self.beam = beam

    def prefer_small(self, on: bool) -> None:
        """Remember it."""
        self.prefers_small = on

    def guide(self, sentences: SentenceGraph | None) -> None:
        """Remember the sentences."""
        self.sentences = sentences

    def listen_for(
        self, classes: Iterable[PhraseClass], biasing: Biasing = "fusion", file: Path | None = None
    ) -> BiasReport:
        """Remember the phrases, and the way."""
        self.phrases, self.biasing = tuple(classes), biasing
        return BiasReport(sum(len(each.phrases) for each in self.phrases))

    def stream(self) -> LoudStream:
        """A stream for a new utterance."""
        return LoudStream()
