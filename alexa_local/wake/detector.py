"""Hears the wake word in a stream of feature frames: one small network every 40 ms, and the rule that fires.

The network gives one logit a step, "the wake word has just ended". The score is the sigmoid of the mean
of the last three logits; the detector fires when it reaches the threshold, and again only after
a pause and after the score has fallen below the threshold. A second opinion (`verification`), if there is
one, is asked when it fires, and again while the score stays high, as more of the word is heard then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError, UsageError
from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES, Steps, probability
from alexa_local.messages import MEL_BANDS
from alexa_local.models import Model
from alexa_local.tflite import load
from alexa_local.wake.sensitivity import Level, Levels, Playing
from alexa_local.wake.verification import WINDOW_FRAMES, Verifier

GROUP_BANDS = 4
"""Bands that lie side by side in the network's input."""

SMOOTHED_STEPS = 3
REFRACTORY_FRAMES = 100
SHORTEST_WORD_FRAMES, LONGEST_WORD_FRAMES = 25, 150
BEFORE_WAKE_FRAMES = 20
"""How far before the wake word's estimated beginning the recogniser starts."""

OPINIONS = 4
"""How often the second opinion is asked about one word, every second step."""
NETWORK_FILE = "wake.tflite"


@dataclass(frozen=True)
class Detection:
    """One time that the wake word was heard.

    Attributes:
        start_frame: about where the word began, in frames since the last reset, >= 0.
        end_frame: the frame after the last one that had been heard when the detector fired.
        score: 0 to 1; at least the threshold.
        verification: what the second opinion gave, 0 to 1; None when there is none.
        accepted: whether that counts as the word; who acts on a detection must look.
        word: what was heard.
        request_frame: where the recogniser starts: before "Alexa", for which it writes nothing, and after any
            other word.
    """

    start_frame: int
    end_frame: int
    score: float
    verification: float | None = None
    accepted: bool = True
    word: str = "alexa"
    request_frame: int = 0


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
        return probability(self.logit)

    def detection(self, word: str = "alexa") -> Detection:
        """The detection, when this step fires."""
        word_frames = min(max(round(100 * self.length), SHORTEST_WORD_FRAMES), LONGEST_WORD_FRAMES)
        start = max(0, self.end_frame - word_frames)
        before = max(0, start - BEFORE_WAKE_FRAMES)
        return Detection(start, self.end_frame, self.score, word=word, request_frame=before)


