"""The pools that batches are drawn from: rendered windows, long streams of other speech, and noise."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.messages import SAMPLE_RATE
from scripts.training.wake import sounds
from scripts.training.wake.augment import Noises, babble
from scripts.training.wake.corpus import NOISE_FOR_TRAINING, Clip, Waves, read_samples
from scripts.training.wake.render import Renderer, Rooms, Window, locate_word, resample
from scripts.training.wake.whispers import TRAINED_ENVELOPES, whispers

_LOG = logging.getLogger(__name__)
Features = NDArray[np.float16]


@dataclass(frozen=True)
class WindowPool:
    """Rendered windows.

    Attributes:
        features: float16, shape (N, 256, 64).
        starts: int32, shape (N,), frame where the wake word begins, -1 for none.
        ends: int32, shape (N,), frame where it ends, -1 for none.
    """

    features: Features
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


def window_pool(windows: list[Window]) -> WindowPool:
    """Windows stacked."""
    return WindowPool(
        np.stack([window.features for window in windows]),
        np.array([window.word_start_frame for window in windows], np.int32),
        np.array([window.word_end_frame for window in windows], np.int32),
    )


def joined(found: list[WindowPool]) -> WindowPool:
    """Several pools as one."""
    fields = ("features", "starts", "ends")
    return WindowPool(*(np.concatenate([getattr(pool, name) for pool in found]) for name in fields))


def word_span(clip: Clip, samples: NDArray[np.int16]) -> tuple[int, int]:
    """First and last sample of the speech in a clip of one word or phrase."""
    start, end = locate_word(samples)
    if clip.speech_end_s is not None:
        loud = np.flatnonzero(np.abs(samples) > np.abs(samples).max(initial=1) * 0.03)
        return int(loud[0]) if len(loud) else 0, min(len(samples), round(clip.speech_end_s * SAMPLE_RATE))
    return start, min(end, len(samples))


def render_wakes(renderer: Renderer, waves: Waves, indices: list[int], copies: int) -> list[Window]:
    """Windows with the wake word in them."""
    windows = []
    for index in indices:
        samples = waves[index]
        span = word_span(waves.clips[index], samples)
        windows += [renderer.window(samples, span, wake=True) for _ in range(copies)]
    return windows


def render_whispers(
    renderer: Renderer, waves: Waves, indices: list[int], copies: int, rng: np.random.Generator
) -> list[Window]:
    """Windows with the wake word in a whisper, made anew for each."""
    return [
        renderer.window(whisper, locate_word(whisper), wake=True)
        for index in indices
        for whisper in whispers(waves[index], copies, TRAINED_ENVELOPES, rng)
    ]


def render_others(renderer: Renderer, waves: Waves, indices: list[int]) -> list[Window]:
    """Windows around words that are not the wake word."""
    windows = []
    for index in indices:
        samples = waves[index]
        if len(samples) > 2000:
            windows.append(renderer.window(samples, word_span(waves.clips[index], samples), wake=False))
    return windows


def render_parts(
    renderer: Renderer, waves: Waves, indices: list[int], copies: int, rng: np.random.Generator
) -> list[Window]:
    """Windows with only the beginning or only the end of the wake word: not to be accepted."""
    windows = []
    for index in indices:
        samples = waves[index]
        start, end = word_span(waves.clips[index], samples)
        for _ in range(copies):
            if rng.random() < 0.6:
                cut = start + int((end - start) * rng.uniform(0.3, 0.6))
                part, span = samples[:cut], (start, cut)
            else:
                cut = end - int((end - start) * rng.uniform(0.25, 0.45))
                part, span = samples[cut:], (0, end - cut)
            windows.append(renderer.window(part, span, wake=False))
    return windows


def stream_features(
    waves: Waves, indices: list[int], rng: np.random.Generator, rooms: Rooms | None = None
) -> Features:
    """Clips one after another, float16 (T, 64), each with half a second of near silence after it.

    With rooms, every clip is also played at another speed and heard in a room.
    """
    parts = []
    for index in indices:
        samples = waves[index]
        if rooms is not None:
            sound = rooms.apply(resample(samples.astype(np.float32), float(rng.uniform(0.85, 1.2))), rng)
            sound *= 0.5 * np.abs(samples).max(initial=1) / (np.abs(sound).max() + 1.0)
            samples = np.round(sound).astype(np.int16)
        pause = rng.integers(-sounds.QUIET, sounds.QUIET + 1, SAMPLE_RATE // 2).astype(np.int16)
        parts.append(log_mel(np.concatenate([samples, pause])).astype(np.float16))
    return np.concatenate(parts)


def noises(data: Path, speech: Features, rng: np.random.Generator) -> Noises:
    """What is mixed into the training windows: recorded, made and spoken noise, some of it through rooms."""
    rooms = Rooms(data, rng, simulated=60)
    recorded = [log_mel(read_samples(data / "noise" / f"{name}.opus")) for name in NOISE_FOR_TRAINING]
    return {
        "recorded": (0.25, np.concatenate(recorded).astype(np.float16)),
        "kitchen": (0.25, _made(sounds.kitchen, 40, rooms, rng)),
        "music": (0.25, _made(sounds.music, 45, rooms, rng)),
        "babble": (0.17, babble(speech, 60_000, rng)),
        "coloured": (0.08, _made(sounds.coloured_noise, 8, rooms, rng)),
    }


def _made(maker: sounds.Maker, pieces: int, rooms: Rooms, rng: np.random.Generator) -> Features:
    """So many pieces of 15 s of a made sound, half of them heard in a room, float16 (T, 64)."""
    parts = []
    for _ in range(pieces):
        sound = maker(15.0, rng)
        if rng.random() < 0.5:
            sound = rooms.apply(sound, rng)
        sound *= 12_000 / (np.abs(sound).max() + 1e-6)
        parts.append(log_mel(sound.astype(np.int16)))
    return np.concatenate(parts).astype(np.float16)
