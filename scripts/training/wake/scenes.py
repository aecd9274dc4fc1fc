"""The recordings that judge a model: words and other speech as recorded, in rooms, in noise and under music.

Nothing that is heard here was heard in training: other speakers, other recorded noises, other rooms, and made
sounds drawn anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE
from scripts.training.wake import sounds
from scripts.training.wake.corpus import NOISE_FOR_TESTS, read_samples
from scripts.training.wake.render import Rooms, locate_word, resample

Samples = NDArray[np.int16]
SNRS_DB = (10, 5, 0)
SPEEDS = (1.0, 0.88, 1.13)
NEAR_DB, FAR_DB = (6.0, 14.0), (-8.0, 0.0)
"""How far the direct sound lies above what the walls return."""


class Stage:
    """Rooms and noises to put recordings into; the same for every model. Scenes are made as they are read."""

    def __init__(self, data: Path, speech: Sequence[Samples]) -> None:
        """`speech` is of speakers who were not trained on: four of them at once are a babble."""
        self._data, self._speech = data, speech
        rng = np.random.default_rng(7)
        self._near = Rooms(None, rng, simulated=40, direct_db=NEAR_DB)
        self._far = Rooms(None, rng, simulated=40, direct_db=FAR_DB)

    @cached_property
    def _noises(self) -> list[sounds.Sound]:
        rng = np.random.default_rng(8)
        recorded = [read_samples(self._data / "noise" / f"{name}.opus") for name in NOISE_FOR_TESTS]
        talkers = [np.concatenate(list(self._speech[first::4]))[: 90 * SAMPLE_RATE] for first in range(4)]
        shortest = min(len(talker) for talker in talkers)
        return [
            *(noise.astype(np.float32) for noise in recorded),
            np.concatenate([sounds.kitchen(15.0, rng) for _ in range(6)]),
            np.sum([talker[:shortest].astype(np.float32) for talker in talkers], axis=0),
        ]

    @cached_property
    def _music(self) -> list[sounds.Sound]:
        rng = np.random.default_rng(9)
        return [np.concatenate([self._near.apply(sounds.music(15.0, rng), rng) for _ in range(12)])]

    def words(self, recordings: Sequence[Samples]) -> dict[str, Iterable[Samples]]:
        """Recordings of the word alone, with quiet around it, in every scene; each at three speeds."""
        paced = [in_quiet(_paced(samples, speed)) for samples in recordings for speed in SPEEDS]
        scenes: dict[str, Iterable[Samples]] = {
            "as recorded": paced,
            "near, in a room": _in_rooms(paced, self._near),
            "far, in a room": _in_rooms(paced, self._far),
        }
        for snr_db in SNRS_DB:
            scenes[f"noise at {snr_db} dB"] = self._noisy(paced, snr_db)
        for snr_db in SNRS_DB:
            scenes[f"music at {snr_db} dB"] = self._under_music(paced, snr_db)
        scenes["far, noise at 10 dB"] = self._noisy(_in_rooms(paced, self._far), 10)
        scenes["whispered"] = _whispered(paced)
        return scenes

    def others(self, recordings: Sequence[Samples]) -> dict[str, Iterable[Samples]]:
        """Other speech in the scenes where it may wake the device."""
        faster = [_paced(samples, 1.07) for samples in recordings]
        return {
            "speech": recordings,
            "speech in near rooms": _in_rooms(faster[::2], self._near),
            "speech in far rooms": _in_rooms(faster[1::2], self._far),
            "speech in noise at 10 dB": self._noisy(recordings, 10),
            "speech under music at 5 dB": self._under_music(recordings, 5),
        }

    def _noisy(self, recordings: Iterable[Samples], snr_db: float) -> Iterator[Samples]:
        yield from _mixed(recordings, self._noises, snr_db)

    def _under_music(self, recordings: Iterable[Samples], snr_db: float) -> Iterator[Samples]:
        yield from _mixed(recordings, self._music, snr_db)


def alone(minutes: int) -> dict[str, Iterable[Samples]]:
    """No speech at all: music and a kitchen, so many minutes of each."""
    return {"music alone": _made(sounds.music, minutes), "kitchen alone": _made(sounds.kitchen, minutes)}


def _made(maker: sounds.Maker, minutes: int) -> Iterator[Samples]:
    for number in range(minutes * 2):
        yield _limited(maker(30.0, np.random.default_rng([10, number])) * 12_000)


def _in_rooms(recordings: Iterable[Samples], rooms: Rooms) -> Iterator[Samples]:
    rng = np.random.default_rng(11)
    for samples in recordings:
        yield _limited(rooms.apply(samples.astype(np.float32), rng))


def _mixed(recordings: Iterable[Samples], noises: Sequence[sounds.Sound], snr_db: float) -> Iterator[Samples]:
    """Recordings with the noises in turn, so far below the level of their loudest second."""
    rng = np.random.default_rng(12)
    for number, samples in enumerate(recordings):
        noise = noises[number % len(noises)]
        first = int(rng.integers(len(noise)))
        noise = np.take(noise, np.arange(first, first + len(samples)), mode="wrap")
        word = samples[slice(*locate_word(samples))].astype(np.float64)
        gain = math.sqrt((word**2).mean() / max((noise.astype(np.float64) ** 2).mean(), 1e-12))
        yield _limited(samples + gain * 10 ** (-snr_db / 20) * noise)


def _whispered(recordings: Iterable[Samples]) -> Iterator[Samples]:
    from scripts.training.wake.whispers import JUDGING_ENVELOPES, whispers  # needs SciPy, as no other scene

    rng = np.random.default_rng(14)
    for samples in recordings:
        yield from whispers(samples, 1, JUDGING_ENVELOPES, rng)


def in_quiet(samples: Samples) -> Samples:
    """A word with at least a second before it and after it, as on a device that has listened for long.

    A synthesised word begins with its first sample: what a network without a past, and a noise without a
    beginning, make of that tells nothing.
    """
    start, end = locate_word(samples)
    before, after = max(0, SAMPLE_RATE - start), max(0, SAMPLE_RATE - (len(samples) - end))
    quiet = (
        np.random.default_rng(13).integers(-sounds.QUIET, sounds.QUIET + 1, before + after).astype(np.int16)
    )
    return np.concatenate([quiet[:before], samples, quiet[before:]])


def _paced(samples: Samples, speed: float) -> Samples:
    return samples if speed == 1.0 else _limited(resample(samples.astype(np.float32), speed))


def _limited(sound: NDArray) -> Samples:
    """As int16; what would clip is made quieter as a whole."""
    loudest = float(np.abs(sound).max(initial=1.0))
    return np.round(sound * min(1.0, 32_000 / loudest)).astype(np.int16)


def pitch_hz(samples: Samples) -> float:
    """The median pitch of a word's voiced parts, by autocorrelation; 0 when there are none."""
    start, end = locate_word(samples)
    word, size, found = samples[start:end].astype(np.float64), 640, []
    for first in range(0, len(word) - size, size // 4):
        frame = word[first : first + size] - word[first : first + size].mean()
        likeness = np.correlate(frame, frame, "full")[size - 1 :]
        shortest, longest = SAMPLE_RATE // 400, SAMPLE_RATE // 70
        lag = shortest + int(np.argmax(likeness[shortest:longest]))
        if likeness[lag] > 0.5 * likeness[0]:
            found.append(SAMPLE_RATE / lag)
    return float(np.median(found)) if found else 0.0
