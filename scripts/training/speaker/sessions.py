"""Clips as if each had been recorded on another day: another microphone, room, recorder and loudness.

Hardly anybody in the data was recorded twice, and it is between two recordings that a voice is not known
again. What is done here is done to samples, with real codecs, and is not what training does to features.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import firwin2, oaconvolve

from alexa_local.messages import SAMPLE_RATE

Samples = NDArray[np.int16]
Sound = NDArray[np.float32]

_RECORDERS = ("plain", "MP3", "OPUS", "narrow")
_SHARES = (0.3, 0.3, 0.2, 0.2)
_SUBTYPES = {"MP3": ("MP3", "MPEG_LAYER_III", 0.9), "OPUS": ("OGG", "OPUS", 0.97)}
_IN_A_ROOM = 0.35
_TAPS = 257
_SPEECH_SHARE = 0.25
"""The level of speech is that of so many of the loudest 10 ms."""


class Sessions:
    """A change for `judge.hear`: every clip comes from a session of its own, always the same one."""

    def __init__(self, rooms: Sequence[Sound], seed: int = 11) -> None:
        self._rooms, self._seed, self._count = rooms, seed, 0

    def __call__(self, samples: Samples) -> Samples:
        """The clip, as long as it was."""
        rng = np.random.default_rng([self._seed, self._count])
        self._count += 1
        sound = samples.astype(np.float32) / 32768
        if rng.random() < _IN_A_ROOM:
            sound = oaconvolve(sound, self._rooms[rng.integers(len(self._rooms))])[: len(samples)]
        sound = _with_hum(_through(sound, _microphone(rng)), rng)
        sound = sound * (10 ** (rng.uniform(-26, -3) / 20) / max(1e-6, float(np.abs(sound).max())))
        kind = str(rng.choice(_RECORDERS, p=_SHARES))
        if kind in _SUBTYPES:
            sound = _through_codec(sound, *_SUBTYPES[kind])
        elif kind == "narrow":
            edge = rng.uniform(0.42, 0.62)
            sound = _through(sound, firwin2(_TAPS, [0, edge, edge + 0.1, 1], [1, 1, 0.003, 0.003]))
        return np.clip(np.round(sound * 32767), -32768, 32767).astype(np.int16)


def _microphone(rng: np.random.Generator) -> NDArray[np.float64]:
    """A random smooth response with a tilt and less bass, as taps of a filter."""
    places = np.linspace(0, 1, 12)
    gain_db = np.convolve(np.pad(rng.normal(0, 4, 12), 1, "edge"), [0.25, 0.5, 0.25], "valid")
    gain_db += rng.normal(0, 5) * places
    gain_db[0] -= rng.uniform(0, 25)
    return firwin2(_TAPS, places, 10 ** (gain_db / 20))


def _through(sound: Sound, taps: NDArray[np.float64]) -> Sound:
    """Filtered, without delay."""
    delay = len(taps) // 2
    return oaconvolve(sound, taps)[delay : delay + len(sound)].astype(np.float32)


def _with_hum(sound: Sound, rng: np.random.Generator) -> Sound:
    """With steady noise of some colour, 18 to 40 dB below the speech."""
    spectrum = np.fft.rfft(rng.standard_normal(len(sound)))
    hz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    hum = np.fft.irfft(spectrum / np.maximum(1, hz / 100) ** rng.uniform(0, 0.6), len(sound))
    power = np.sort((sound[: len(sound) // 160 * 160].reshape(-1, 160) ** 2).mean(axis=1))
    speech = power[-max(1, int(_SPEECH_SHARE * len(power))) :].mean()
    gain = np.sqrt(speech / (hum**2).mean() / 10 ** (rng.uniform(18, 40) / 10))
    return (sound + gain * hum).astype(np.float32)


def _through_codec(sound: Sound, container: str, subtype: str, compression: float) -> Sound:
    """Written and read again; what a codec adds at the ends is cut off."""
    file = io.BytesIO()
    soundfile.write(
        file, sound, SAMPLE_RATE, format=container, subtype=subtype, compression_level=compression
    )
    file.seek(0)
    found, _ = soundfile.read(file, dtype="float32")
    return np.pad(found, (0, max(0, len(sound) - len(found))))[: len(sound)]
