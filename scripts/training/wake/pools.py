"""The pools that batches are drawn from: rendered windows, long streams of other speech, and noise."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.messages import SAMPLE_RATE
from scripts.training.wake.corpus import NOISE_FOR_TRAINING, Clip, Waves, read_samples
from scripts.training.wake.render import Renderer, Rooms, Window, locate_word, resample

_LOG = logging.getLogger(__name__)
Features = NDArray[np.float16]
_QUIET = 40
"""int16 amplitude of the noise that separates clips in a stream."""


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
        pause = rng.integers(-_QUIET, _QUIET + 1, SAMPLE_RATE // 2).astype(np.int16)
        parts.append(log_mel(np.concatenate([samples, pause])).astype(np.float16))
    return np.concatenate(parts)


def noise_features(data: Path, rng: np.random.Generator) -> Features:
    """Household noise, coloured noise and made-up music, float16 (T, 64)."""
    parts = [log_mel(read_samples(data / "noise" / f"{name}.opus")) for name in NOISE_FOR_TRAINING]
    for slope in (0.0, 0.5, 1.0):
        parts.append(log_mel(_coloured_noise(slope, 40 * SAMPLE_RATE, rng)))
    parts.append(log_mel(made_up_music(180, rng)))
    return np.concatenate(parts).astype(np.float16)


def _coloured_noise(slope: float, size: int, rng: np.random.Generator) -> NDArray[np.int16]:
    """Noise whose amplitude falls with frequency to the power of `slope`."""
    spectrum = np.fft.rfft(rng.standard_normal(size))
    spectrum /= np.maximum(np.arange(len(spectrum)), 50 * size / SAMPLE_RATE) ** slope
    sound = np.fft.irfft(spectrum, size)
    return (sound / np.abs(sound).max() * 12000).astype(np.int16)


def made_up_music(seconds: int, rng: np.random.Generator) -> NDArray[np.int16]:
    """Chords, a melody, a bass and drums by chance: not pretty, but its spectrum moves like music's."""
    beat_s = 0.25
    out = np.zeros(seconds * SAMPLE_RATE, np.float32)
    time_s = np.arange(int(1.2 * SAMPLE_RATE)) / SAMPLE_RATE
    for beat in range(int(seconds / beat_s) - 6):
        notes = [int(rng.integers(60, 84))] if rng.random() < 0.7 else []
        if beat % 8 == 0:
            root = int(rng.integers(40, 52))
            notes += [root, root + 12, root + 15 + int(rng.integers(2)), root + 19]
        sound = np.zeros(len(time_s), np.float32)
        for note in notes:
            hz, decay = 440 * 2 ** ((note - 69) / 12), rng.uniform(1, 6)
            for harmonic in range(1, 9):
                level = harmonic ** -rng.uniform(0.7, 2.0)
                sound += level * np.sin(2 * np.pi * hz * harmonic * time_s) * np.exp(-decay * time_s)
        if beat % 2 == 0:
            sound += rng.uniform(0.3, 2.0) * rng.standard_normal(len(time_s)) * np.exp(-40 * time_s)
        first = int(beat * beat_s * SAMPLE_RATE)
        out[first : first + len(sound)] += sound
    return (out / np.abs(out).max() * 20000).astype(np.int16)
