"""Noise under speech at a stated ratio, and the room around both, the same at every run."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK_SAMPLES = 320
_ACTIVE_BELOW_LOUDEST_DB = 30.0


def active_rms(samples: NDArray[np.int16]) -> float:
    """Root mean square, in int16 steps, of the 20 ms blocks within 30 dB of the loudest: no pauses."""
    usable = len(samples) // _BLOCK_SAMPLES * _BLOCK_SAMPLES
    blocks = (samples[:usable] if usable else samples).astype(np.float64)
    power = (
        (blocks.reshape(-1, _BLOCK_SAMPLES) if usable else blocks[None]).__pow__(2).mean(axis=1)
    )  # (N,) -> (B,)
    active = power[power >= power.max() * 10 ** (-_ACTIVE_BELOW_LOUDEST_DB / 10)]
    return float(np.sqrt(active.mean()))


@dataclass(frozen=True)
class Noise:
    """A recording to mix under every clip.

    Attributes:
        samples: int16, shape (N,), 16 kHz mono; repeated when a clip is longer.
        snr_db: the speech's active level over the noise's level, in dB.
    """

    samples: NDArray[np.int16]
    snr_db: float

    def over(self, speech: NDArray[np.int16], name: str) -> NDArray[np.int16]:
        """The clip with noise, int16 (N,); `name` picks the noise's offset, so each clip has always the same.

        A sum too loud for int16 is scaled down whole, so the ratio holds.
        """
        offset = zlib.crc32(name.encode()) % len(self.samples)
        noise = np.take(self.samples, np.arange(offset, offset + len(speech)), mode="wrap").astype(np.float64)
        noise_rms = np.sqrt(np.mean(noise**2))
        if not noise_rms:
            return speech
        gain = active_rms(speech) / noise_rms * 10 ** (-self.snr_db / 20)
        mixed = speech + gain * noise
        loudest = np.abs(mixed).max()
        return np.rint(mixed * min(1.0, 32767.0 / loudest) if loudest else mixed).astype(np.int16)


@dataclass(frozen=True)
class Room:
    """A room to hear every clip in.

    Attributes:
        response: int16, shape (N,), 16 kHz mono: what a click becomes there; what comes before
            its loudest sample does not count.
    """

    response: NDArray[np.int16]

    def around(self, sound: NDArray[np.int16]) -> NDArray[np.int16]:
        """The sound in the room, as loud as before at its loudest, and as long: int16 (N,)."""
        loudest = int(np.abs(self.response.astype(np.int32)).argmax()) if len(self.response) else 0
        response = self.response[loudest:].astype(np.float64)
        if not len(sound) or not response.any():
            return sound
        size = 1 << (len(sound) + len(response) - 1).bit_length()
        heard = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: len(sound)]
        peak = np.abs(heard).max()
        gain = np.abs(sound.astype(np.int32)).max() / peak if peak else 1.0
        return np.rint(gain * heard).astype(np.int16)
