"""Whether a recording is good enough to learn a voice from; what is wrong is told with what to do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import VoiceRefused
from alexa_local.messages import SAMPLE_RATE
from alexa_local.sound.levels import peak_db

SILENT_DB, QUIET_DB = -60.0, -40.0
"""dBFS at the loudest."""

MOST_CLIPPED = 2e-3
"""Which part of the samples may be within a hundredth of the loudest one."""

LEAST_ABOVE_NOISE_DB = 12.0
"""From the quietest tenth of the recording to its loudest."""

NARROW_DB = -50.0
"""Power from 4.4 kHz on beside that below 3.4 kHz; in a telephone's sound there is none."""

_FRAME = SAMPLE_RATE // 50
_LOW_HZ, _HIGH_HZ = (300.0, 3_400.0), (4_400.0, 7_000.0)
_QUIETEST, _LOUDEST = 10, 95  # percent of the frames


@dataclass(frozen=True)
class Measures:
    """What is read off a recording.

    Attributes:
        peak_db: the loudest sample, in dB below full scale.
        clipped: which part of the samples is about as loud as the loudest one.
        above_noise_db: how far the voice is above what is there when nobody speaks.
        high_db: power above a telephone's band beside that within.
    """

    peak_db: float
    clipped: float
    above_noise_db: float
    high_db: float


def measure(samples: NDArray[np.int16]) -> Measures:
    """Read a recording, int16 (N,), 16 kHz mono, of at least a fifth of a second."""
    sound = samples.astype(np.float64)
    loudest = np.abs(sound).max(initial=1.0)
    frames = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME)  # (T, 320)
    power_db = 10 * np.log10((frames**2).mean(axis=1) + 1e-3)
    quietest, loud = np.percentile(power_db, [_QUIETEST, _LOUDEST])
    spoken = frames[power_db >= loud - 20.0] * np.hanning(_FRAME)
    power = (np.abs(np.fft.rfft(spoken)) ** 2).sum(axis=0)  # (161,)
    hz = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE)
    low, high = (power[(hz >= band[0]) & (hz <= band[1])].sum() + 1e-9 for band in (_LOW_HZ, _HIGH_HZ))
    clipped = float((np.abs(sound) >= 0.99 * loudest).mean())
    return Measures(peak_db(samples), clipped, float(loud - quietest), float(10 * np.log10(high / low)))


def check(samples: NDArray[np.int16]) -> None:
    """Refuse what nobody's voice can be learned from.

    Args:
        samples: int16 (N,), 16 kHz mono.

    Raises:
        VoiceRefused: it is silent, too quiet, clipped, of a telephone or noisy; the message tells what to do.
    """
    if len(samples) < SAMPLE_RATE // 2:
        raise VoiceRefused("It is shorter than half a second. Say a whole sentence.")
    found = measure(samples)
    if found.peak_db < SILENT_DB:
        raise VoiceRefused(
            "There is only silence in it. Check that the microphone is on: `alexa-local doctor` tells."
        )
    if found.peak_db < QUIET_DB:
        raise VoiceRefused(
            f"It is too quiet ({found.peak_db:.0f} dBFS at the loudest). Speak louder or come nearer; "
            "`alexa-local doctor --fix` raises the gain."
        )
    if found.clipped > MOST_CLIPPED:
        raise VoiceRefused(
            "It is too loud: the tops of the sound are cut off. Go farther away or speak more softly; "
            "`alexa-local doctor --fix` lowers the gain."
        )
    if found.above_noise_db < LEAST_ABOVE_NOISE_DB:
        raise VoiceRefused(
            f"The voice is only {found.above_noise_db:.0f} dB above what else is heard. Turn off what makes "
            "noise, and come nearer."
        )
    if found.high_db < NARROW_DB:
        raise VoiceRefused(
            "It has no sound above 4 kHz, as from a telephone or a headset. Record it with a microphone of "
            "16 kHz or more: best the one of this device."
        )
