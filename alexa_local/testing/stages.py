"""A wake word and a recogniser that need no model: one hears loud frames, the other the word "loud"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE, Hypothesis, SentenceGraph
from alexa_local.wake import Detection

_LOUD = 0.0
_FRAME_S = FRAME_SAMPLES / SAMPLE_RATE


def _is_loud(frames: NDArray[np.float32]) -> NDArray[np.bool_]:
    return frames.mean(axis=1) > _LOUD


class LoudWakeWord:
    """Fires once, at the 20th loud frame since the last reset."""

    def __init__(self) -> None:
        self.reset()

    def push(self, frames: NDArray[np.float32]) -> list[Detection]:
        """Take frames, float32 (T, 64); return the detection they complete, if any."""
        found = []
        for loud in _is_loud(frames):
            self._seen += 1
            self._loud += int(loud)
            if loud and self._loud == 20:
                found.append(Detection(max(0, self._seen - 20), self._seen, 1.0))
        return found

    def reset(self) -> None:
        """Forget everything; frames count from 0 again."""
        self._seen = self._loud = 0


class LoudStream:
    """Says "loud" once 60 loud frames have come; the first 20 to 40 of them are the wake word."""

    def __init__(self) -> None:
        self._frames = self._loud = self._last_loud = 0

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take frames, float32 (T, 64)."""
        for loud in _is_loud(frames):
            self._frames += 1
            self._loud += int(loud)
            self._last_loud = self._frames if loud else self._last_loud

    @property
    def partial(self) -> str:
        """The words so far."""
        return "loud" if self._loud >= 60 else ""

    @property
    def length_s(self) -> float:
        """Seconds taken in."""
        return self._frames * _FRAME_S

    @property
    def trailing_silence_s(self) -> float:
        """Seconds since the last loud frame, or since the beginning while there are no words."""
        return (self._frames - (self._last_loud if self.partial else 0)) * _FRAME_S

    def finish(self) -> list[Hypothesis]:
        """Close the stream."""
        return [Hypothesis(self.partial, -1.0)]


class LoudRecogniser:
    """Makes such streams.

    Attributes:
        sentences: what it was last told to look for.
    """

    sentences: SentenceGraph | None = None

    def guide(self, sentences: SentenceGraph | None) -> None:
        """Remember the sentences."""
        self.sentences = sentences

    def stream(self) -> LoudStream:
        """A stream for a new utterance."""
        return LoudStream()
