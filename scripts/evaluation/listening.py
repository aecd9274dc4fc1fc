"""The program's own pipeline on whole clips, as if the wake word had just been heard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.config import EndpointSettings, RecogniserSettings, load_config
from alexa_local.messages import SAMPLE_RATE
from alexa_local.models import open_model
from alexa_local.pipeline import Pipeline, Request
from alexa_local.recognise import EndOfSpeech
from alexa_local.recognise.networks import Networks
from scripts.evaluation.align import last_word_s
from scripts.evaluation.endpoint import Decisions
from scripts.evaluation.preparing import Preparing

if TYPE_CHECKING:
    from alexa_local.recognise import Recogniser

_BLOCK_SAMPLES = SAMPLE_RATE // 10


class NoWakeWord:
    """Never hears a thing."""

    def push(self, frames: NDArray[np.float32]) -> list[Any]:
        """Hear nothing in frames, float32 (T, 64)."""
        return []

    def while_playing(self, what: str) -> None:
        """Hear nothing whatever is played."""

    def reset(self) -> None:
        """Forget nothing."""


class PipelineEnds:
    """The shipped end-pointers; a configuration's section `endpoint` replaces their rules."""

    def __init__(self, recogniser: Recogniser, model: str | None = None, config: Path | None = None) -> None:
        """Take the recogniser and the name of its model, which the forced alignment uses as well."""
        self._rules = load_config(config).endpoint if config else EndpointSettings()
        self._cap_s = min(
            (rule.length_s for rule in self._rules.final.values() if rule.length_s), default=1e9
        )
        self._networks = Networks(open_model(model or RecogniserSettings().model))
        ear = EndOfSpeech(open_model(self._rules.model))
        self._preparing = Preparing(config)
        wake: Any = NoWakeWord()
        self._resets = 0
        self._pipeline = Pipeline(wake, recogniser, ear, self._rules, self._count)

    def decide(self, samples: NDArray[np.int16]) -> Decisions:
        """Listen to one clip, int16 (N,), until a request has ended."""
        self._pipeline.reset()
        self._pipeline.listen()
        self._resets, foreseen_s = 0, list[float]()
        for first in range(0, len(samples), _BLOCK_SAMPLES):
            for one in self._pipeline.push(samples[first : first + _BLOCK_SAMPLES]):
                if isinstance(one, Request) and one.stage == "final":
                    takes_s = self._preparing.seconds(one.hypotheses)
                    return Decisions(one.ended_s, one.rule, foreseen_s, self._resets, self._cap_s, takes_s)
                if isinstance(one, Request):
                    foreseen_s.append(one.ended_s)
        return Decisions(None, "", foreseen_s, self._resets, self._cap_s)

    def last_word_s(self, samples: NDArray[np.int16], text: str) -> float | None:
        """When a text's last piece is written, None where it cannot be told."""
        return last_word_s(self._networks, samples, text)

    def _count(self, name: str, data: object) -> None:
        self._resets += name == "reset"
