"""Rooms, music and loudspeakers made of numbers: what a microphone hears while its device plays.

J. Allen and D. Berkley, "Image method for efficiently simulating small-room acoustics", 1979.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE

_SPEED_OF_SOUND_M_PER_S = 343.0
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Room:
    """A box with one device, whose loudspeaker is beside its microphone, and one person.

    Attributes:
        size_m: length, width and height.
        reflects: share of the amplitude that a wall gives back.
        microphone: where it is, in metres from a corner.
        loudspeaker: the same.
        person: the same, their mouth.
    """

    size_m: Point
    reflects: float
    microphone: Point
    loudspeaker: Point
    person: Point

    def response(self, source: Point, seconds: float = 0.35) -> NDArray[np.float64]:
        """The impulse response from a source to the microphone, (N,), 16 kHz."""
        reach_m = seconds * _SPEED_OF_SOUND_M_PER_S
        axes = []
        for size, at, ear in zip(self.size_m, source, self.microphone, strict=True):
            order = np.arange(-int(reach_m / (2 * size)) - 1, int(reach_m / (2 * size)) + 2)
            straight = 2 * order * size + at - ear, np.abs(2 * order)
            mirrored = 2 * order * size - at - ear, np.abs(2 * order - 1)
            axes.append(
                (np.concatenate([straight[0], mirrored[0]]), np.concatenate([straight[1], mirrored[1]]))
            )
        (x, i), (y, j), (z, k) = axes
        away_m = np.sqrt(x[:, None, None] ** 2 + y[None, :, None] ** 2 + z[None, None, :] ** 2).ravel()
        bounces = (i[:, None, None] + j[None, :, None] + k[None, None, :]).ravel()
        place = away_m / _SPEED_OF_SOUND_M_PER_S * SAMPLE_RATE
        kept = place < seconds * SAMPLE_RATE - 2
        first, strength = place[kept].astype(int), self.reflects ** bounces[kept] / away_m[kept]
        part = place[kept] - first
        response = np.zeros(round(seconds * SAMPLE_RATE))
        np.add.at(response, first, strength * (1 - part))
        np.add.at(response, first + 1, strength * part)
        return response


_BENT = 0.7
"""How much the loudspeaker bends what is loud: 2 % of a tone at 0.7 become its third harmonic."""

LIVING_ROOM = Room((5.2, 4.1, 2.6), 0.72, (1.2, 2.0, 0.9), (1.28, 2.03, 0.86), (2.3, 2.6, 1.5))
SOMEBODY_MOVED = Room((5.2, 4.1, 2.6), 0.66, (1.9, 1.1, 1.0), (1.96, 1.17, 0.95), (2.9, 1.9, 1.4))
"""The device stands elsewhere and a curtain is drawn."""


def music(seconds: float, seed: int) -> NDArray[np.float32]:
    """A band of four: chords, bass, drums and a lead, float32 (N,), 16 kHz, its peak at 0.7."""
    random = np.random.default_rng(seed)
    beat = round(SAMPLE_RATE * 60 / random.uniform(84, 132))
    count = round(seconds * SAMPLE_RATE)
    out = np.zeros(count + 4 * beat)
    scale = 110.0 * 2 ** ((random.integers(0, 12) + np.array([0, 2, 4, 5, 7, 9, 11])) / 12)
    roots = random.permutation(6)[:4]

    def add(at: int, sound: NDArray[np.float64]) -> None:
        out[at : at + len(sound)] += sound[: len(out) - at]

    for number, at in enumerate(range(0, count, beat)):
        root = int(roots[number // 4 % 4])
        for step in (0, 2, 4):
            add(at, 0.25 * _note(2 * scale[(root + step) % 7], beat, 3.0, 10, random))
        add(at, 0.7 * _note(scale[root] / 2, beat, 2.0, 5, random))
        if random.random() < 0.7:
            lead = 4 * scale[random.integers(0, 7)]
            add(at + beat // 2 * int(random.integers(0, 2)), 0.3 * _note(lead, beat, 4.0, 8, random))
        add(at + beat // 2, 0.5 * _noise(0.05, 90.0, random))
        add(at, 1.2 * _kick() if number % 2 == 0 else 0.9 * _noise(0.15, 28.0, random))
    return (0.7 * out[:count] / np.abs(out[:count]).max()).astype(np.float32)


def _note(
    hz: float, samples: int, fade: float, partials: int, random: np.random.Generator
) -> NDArray[np.float64]:
    at_s = np.arange(samples) / SAMPLE_RATE
    numbers = np.arange(1, partials + 1)[np.arange(1, partials + 1) * hz < SAMPLE_RATE / 2.2]
    waves = np.sin(2 * np.pi * hz * numbers[:, None] * at_s + random.uniform(0, 6.3, (len(numbers), 1)))
    return np.asarray((waves / numbers[:, None]).sum(axis=0) * np.exp(-fade * at_s))


def _noise(seconds: float, fade: float, random: np.random.Generator) -> NDArray[np.float64]:
    at_s = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(random.standard_normal(len(at_s)) * np.exp(-fade * at_s))


def _kick() -> NDArray[np.float64]:
    at_s = np.arange(round(0.2 * SAMPLE_RATE)) / SAMPLE_RATE
    return np.asarray(np.sin(2 * np.pi * (50 * at_s + 8 * (1 - np.exp(-30 * at_s)))) * np.exp(-16 * at_s))


def convolve(sound: NDArray[Any], response: NDArray[np.float64]) -> NDArray[np.float64]:
    """Both as one, (N + M - 1,): piece by piece, so that minutes of sound need little memory."""
    size = 1 << (8 * len(response)).bit_length()
    step = size - len(response) + 1
    spectrum = np.fft.rfft(response, size)
    out = np.zeros(len(sound) + size)
    for start in range(0, len(sound), step):
        out[start : start + size] += np.fft.irfft(
            np.fft.rfft(sound[start : start + step], size) * spectrum, size
        )
    return out[: len(sound) + len(response) - 1]


def echo_of(
    played: NDArray[np.float32], rooms: list[Room], delay_s: float, drift_ppm: float
) -> NDArray[np.float64]:
    """What the microphone hears of the loudspeaker, (N,), 16 kHz.

    Args:
        played: float32 (N,), 16 kHz.
        rooms: one after the other, for equally long.
        delay_s: what buffers and cards take.
        drift_ppm: by how much the loudspeaker's clock is slower than the microphone's.
    """
    driven = np.tanh(_BENT * played) / _BENT
    late = np.concatenate([np.zeros(round(delay_s * SAMPLE_RATE)), driven])
    if drift_ppm:
        late = soxr.resample(late, SAMPLE_RATE, SAMPLE_RATE * (1 + drift_ppm * 1e-6))
    late = np.pad(late, (0, max(0, len(played) - len(late))))[: len(played)]
    part = -(-len(late) // len(rooms))
    out = np.zeros(len(late) + part)
    for number, room in enumerate(rooms):
        piece = late[number * part : (number + 1) * part]
        heard = convolve(piece, room.response(room.loudspeaker))
        out[number * part : number * part + len(heard)] += heard
    return np.asarray(out[: len(late)])


def spoken_in(room: Room, speech: NDArray[np.float32]) -> NDArray[np.float64]:
    """What the microphone hears of a person, (N + some,), 16 kHz."""
    return np.asarray(convolve(speech, room.response(room.person)))
