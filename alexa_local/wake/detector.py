"""Hears the wake word in a stream of feature frames: one small network every 40 ms, and the rule that fires.

The network gives one logit a step, "the wake word has just ended". The score is the sigmoid of the mean
of the last three logits; the detector fires when it reaches the threshold, and again only after
a pause and after the score has fallen below the threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError, UsageError
from alexa_local.frontend import log_mel
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS, SAMPLE_RATE
from alexa_local.models import Model
from alexa_local.tflite import load

STEP_FRAMES = 4
"""Frames that the network takes in a step: 40 ms."""

LEFT_FRAMES = 4
"""Frames before them that it sees again."""

GROUP_BANDS = 4
"""Bands that lie side by side in the network's input."""

SMOOTHED_STEPS = 3
REFRACTORY_FRAMES = 100
SHORTEST_WORD_FRAMES, LONGEST_WORD_FRAMES = 25, 150
NETWORK_FILE = "wake.tflite"


@dataclass(frozen=True)
class Detection:
    """One time that the wake word was heard.

    Attributes:
        start_frame: about where the word began, in frames since the last reset, >= 0.
        end_frame: the frame after the last one that had been heard when the detector fired.
        score: 0 to 1; at least the threshold.
    """

    start_frame: int
    end_frame: int
    score: float


@dataclass(frozen=True)
class Step:
    """What the network says at the end of one step.

    Attributes:
        end_frame: frames heard since the last reset.
        logit: the smoothed logit.
        length: how long the word that ended here took, in units of 100 frames; without meaning elsewhere.
    """

    end_frame: int
    logit: float
    length: float

    @property
    def score(self) -> float:
        """The sigmoid of the logit, 0 to 1."""
        return 1.0 / (1.0 + math.exp(-self.logit)) if self.logit > -50 else 0.0

    def detection(self) -> Detection:
        """The detection, when this step fires."""
        word_frames = min(max(round(100 * self.length), SHORTEST_WORD_FRAMES), LONGEST_WORD_FRAMES)
        return Detection(max(0, self.end_frame - word_frames), self.end_frame, self.score)


class Trigger:
    """The rule that fires: at the first step that reaches the threshold, then not for a second."""

    def __init__(self, threshold: float) -> None:
        self._threshold_logit = math.log(threshold / (1.0 - threshold))
        self._armed_from_frame = 0
        self._high = False

    def fires(self, step: Step) -> bool:
        """Whether this step, the one after the last, is a detection."""
        was_high, self._high = self._high, step.logit >= self._threshold_logit
        if not self._high or was_high or step.end_frame < self._armed_from_frame:
            return False
        self._armed_from_frame = step.end_frame + REFRACTORY_FRAMES
        return True


class WakeWord:
    """The detector; holds one stream's state.

    Attributes:
        threshold: score from 0 to 1 at which it fires.
        score: of the latest step, 0 to 1.
    """

    def __init__(self, model: Model, threshold: float | None = None) -> None:
        """Load the network.

        Args:
            model: the opened folder "wake-alexa".
            threshold: score from 0 to 1 at which to fire; the manifest's when None.

        Raises:
            UsageError: the threshold is not between 0 and 1.
            ModelError: the network does not fit this program.
        """
        chosen = float(model.info["threshold"]) if threshold is None else threshold
        if not 0.0 < chosen < 1.0:
            raise UsageError(f"A wake threshold of {chosen} makes no sense. Give one between 0 and 1.")
        self.threshold = chosen
        self._network = load(model.path(NETWORK_FILE))
        wanted = (MEL_BANDS // GROUP_BANDS, (LEFT_FRAMES + STEP_FRAMES) * GROUP_BANDS)
        if self._network.inputs.get("bands") != wanted:
            raise ModelError(f"Model {model.name} has no input 'bands' {wanted}. Reinstall the package.")
        self._state_shapes = {name: shape for name, shape in self._network.inputs.items() if name != "bands"}
        self.reset()

    def reset(self) -> None:
        """Forget everything that was heard; frames count from 0 again."""
        self._kept = np.full((LEFT_FRAMES, MEL_BANDS), LOG_FLOOR, np.float32)
        self._states = {name: np.zeros(shape, np.float32) for name, shape in self._state_shapes.items()}
        self._logits: list[float] = []
        self._heard_frames = 0
        self._trigger = Trigger(self.threshold)
        self.score = 0.0

    def push(self, frames: NDArray[np.float32]) -> list[Detection]:
        """Take frames, float32 (T, 64), any T; return what was heard in the steps they complete."""
        return [step.detection() for step in self.trace(frames) if self._trigger.fires(step)]

    def trace(self, frames: NDArray[np.float32]) -> list[Step]:
        """Like `push`, but return every completed step: to measure many thresholds at once."""
        known = np.concatenate([self._kept, frames])
        ready = (len(known) - LEFT_FRAMES) // STEP_FRAMES
        steps = [
            self._step(known[first : first + LEFT_FRAMES + STEP_FRAMES])
            for first in range(0, ready * STEP_FRAMES, STEP_FRAMES)
        ]
        self._kept = known[ready * STEP_FRAMES :].copy()
        return steps

    def _step(self, frames: NDArray[np.float32]) -> Step:
        """Run the network on frames (8, 64), of which the last four are new."""
        bands = frames.reshape(len(frames), -1, GROUP_BANDS).transpose(1, 0, 2)  # (8, 64) -> (16, 8, 4)
        results = self._network.run(bands=bands.reshape(len(bands), -1), **self._states)
        self._states = {name: results[name + "_out"] for name in self._states}
        logit, length = (float(value) for value in results["heard"][0])
        self._heard_frames += STEP_FRAMES
        self._logits = [*(self._logits or [logit] * (SMOOTHED_STEPS - 1)), logit][-SMOOTHED_STEPS:]
        result = Step(self._heard_frames, sum(self._logits) / SMOOTHED_STEPS, length)
        self.score = result.score
        return result


def scan(samples: NDArray[np.int16], wake_word: WakeWord) -> list[Detection]:
    """Everything heard in a whole recording, followed by a second of faint noise for what is heard late.

    Args:
        samples: int16, shape (N,), 16 kHz mono.
        wake_word: is reset first.
    """
    wake_word.reset()
    faint = np.random.default_rng(0).integers(-2, 3, SAMPLE_RATE).astype(np.int16)
    return wake_word.push(log_mel(np.concatenate([samples, faint])))
