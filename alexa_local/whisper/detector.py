"""Whether a request is whispered: a network on the shared features, and the mean of what it hears.

The network weighs each step itself: a vowel tells much, a consonant or a pause little. It compares with the
loudest so far and so does not know how loud anything is: somebody far away does not whisper.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES, Steps, probability
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS, Talker
from alexa_local.models import Model
from alexa_local.tflite import load

NETWORK_FILE = "whisper.tflite"
THRESHOLD = 0.5
"""Probability from which on a request counts as whispered."""

_SILENCE_WEIGHT, _SILENCE_LOGIT = 0.05, -4.0
"""What speaks for a voice before anything is heard: as good as nothing, once there is something."""


class WhisperDetector:
    """The network and one request's state."""

    def __init__(self, model: Model, threshold: float = THRESHOLD) -> None:
        """Load the network.

        Args:
            model: the opened folder "whisper".
            threshold: probability from which on a request counts as whispered.

        Raises:
            ModelError: the network does not fit this program.
        """
        self._network = load(model.path(NETWORK_FILE))
        wanted = (LEFT_FRAMES + STEP_FRAMES, MEL_BANDS)
        if self._network.inputs.get("frames") != wanted or "loudest" not in self._network.inputs:
            raise ModelError(f"Model {model.name} has no input 'frames' {wanted}. Reinstall the package.")
        self._states = [name for name in self._network.inputs if name != "frames"]
        self._threshold = threshold
        self.begin(np.zeros((0, MEL_BANDS), np.float32))

    @property
    def probability(self) -> float:
        """That what was heard since the beginning is whispered, 0 to 1."""
        return probability(self._sum / self._weight)

    def begin(self, wake: NDArray[np.float32]) -> None:
        """Forget what was heard; a request begins, with the wake word's frames, float32 (T, 64), T >= 0."""
        self._steps = Steps()
        self._state = {name: np.zeros(self._network.inputs[name], np.float32) for name in self._states}
        self._state["loudest"] += np.float32(LOG_FLOOR)
        self._weight, self._sum = _SILENCE_WEIGHT, _SILENCE_WEIGHT * _SILENCE_LOGIT
        self.push(wake)

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take feature frames, float32 (T, 64), any T."""
        for step in self._steps.push(frames):
            self._step(step)

    def tell(self, talker: Talker) -> Talker:
        """Add whether it is whispered, as far as that is known."""
        share = self.probability
        whispered = share >= self._threshold
        confidence = share if whispered else 1.0 - share
        return replace(talker, whispered=whispered, whisper_confidence=confidence)

    def _step(self, frames: NDArray[np.float32]) -> None:
        """Run the network on frames (8, 64), of which the last four are new."""
        results = self._network.run(frames=frames, **self._state)
        self._state = {name: results[f"{name}_out"] for name in self._states}
        logit, counts = (float(value) for value in results["heard"][0])
        weight = max(counts, 0.0) + math.log1p(math.exp(-abs(counts)))  # softplus
        self._weight += weight
        self._sum += weight * logit
