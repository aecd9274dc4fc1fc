"""What the exported model misses and wrongly accepts, through the very detector that the device runs."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.messages import SAMPLE_RATE
from alexa_local.wake import WakeWord
from alexa_local.wake.detector import STEP_FRAMES, Step, Trigger
from scripts.training.wake.corpus import NOISE_FOR_TESTS, Clip, read_samples
from scripts.training.wake.render import locate_word

_LOG = logging.getLogger(__name__)
NOISY_SNR_DB = 10.0
SENSITIVITIES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


@dataclass
class Traces:
    """What the network said about some recordings.

    Attributes:
        steps: the steps of each recording.
        hours: how long the recordings are in all.
    """

    steps: list[list[Step]] = field(default_factory=list)
    hours: float = 0.0

    def fired(self, threshold: float) -> list[int]:
        """How often the detector fires in each recording."""
        counts = []
        for steps in self.steps:
            trigger = Trigger(threshold)
            counts.append(sum(trigger.fires(step) for step in steps))
        return counts

    def raised(self, by: float) -> Traces:
        """What the network would have said with another bias in its last layer."""
        steps = [[Step(s.end_frame, s.logit + by, s.length) for s in recording] for recording in self.steps]
        return Traces(steps, self.hours)

    def missed_percent(self, threshold: float) -> float:
        """Percentage of recordings in which it does not fire."""
        counts = self.fired(threshold)
        return 100.0 * sum(count == 0 for count in counts) / max(1, len(counts))


def traced(wake_word: WakeWord, recordings: Iterable[NDArray[np.int16]]) -> Traces:
    """Run the network over recordings, each followed by a second of faint noise."""
    traces = Traces()
    faint = np.random.default_rng(0).integers(-2, 3, SAMPLE_RATE).astype(np.int16)
    for samples in recordings:
        wake_word.reset()
        traces.steps.append(wake_word.trace(log_mel(np.concatenate([samples, faint]))))
        traces.hours += len(samples) / SAMPLE_RATE / 3600
    return traces


def noisy(data: Path, recordings: Sequence[NDArray[np.int16]], snr_db: float) -> list[NDArray[np.int16]]:
    """Recordings of one word with noise that training never heard, so far below the word's own level."""
    noises = [read_samples(data / "noise" / f"{name}.opus").astype(np.float64) for name in NOISE_FOR_TESTS]
    rng, out = np.random.default_rng(7), []
    for number, samples in enumerate(recordings):
        start, end = locate_word(samples)
        noise = noises[number % len(noises)]
        at = rng.integers(len(noise) - len(samples))
        noise = noise[at : at + len(samples)]
        word_power = (samples[start:end].astype(np.float64) ** 2).mean()
        gain = math.sqrt(word_power / (noise**2).mean() / 10 ** (snr_db / 10))
        out.append(np.clip(np.round(samples + gain * noise), -32768, 32767).astype(np.int16))
    return out


def microseconds_a_step(wake_word: WakeWord, steps: int = 2000) -> float:
    """CPU time of one step of `push`, Python included."""
    wake_word.reset()
    frames = np.zeros((STEP_FRAMES, 64), np.float32)
    started = time.process_time()
    for _ in range(steps):
        wake_word.push(frames)
    return (time.process_time() - started) / steps * 1e6


def gather(clips: Sequence[Clip], split: str, wake: bool) -> list[NDArray[np.int16]]:
    """The samples of a split's clips that have the wake word, or of those that have not."""
    return [read_samples(clip.path) for clip in clips if clip.split == split and clip.wake is wake]
