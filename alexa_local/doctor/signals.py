"""What a recording tells of the way from the loudspeaker to the microphone: pure functions of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHIRP_S, PAUSE_S, NOISE_S = 0.4, 0.5, 3.0
"""The test sound: a chirp that tells when it came back, a pause, and noise to cancel."""

_LOW_HZ, _HIGH_HZ = 300.0, 6_000.0
_CHIRP_PEAK, _NOISE_RMS = 0.3, 0.06
_FADE_S = 0.02


def chirp(rate_hz: int) -> NDArray[np.float32]:
    """A tone that rises from 300 to 6000 Hz, float32 (N,), within -1 to 1."""
    times_s = np.arange(round(CHIRP_S * rate_hz)) / rate_hz
    slope = (_HIGH_HZ - _LOW_HZ) / CHIRP_S
    tone = _CHIRP_PEAK * np.sin(2 * np.pi * (_LOW_HZ + slope * times_s / 2) * times_s)
    return (tone * _faded(len(tone), rate_hz)).astype(np.float32)


def tone_and_noise(rate_hz: int) -> NDArray[np.int16]:
    """Chirp, pause, and noise in the band of speech; int16 (N,), the same at every call."""
    count = round(NOISE_S * rate_hz)
    spectrum = np.fft.rfft(np.random.default_rng(7).standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / rate_hz)
    spectrum[(hz < _LOW_HZ) | (hz > _HIGH_HZ)] = 0
    noise = np.fft.irfft(spectrum, count)
    noise *= _NOISE_RMS / np.sqrt(np.mean(noise**2)) * _faded(count, rate_hz)
    sound = np.concatenate([chirp(rate_hz), np.zeros(round(PAUSE_S * rate_hz)), noise])
    return np.rint(np.clip(sound, -1, 1) * 32767).astype(np.int16)


def _faded(count: int, rate_hz: int) -> NDArray[np.float64]:
    ramp = np.arange(count) / (_FADE_S * rate_hz)
    return np.minimum(1.0, np.minimum(ramp, ramp[::-1]))


@dataclass(frozen=True)
class Place:
    """Where a sound is in a recording.

    Attributes:
        start_samples: its beginning.
        likeness: 0 to 1, how much of the recording there is that sound; chance stays below 0.1.
    """

    start_samples: int
    likeness: float


def find(sound: NDArray[np.float32], recording: NDArray[np.int16]) -> Place:
    """The place where float32 (M,) is likest to int16 (N,), by normalised correlation."""
    heard = recording.astype(np.float64)
    if len(heard) < len(sound) or not heard.any():
        return Place(0, 0.0)
    size = 1 << (len(heard) + len(sound)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sound.astype(np.float64), size))
    match = np.fft.irfft(product, size)[: len(heard) - len(sound) + 1]
    energy = np.concatenate([[0.0], np.cumsum(heard**2)])
    beside = energy[len(sound) :] - energy[: len(energy) - len(sound)]
    floor = max(1.0, 1e-6 * float(beside.max()))  # near silence everything is alike
    likeness = np.abs(match) / np.sqrt(np.maximum(beside, floor) * float(np.sum(sound**2)))
    best = int(np.argmax(likeness))
    return Place(best, float(min(1.0, likeness[best])))


@dataclass(frozen=True)
class Clock:
    """How the device's samples keep up with the computer's clock.

    Attributes:
        drift_ppm: how much faster the device's clock is, in millionths.
        doubt_ppm: how far off that may be, by how unevenly the blocks came.
        at_hand_s: the monotonic time at which sample 0 was at hand, at the earliest.
    """

    drift_ppm: float
    doubt_ppm: float
    at_hand_s: float


def clock_of(arrivals: Sequence[tuple[float, int]], rate_hz: int) -> Clock:
    """Read the device's clock off when its blocks arrived: (monotonic seconds, samples so far).

    A block may come late but never early, so the earliest of the first and of the last third are compared.
    """
    times_s = np.array([time_s for time_s, _ in arrivals])
    late_s = times_s - np.array([count for _, count in arrivals]) / rate_hz
    third = max(1, len(arrivals) // 3)
    first, last = int(np.argmin(late_s[:third])), len(late_s) - third + int(np.argmin(late_s[-third:]))
    between_s = float(times_s[last] - times_s[first])
    if between_s <= 0:
        return Clock(0.0, 1e6, float(late_s[first]))
    drift = -(late_s[last] - late_s[first]) / between_s
    line_s = late_s[first] - drift * (times_s - times_s[first])
    doubt = float(np.median(np.abs(late_s - line_s))) / between_s
    return Clock(float(drift * 1e6), doubt * 1e6, float(late_s[first]))
