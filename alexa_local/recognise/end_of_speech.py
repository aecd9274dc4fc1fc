"""Whether somebody speaks and whether they have finished: a network of its own on the shared features.

It hears what the words do not tell: a falling voice, a drawn-out last syllable, and how long the voice has
been away, in steady noise too. It depends on no recogniser and so outlives its weights.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES, Steps, probability
from alexa_local.messages import FRAME_SAMPLES, MEL_BANDS, SAMPLE_RATE
from alexa_local.models import Model
from alexa_local.tflite import load

NETWORK_FILE = "end.tflite"
STEP_S = STEP_FRAMES * FRAME_SAMPLES / SAMPLE_RATE


class EndOfSpeech:
    """The network and one stream's state.

    Attributes:
        voice: probability that somebody spoke in the latest step.
        ended: probability, at the latest step, that the speaker has finished.
        quiet_s: seconds since somebody spoke, or since the last reset.
    """

    def __init__(self, model: Model) -> None:
        """Load the network.

        Args:
            model: the opened folder "end-of-speech".

        Raises:
            ModelError: the network does not fit this program.
        """
        self._network = load(model.path(NETWORK_FILE))
        wanted = (LEFT_FRAMES + STEP_FRAMES, MEL_BANDS)
        if self._network.inputs.get("frames") != wanted or "memory" not in self._network.inputs:
            raise ModelError(f"Model {model.name} has no input 'frames' {wanted}. Reinstall the package.")
        self.reset()

    def reset(self) -> None:
        """Forget everything that was heard."""
        self._steps = Steps()
        self._memory = np.zeros(self._network.inputs["memory"], np.float32)
        self.voice = self.ended = self.quiet_s = 0.0

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take feature frames, float32 (T, 64), any T."""
        for step in self._steps.push(frames):
            self._step(step)

    def _step(self, frames: NDArray[np.float32]) -> None:
        """Run the network on frames (8, 64), of which the last four are new."""
        results = self._network.run(frames=frames, memory=self._memory)
        self._memory = results["memory_out"]
        self.voice, self.ended = (probability(float(logit)) for logit in results["logits"][0])
        self.quiet_s = 0.0 if self.voice >= 0.5 else self.quiet_s + STEP_S
