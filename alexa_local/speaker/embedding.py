"""A voice as a vector of unit length, whatever is said: voices alike give vectors alike.

It streams: a long request costs the same for every second, and the vector is there when it ends. One network
makes sums over time of what it hears; they add up, and another makes the vector from them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.frontend import STEP_FRAMES, log_mel, probability
from alexa_local.messages import FRAME_SAMPLES, MEL_BANDS, SAMPLE_RATE
from alexa_local.models import Model
from alexa_local.tflite import load

FRAMES_FILE, VOICE_FILE, STRANGERS_FILE = "speaker.tflite", "voice.tflite", "strangers.npz"

CHUNK_FRAMES = 20
"""Frames that the network takes at once: 200 ms."""

LEAST_SPEECH_S = 0.3
"""With less speech there is no embedding."""

MOST_SPEECH_S = 10.0
"""More makes an embedding no surer."""

LEAST_LEVEL = -3.0
"""Natural log of energy: what is quieter at the beginning is not taken for speech and brought up."""

LEVEL_FALL = 0.0069
"""By so much the running level falls with every frame, natural log of energy: 3 dB a second."""

LEAST_VARIANCE = 1e-4

_STEP_S = STEP_FRAMES * FRAME_SAMPLES / SAMPLE_RATE
_SUMS = ("weight", "weighted", "squared")

Array = NDArray[np.float32]


class SpeakerEmbedder:
    """The networks and one stream's state.

    Attributes:
        speech_s: seconds of speech, since the last reset, that the embedding rests on.
        known_probability: from this `probability` on a person counts as known; 1 % of strangers pass.
        sure_probability: a stricter one, for what needs more certainty; 0.1 % of strangers pass.
        version: of the embeddings; those of another version cannot be compared.
        slope: of the calibration: a constant, and a part for the log of the seconds of speech.
        offset: the same.
    """

    def __init__(self, model: Model) -> None:
        """Load the networks.

        Args:
            model: the opened folder "speaker".

        Raises:
            ModelError: the networks do not fit this program.
        """
        self._frames, self._voice = load(model.path(FRAMES_FILE)), load(model.path(VOICE_FILE))
        calibration = model.info.get("calibration", {})
        if self._frames.inputs.get("frames") != (CHUNK_FRAMES, MEL_BANDS) or "slope" not in calibration:
            raise ModelError(
                f"Model {model.name} does not take {CHUNK_FRAMES} frames or has no calibration. "
                "Reinstall the package."
            )
        self.slope, self.offset = tuple(calibration["slope"]), tuple(calibration["offset"])
        self.known_probability = float(calibration["known_probability"])
        self.sure_probability = float(calibration["sure_probability"])
        self.version = model.generation
        self._memories = [name for name in self._frames.inputs if name.startswith("past")]
        with np.load(model.path(STRANGERS_FILE), allow_pickle=False) as strangers:
            self._mean, self._covariance = strangers["mean"], strangers["covariance"]
        self.reset()

    def reset(self) -> None:
        """Forget everything that was heard."""
        self._level = LEAST_LEVEL
        self._kept = np.zeros((0, MEL_BANDS), np.float32)
        self._past = {name: np.zeros(self._frames.inputs[name], np.float32) for name in self._memories}
        self._sums = np.zeros((len(_SUMS), *self._frames.outputs["weight"]), np.float32)
        self._speech_steps = 0.0
        self._total: tuple[Array, float] | None = None

    @property
    def speech_s(self) -> float:
        """Seconds of speech, since the last reset, that the embedding rests on."""
        return self._all()[1]

    def push(self, frames: Array) -> None:
        """Take feature frames, float32 (T, 64), any T."""
        new, self._level = levelled(frames, self._level)
        known = np.concatenate([self._kept, new])
        whole = len(known) // CHUNK_FRAMES * CHUNK_FRAMES
        for first in range(0, whole, CHUNK_FRAMES):
            results = self._heard(known[first : first + CHUNK_FRAMES])
            self._past = {name: results[f"{name}_out"] for name in self._memories}
            self._sums += [results[name] for name in _SUMS]
            self._speech_steps += float(results["voice"].sum())
        self._kept = known[whole:].copy()
        self._total = None

    def embedding(self) -> Array | None:
        """The voice heard since the last reset, float32 (D,) of unit length; None without enough speech."""
        sums, speech_s = self._all()
        if speech_s < LEAST_SPEECH_S:
            return None
        weight, weighted, squared = sums
        mean = weighted / np.maximum(weight, 1e-6)
        deviation = np.sqrt(np.maximum(squared / np.maximum(weight, 1e-6) - mean**2, LEAST_VARIANCE))
        vector = self._voice.run(pooled=np.concatenate([mean, deviation], axis=1))["vector"][0]
        return vector / max(float(np.linalg.norm(vector)), 1e-9)

    def embed(self, samples: NDArray[np.int16]) -> Array | None:
        """The voice in a whole recording, int16 (N,), 16 kHz mono; what was pushed before is forgotten."""
        self.reset()
        self.push(log_mel(samples))
        return self.embedding()

    def scores(self, ones: Array, others: Array) -> Array:
        """How much more alike than strangers voices are, in standard deviations, float32 (N, M).

        The cosine, less the mean of a voice's cosines with many strangers' and over their deviation, from
        both sides: symmetric score normalisation. Strangers are told by mean and covariance alone.

        Args:
            ones: embeddings of unit length, float32 (N, D).
            others: likewise, (M, D).
        """
        mean_1, deviation_1 = self._beside_strangers(ones)
        mean_2, deviation_2 = self._beside_strangers(others)
        cosines = ones @ others.T  # (N, D), (M, D) -> (N, M)
        from_1, from_2 = (cosines - mean_1[:, None]) / deviation_1[:, None], (cosines - mean_2) / deviation_2
        return (0.5 * (from_1 + from_2)).astype(np.float32)

    def _beside_strangers(self, voices: Array) -> tuple[Array, Array]:
        """Mean and deviation of the cosines of voices (N, D) with strangers', (N,) each."""
        variance = ((voices @ self._covariance) * voices).sum(axis=1)
        return voices @ self._mean, np.sqrt(np.maximum(variance, LEAST_VARIANCE))

    def probability(self, score: float, speech_s: float) -> float:
        """How probable it is, 0 to 1 and without prior preference, that a voice is a person's.

        Args:
            score: of the voice's embedding and the person's, the mean of about five sentences', by `scores`.
            speech_s: seconds of speech that the voice's embedding rests on.
        """
        amount = math.log(min(max(speech_s, LEAST_SPEECH_S), MOST_SPEECH_S))
        slope = self.slope[0] + self.slope[1] * amount
        offset = self.offset[0] + self.offset[1] * amount
        return probability(slope * score + offset)

    def _all(self) -> tuple[Array, float]:
        """The sums (3, 1, W) and the seconds of speech, with the steps that have not filled a chunk yet."""
        if self._total is None:
            sums, steps = self._sums, self._speech_steps
            if len(self._kept) >= STEP_FRAMES:
                results = self._heard(self._kept)
                sums = sums + np.array([results[name] for name in _SUMS])
                steps += float(results["voice"].sum())
            self._total = sums, steps * _STEP_S
        return self._total

    def _heard(self, frames: Array) -> dict[str, Array]:
        """Run the network on at most a chunk of levelled frames; only whole steps count."""
        steps = np.zeros((CHUNK_FRAMES // STEP_FRAMES, 1), np.float32)
        steps[: len(frames) // STEP_FRAMES] = 1.0
        chunk = np.zeros((CHUNK_FRAMES, MEL_BANDS), np.float32)
        chunk[: len(frames)] = frames
        return self._frames.run(frames=chunk, counts=steps, **self._past)


def levelled(frames: Array, level: float) -> tuple[Array, float]:
    """Frames less their running level, so that loud and quiet, near and far look alike.

    The level is the loudest frame's energy, which falls slowly until a louder one comes.

    Args:
        frames: float32 (T, 64), natural-log energies.
        level: the level after the frame before; LEAST_LEVEL at first.

    Returns:
        float32 (T, 64), and the level after the last frame.
    """
    fall = np.float32(LEVEL_FALL) * np.arange(1, len(frames) + 1, dtype=np.float32)
    energy = np.logaddexp.reduce(frames, axis=1)
    levels = np.maximum.accumulate(np.maximum(energy + fall, np.float32(level))) - fall
    return frames - levels[:, None], float(levels[-1]) if len(levels) else level
