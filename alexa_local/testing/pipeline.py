"""A pipeline that needs no model: loudness is its wake word, and it always hears what it was told to hear."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.context import begin_request
from alexa_local.messages import SAMPLE_RATE, Hypothesis, Lattice, LatticeArc, Talker

STOP_LOUDNESS = 30_000
"""A block with this as its loudest sample is the word that ends what is played."""


@dataclass(frozen=True)
class FakeRequest:
    """As much of a request as the daemon looks at."""

    hypotheses: tuple[Hypothesis, ...] = ()
    stage: str = "final"
    playing: str = ""
    talker: Talker = field(default_factory=Talker)
    lattice: Callable[[], Lattice] | None = None


def lattice_of(text: str) -> Lattice:
    """A lattice with one reading."""
    arcs = [LatticeArc(at, at + 1, word, at, at + 1, -1.0) for at, word in enumerate(text.split() or [""])]
    return Lattice(tuple(float(at) for at in range(len(arcs) + 1)), tuple(arcs))


class FakePipeline:
    """A loud block opens a request, and 0.2 s of quiet end it with the next of `texts`.

    Of a text such as "set a timer ... for one minute" what stands before the dots is foreseen after
    0.1 s, and taken back when it ends.
    """

    def __init__(self, texts: list[str], on_event: Callable[[str, Mapping[str, Any]], None]) -> None:
        self.state = "waiting"
        self._texts = list(texts)
        self._on_event = on_event
        self._quiet_samples = 0
        self._foreseen = ""

    def give_up(self, rungs: frozenset[str]) -> None:
        """Do nothing without anything."""

    def push(self, samples: NDArray[np.int16]) -> list[FakeRequest]:
        """Take int16 samples, shape (N,), 16 kHz mono; return what they completed or took back."""
        loudest = int(np.abs(samples.astype(np.int32)).max(initial=0))
        if self.state == "waiting" and loudest == STOP_LOUDNESS:
            self._on_event("stop_word_detected", {"playing": "speech"})
            return [FakeRequest(stage="stop", playing="speech")]
        loud = loudest > 1000
        if self.state == "waiting":
            if loud:
                self.listen()
            return []
        self._quiet_samples = 0 if loud else self._quiet_samples + len(samples)
        if self._quiet_samples < SAMPLE_RATE // 5:
            return self._foresee()
        taken_back = [FakeRequest(stage="reset")] if "..." in self._texts[0] else []
        self.reset()
        text = self._texts.pop(0).replace("... ", "")
        self._on_event("stt_text", {"text": text})
        return [
            *taken_back,
            FakeRequest((Hypothesis(text, -1.0),), lattice=functools.partial(lattice_of, text)),
        ]

    def _foresee(self) -> list[FakeRequest]:
        if self._foreseen or self._quiet_samples < SAMPLE_RATE // 10 or not self._texts:
            return []
        self._foreseen = self._texts[0].split(" ...")[0]
        return [FakeRequest((Hypothesis(self._foreseen, -1.0),), "speculative")]

    def listen(self) -> None:
        """Open a request without the wake word."""
        begin_request()
        self.state, self._quiet_samples = "listening", 0
        self._on_event("wake_word_detected", {"score": 1.0})
        self._on_event("listening", {})

    def reset(self) -> list[FakeRequest]:
        """Wait for the wake word again; return what that takes back."""
        taken_back = [FakeRequest(stage="reset")] if self._foreseen else []
        self.state, self._quiet_samples, self._foreseen = "waiting", 0, ""
        return taken_back

    def cancel(self) -> list[FakeRequest]:
        """Give up the request; return what that takes back."""
        taken_back = self.reset()
        self._on_event("idle", {"reason": "cancelled"})
        return taken_back
