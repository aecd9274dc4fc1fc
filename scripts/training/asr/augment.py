"""Augmentation in the log-mel domain: cheap enough to be new for every batch.

Powers of independent sounds add, so noise is a logaddexp; a room's late reverberation is an exponentially
decaying smear of power over time (Lebart et al. 2001 model it so); vocal-tract length is a warp of the mel
axis (Jaitly and Hinton 2013); SpecAugment is Park et al. 2019.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from alexa_local.frontend.logmel import LOG_FLOOR

Frames = NDArray[np.float32]
_DB = float(np.log(10.0) / 10.0)
"""Natural-log power of one decibel."""


@dataclass(frozen=True)
class Strength:
    """How often and how much; probabilities are per utterance.

    Attributes:
        warp: largest relative warp of the mel axis.
        tempo: largest relative change of tempo.
        noise: probability of noise, at snr_db (lowest, highest).
        room: probability of a room, reverberation time in rt60_s (lowest, highest).
    """

    warp: float = 0.12
    tempo: float = 0.15
    noise: float = 0.55
    snr_db: tuple[float, float] = (0.0, 28.0)
    room: float = 0.4
    rt60_s: tuple[float, float] = (0.15, 0.8)
    band_limit: float = 0.15
    frequency_masks: int = 2
    frequency_mask_bands: int = 10
    time_masks: int = 2
    time_mask_frames: int = 20


def resize(frames: Frames, rows: NDArray[np.float64], bands: NDArray[np.float64]) -> Frames:
    """Sample frames (T, 64) at fractional rows and bands, linearly: (len(rows), len(bands))."""
    rows = np.clip(rows, 0, len(frames) - 1.001)
    low = rows.astype(int)
    share = (rows - low)[:, None].astype(np.float32)
    frames = frames[low] * (1 - share) + frames[np.minimum(low + 1, len(frames) - 1)] * share
    bands = np.clip(bands, 0, frames.shape[1] - 1.001)
    low = bands.astype(int)
    share = (bands - low)[None].astype(np.float32)
    return frames[:, low] * (1 - share) + frames[:, low + 1] * share


def tempo_and_tract(frames: Frames, random: np.random.Generator, strength: Strength) -> Frames:
    """Another speaking rate and another vocal tract."""
    rate = np.exp(random.uniform(-strength.tempo, strength.tempo))
    warp = np.exp(random.uniform(-strength.warp, strength.warp))
    rows = np.arange(int(len(frames) / rate)) * rate
    return resize(frames, rows, np.arange(frames.shape[1]) * warp)


def room(frames: Frames, random: np.random.Generator, strength: Strength) -> Frames:
    """Late reverberation as a decaying smear of each band's power; higher bands decay faster."""
    rt60 = random.uniform(*strength.rt60_s) * np.linspace(1.1, 0.7, frames.shape[1])
    decay = 10.0 ** (-6.0 * 0.01 / rt60)
    wet = 10.0 ** (random.uniform(-12.0, 3.0) / 10.0)
    power = np.exp(frames.astype(np.float64))
    late = np.empty_like(power)
    for band in range(frames.shape[1]):
        late[:, band] = lfilter([0.0, 1.0 - decay[band]], [1.0, -decay[band]], power[:, band])
    return np.log(power + wet * late).astype(np.float32)


def colour(frames: Frames, random: np.random.Generator, strength: Strength) -> Frames:
    """A microphone: a smooth curve of a few decibels, sometimes a lost top of the band."""
    position = np.linspace(0, np.pi, frames.shape[1])
    curve = sum(random.normal(0, 2.5) * np.cos(k * position + random.uniform(0, 6.28)) for k in (1, 2, 3))
    frames = frames + (_DB * np.asarray(curve)).astype(np.float32)
    if random.random() < strength.band_limit:
        top = random.integers(42, 62)
        frames[:, top:] = np.maximum(frames[:, top:] - 12.0, LOG_FLOOR)
    return frames


def level(frames: Frames) -> float:
    """Natural-log mean power of the louder part: a stand-in for the level of active speech."""
    power = np.exp(frames).sum(1)
    return float(np.log(np.sort(power)[len(power) // 2 :].mean() + 1e-9))


def add_noise(frames: Frames, noise: Frames, snr_db: float) -> Frames:
    """Noise frames (M, 64), repeated as needed, at a signal-to-noise ratio below the speech's level."""
    noise = np.resize(noise, frames.shape) if len(noise) < len(frames) else noise[: len(frames)]
    return np.logaddexp(frames, noise + (level(frames) - level(noise) - _DB * snr_db)).astype(np.float32)


def gain(frames: Frames, random: np.random.Generator) -> Frames:
    """Any level a microphone may give, above the floor of 16 bits."""
    target = random.uniform(-2.5, 5.5)
    return np.logaddexp(frames + (target - level(frames)), LOG_FLOOR).astype(np.float32)


def mask(frames: Frames, random: np.random.Generator, strength: Strength) -> Frames:
    """SpecAugment: bands and stretches of time set to the utterance's mean."""
    mean = frames.mean()
    for _ in range(strength.frequency_masks):
        width = int(random.integers(0, strength.frequency_mask_bands + 1))
        low = random.integers(0, frames.shape[1] - width + 1)
        frames[:, low : low + width] = mean
    for _ in range(strength.time_masks):
        width = min(int(random.integers(0, strength.time_mask_frames + 1)), len(frames) // 8)
        low = random.integers(0, len(frames) - width + 1)
        frames[low : low + width] = mean
    return frames


def augment(frames: Frames, noises: list[Frames], random: np.random.Generator, strength: Strength) -> Frames:
    """One new version of clean frames, float32 (T, 64) -> (T', 64)."""
    frames = tempo_and_tract(frames, random, strength)
    if random.random() < strength.room:
        frames = room(frames, random, strength)
    frames = colour(frames, random, strength)
    if noises and random.random() < strength.noise:
        noise = noises[random.integers(len(noises))]
        start = random.integers(max(1, len(noise) - len(frames)))
        frames = add_noise(
            frames,
            colour(noise[start : start + len(frames)], random, strength),
            random.uniform(*strength.snr_db),
        )
    return mask(gain(frames, random), random, strength)