class Trigger:
    """The rule that fires: at the first step that reaches the threshold, then not for a second.

    Attributes:
        is_high: whether the last step reached the threshold.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._armed_from_frame = 0
        self.is_high = False

    @property
    def threshold(self) -> float:
        """Score, 0 to 1, at which it fires; may change at any time."""
        return self._threshold

    @threshold.setter
    def threshold(self, threshold: float) -> None:
        self._threshold, self._threshold_logit = threshold, math.log(threshold / (1.0 - threshold))

    def fires(self, step: Step) -> bool:
        """Whether this step, the one after the last, is a detection."""
        was_high, self.is_high = self.is_high, step.logit >= self._threshold_logit
        if not self.is_high or was_high or step.end_frame < self._armed_from_frame:
            return False
        self._armed_from_frame = step.end_frame + REFRACTORY_FRAMES
        return True

    def take_back(self) -> None:
        """What was fired at was not the word: nothing keeps it from firing at the next one."""
        self._armed_from_frame = 0


class WakeWord:
    """The detector; holds one stream's state.

    Attributes:
        word: what it hears, lower-case.
        threshold: score from 0 to 1 at which it fires while nothing plays.
        score: of the latest step, 0 to 1.
    """

    def __init__(
        self,
        model: Model,
        threshold: float | None = None,
        levels: Levels | None = None,
        verifier: Verifier | None = None,
    ) -> None:
        """Load the network.

        Args:
            model: the opened folder "wake-alexa".
            threshold: score from 0 to 1 at which to fire; the manifest's when None.
            levels: how easily it fires, by what the loudspeaker plays; instead of a threshold.
            verifier: the second opinion.

        Raises:
            UsageError: the threshold is not between 0 and 1.
            ModelError: the network does not fit this program.
        """
        chosen = float(model.info["threshold"]) if threshold is None else threshold
        self._levels = levels or Levels.all_alike(Level(chosen))
        self.threshold = self._levels.silence.threshold
        if not 0.0 < self.threshold < 1.0:
            raise UsageError(
                f"A wake threshold of {self.threshold} makes no sense. Give one between 0 and 1."
            )
        self.word = str(model.info.get("word", "alexa"))
        self._verifier, self._level = verifier, self._levels.silence
        self._network = load(model.path(NETWORK_FILE))
        wanted = (MEL_BANDS // GROUP_BANDS, (LEFT_FRAMES + STEP_FRAMES) * GROUP_BANDS)
        if self._network.inputs.get("bands") != wanted:
            raise ModelError(f"Model {model.name} has no input 'bands' {wanted}. Reinstall the package.")
        self._state_shapes = {name: shape for name, shape in self._network.inputs.items() if name != "bands"}
        self.reset()

    def reset(self) -> None:
        """Forget everything that was heard; frames count from 0 again."""
        self._steps = Steps()
        self._recent = np.zeros((0, MEL_BANDS), np.float32)
        self._states = {name: np.zeros(shape, np.float32) for name, shape in self._state_shapes.items()}
        self._logits: list[float] = []
        self._heard_frames = 0
        self._trigger = Trigger(self._level.threshold)
        self._doubted: Detection | None = None
        self._opinions = 0
        self.score = 0.0

    def while_playing(self, what: Playing) -> None:
        """From now on the loudspeaker plays this, which changes how easily it fires."""
        level = self._levels.of(what)
        if level != self._level:
            self._level = level
            self._trigger.threshold = level.threshold

    def push(self, frames: NDArray[np.float32]) -> list[Detection]:
        """Take frames, float32 (T, 64), any T; return what was heard in the steps they complete.

        Those that the second opinion has refused are among them, and say so.
        """
        if not self._verifier:
            return [step.detection(self.word) for step in self.trace(frames) if self._trigger.fires(step)]
        first_frame = self._heard_frames + self._steps.waiting - len(self._recent)
        self._recent = np.concatenate([self._recent, frames])
        found = []
        for step in self.trace(frames):
            heard = self._recent[: step.end_frame - first_frame][-WINDOW_FRAMES:]
            if decided := self._decide(step, heard, self._verifier):
                found.append(decided)
        self._recent = self._recent[-WINDOW_FRAMES - STEP_FRAMES :].copy()
        return found

    def _decide(self, step: Step, heard: NDArray[np.float32], verifier: Verifier) -> Detection | None:
        """What is decided at a step: a detection, one that is refused for good, or nothing."""
        if self._trigger.fires(step):
            self._doubted, self._opinions = step.detection(self.word), 0
        doubted = self._doubted
        if doubted is None:
            return None
        steps_later = (step.end_frame - doubted.end_frame) // STEP_FRAMES
        if self._trigger.is_high and steps_later % 2 == 0:
            self._opinions += 1
            opinion = verifier.verify(heard)
            if opinion >= self._level.verification:
                self._doubted = None
                return replace(step.detection(self.word), verification=opinion)
            doubted = self._doubted = replace(
                doubted, verification=max(opinion, doubted.verification or 0.0), accepted=False
            )
        if self._trigger.is_high and self._opinions < OPINIONS:
            return None
        self._doubted = None
        self._trigger.take_back()
        return doubted

    def trace(self, frames: NDArray[np.float32]) -> list[Step]:
        """Like `push`, but return every completed step: to measure many thresholds at once."""
        return [self._step(step) for step in self._steps.push(frames)]

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
