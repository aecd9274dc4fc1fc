"""Sounds of a household made from nothing: a kitchen at work, and music with drums, chords and a singer.

Recorded noise is a few minutes; what is made here never repeats. All sound is float32 in -1 to 1, at 16 kHz.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE

Sound = NDArray[np.float32]
Maker = Callable[[float, np.random.Generator], Sound]
QUIET = 40
"""int16 amplitude of the noise that separates clips in a stream."""

_VOWEL_FORMANTS_HZ = (
    (730, 1090, 2440),
    (530, 1840, 2480),
    (300, 870, 2240),
    (270, 2290, 3010),
    (570, 840, 2410),
)
_CHORDS = ((0, 4, 7), (0, 3, 7), (0, 4, 7, 11), (0, 3, 7, 10), (0, 5, 7))
_HIGHEST_HZ = 7600.0


def coloured_noise(seconds: float, rng: np.random.Generator, slope: float | None = None) -> Sound:
    """Noise whose amplitude falls with frequency to the power of `slope`, 0 to 1 by chance."""
    size = round(seconds * SAMPLE_RATE)
    slope = rng.uniform(0.0, 1.0) if slope is None else slope
    spectrum = np.fft.rfft(rng.standard_normal(size))
    spectrum /= np.maximum(np.arange(len(spectrum)), 50 * size / SAMPLE_RATE) ** slope
    return _levelled(np.fft.irfft(spectrum, size))


def fan(seconds: float, rng: np.random.Generator) -> Sound:
    """A cooker hood or a blender: a hum with its overtones over a wind that swells slowly."""
    time_s = _times(seconds)
    sound = 2 * coloured_noise(seconds, rng, rng.uniform(0.3, 0.9)).astype(np.float64)
    sound *= 1 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.1, 2) * time_s)
    hz, glide = rng.uniform(45, 400), rng.uniform(-0.02, 0.02)
    phase = 2 * np.pi * hz * (time_s + glide * np.sin(0.5 * time_s))
    for overtone in range(1, 13):
        sound += rng.uniform(0, 0.4) / overtone**0.6 * np.sin(overtone * phase)
    return _levelled(sound)


def water(seconds: float, rng: np.random.Generator) -> Sound:
    """A tap: hiss with a random flutter, and bubbles that each ring for some milliseconds."""
    sound = coloured_noise(seconds, rng, rng.uniform(0.0, 0.5)).astype(np.float64)
    sound *= 0.5 + np.abs(_slow(len(sound), 30.0, rng))
    time_s = np.arange(round(0.05 * SAMPLE_RATE)) / SAMPLE_RATE
    for at in rng.integers(len(sound), size=int(seconds * rng.uniform(10, 90))):
        hz, decay = rng.uniform(300, 4000), rng.uniform(60, 300)
        bubble = np.sin(2 * np.pi * hz * (1 + 2 * time_s) * time_s) * np.exp(-decay * time_s)
        _put(sound, rng.uniform(0.05, 0.8) * bubble, int(at))
    return _levelled(sound)


def clatter(seconds: float, rng: np.random.Generator) -> Sound:
    """Dishes, pans, cutlery and doors: blows in bursts, each a knock and some tones that ring."""
    sound = 0.01 * rng.standard_normal(round(seconds * SAMPLE_RATE))
    at_s = 0.0
    while at_s < seconds:
        modes_hz = rng.uniform(200, 6500, rng.integers(3, 9))
        decays = rng.uniform(6, 150, len(modes_hz))
        for _ in range(rng.integers(1, 7)):
            level = rng.lognormal(0, 0.8)
            _put(sound, level * _blow(modes_hz, decays, rng), int(at_s * SAMPLE_RATE))
            at_s += rng.exponential(0.12)
        at_s += rng.exponential(0.5)
    return _levelled(np.tanh(0.4 * sound))


def _blow(modes_hz: NDArray[np.float64], decays: NDArray[np.float64], rng: np.random.Generator) -> NDArray:
    time_s = np.arange(round(0.4 * SAMPLE_RATE)) / SAMPLE_RATE
    phases = rng.uniform(0, 2 * np.pi, len(modes_hz))[:, None]
    tones = np.sin(2 * np.pi * modes_hz[:, None] * time_s + phases) * np.exp(-decays[:, None] * time_s)
    weights = rng.uniform(0.1, 1, len(modes_hz))
    knock = rng.uniform(0.2, 3) * rng.standard_normal(len(time_s)) * np.exp(-rng.uniform(80, 500) * time_s)
    return weights @ tones + knock


def frying(seconds: float, rng: np.random.Generator) -> Sound:
    """Hiss from the highest bands, and crackles."""
    sound = np.diff(coloured_noise(seconds, rng, 0.0).astype(np.float64), prepend=0.0)
    crackles = rng.integers(len(sound), size=int(seconds * rng.uniform(5, 60)))
    sound[crackles] += rng.normal(0, 3, len(crackles))
    return _levelled(sound * (0.6 + np.abs(_slow(len(sound), 4.0, rng))))


def kitchen(seconds: float, rng: np.random.Generator) -> Sound:
    """One to three of these at once, at levels of their own."""
    makers: tuple[Maker, ...] = (fan, water, clatter, clatter, frying, coloured_noise)
    chosen = rng.choice(len(makers), rng.integers(1, 4), replace=False)
    return _levelled(sum(rng.uniform(0.15, 1.0) * makers[which](seconds, rng) for which in chosen))


def music(seconds: float, rng: np.random.Generator) -> Sound:
    """Pieces of 8 to 20 s, each with a tempo, a key and instruments of its own."""
    pieces: list[Sound] = []
    while sum(map(len, pieces)) < seconds * SAMPLE_RATE:
        pieces.append(_piece(rng.uniform(8, 20), rng))
    return np.concatenate(pieces)[: round(seconds * SAMPLE_RATE)]


def _piece(seconds: float, rng: np.random.Generator) -> Sound:
    """Bass and chords on the bars, a melody that is played or sung, and drums."""
    beat_s, key = 60 / rng.uniform(70, 150), int(rng.integers(40, 52))
    progression = [(int(rng.integers(0, 12)), _CHORDS[rng.integers(len(_CHORDS))]) for _ in range(4)]
    bass, chords, melody, drums = rng.uniform(0, 1, 4) * (rng.random(4) < (0.8, 0.85, 0.8, 0.7))
    timbre, sung = rng.uniform(0.5, 2.2), rng.random() < 0.5
    sound = np.zeros(round((seconds + 3) * SAMPLE_RATE))
    for half_beat in range(int(2 * seconds / beat_s)):
        at = int(half_beat * beat_s / 2 * SAMPLE_RATE)
        root, chord = progression[half_beat // 8 % 4]
        if half_beat % 8 == 0:
            for step in chord:
                note = _played(key + 12 + (root + step) % 12, 4 * beat_s, timbre, rng.uniform(0.2, 3), rng)
                _put(sound, 0.5 * chords * note, at)
        if half_beat % 2 == 0:
            _put(sound, bass * _played(key - 12 + root, beat_s, 1.5, 3.0, rng), at)
        if rng.random() < 0.6:
            pitch = key + 24 + (root + int(rng.choice(chord))) % 12
            length_s = beat_s * rng.choice((0.5, 1, 2))
            note = _sung(pitch, length_s, rng) if sung else _played(pitch, length_s, timbre, 4.0, rng)
            _put(sound, 1.2 * melody * note, at)
        _put(sound, drums * _drum(half_beat, rng), at)
    return _levelled(np.tanh(rng.uniform(0.3, 1.5) * sound))[: round(seconds * SAMPLE_RATE)]


def _played(pitch: float, seconds: float, timbre: float, decay: float, rng: np.random.Generator) -> NDArray:
    """A note of a plucked or blown instrument."""
    time_s = _times(seconds)
    hz = _hertz(pitch) * rng.uniform(0.998, 1.002)
    overtones = np.arange(1, max(2, min(12, int(_HIGHEST_HZ / hz))) + 1)[:, None]
    waves = np.sin(2 * np.pi * hz * overtones * time_s) * np.exp(-decay * overtones**0.3 * time_s)
    return _eased((overtones[:, 0] ** -timbre) @ waves)


def _sung(pitch: float, seconds: float, rng: np.random.Generator) -> NDArray:
    """A vowel: overtones weighed by its formants, with vibrato, and sometimes a consonant before it."""
    time_s = _times(seconds)
    hz = _hertz(pitch)
    vibrato = rng.uniform(0, 0.015) / rng.uniform(5, 7)
    phase = 2 * np.pi * hz * (time_s + vibrato * np.sin(2 * np.pi * 6 * time_s))
    formants_hz = np.array(_VOWEL_FORMANTS_HZ[rng.integers(len(_VOWEL_FORMANTS_HZ))]) * rng.uniform(0.9, 1.25)
    overtones = np.arange(1, max(2, int(4500 / hz)) + 1)
    distance = (overtones[:, None] * hz - formants_hz) / (60 + 0.06 * formants_hz)
    weights = 0.02 + (np.exp(-0.5 * distance**2) * (1.0, 0.5, 0.25)).sum(1)
    sound = weights @ np.sin(overtones[:, None] * phase)
    if rng.random() < 0.5:
        consonant = np.diff(rng.standard_normal(round(0.08 * SAMPLE_RATE)), prepend=0.0)
        sound[: len(consonant)] += rng.uniform(0.1, 0.8) * consonant[: len(sound)]
    return _eased(sound)


def _drum(half_beat: int, rng: np.random.Generator) -> NDArray:
    """A kick on the first beat, a snare on the second, a hat between them."""
    time_s = np.arange(round(0.2 * SAMPLE_RATE)) / SAMPLE_RATE
    noise = rng.standard_normal(len(time_s))
    if half_beat % 4 == 0:
        return 2.0 * np.sin(2 * np.pi * (50 + 60 * np.exp(-30 * time_s)) * time_s) * np.exp(-14 * time_s)
    if half_beat % 4 == 2:
        return (0.7 * noise + np.sin(2 * np.pi * 190 * time_s)) * np.exp(-22 * time_s)
    return 0.5 * np.diff(noise, prepend=0.0) * np.exp(-60 * time_s)


def _hertz(pitch: float) -> float:
    return 440.0 * 2 ** ((pitch - 69) / 12)


def _times(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _eased(sound: NDArray) -> NDArray:
    """Without a click at either end."""
    size = min(len(sound) // 4, round(0.02 * SAMPLE_RATE))
    ramp = np.linspace(0, 1, size)
    sound[:size] *= ramp
    sound[len(sound) - size :] *= ramp[::-1]
    return sound


def _slow(size: int, hz: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """A random curve that turns some `hz` times a second."""
    points = rng.standard_normal(math.ceil(size / SAMPLE_RATE * hz) + 2)
    return np.interp(np.arange(size) * hz / SAMPLE_RATE, np.arange(len(points)), points)


def _put(sound: NDArray, piece: NDArray, at: int) -> None:
    part = piece[: max(0, len(sound) - at)]
    sound[at : at + len(part)] += part


def _levelled(sound: NDArray) -> Sound:
    return (sound / (np.abs(sound).max() + 1e-9)).astype(np.float32)
