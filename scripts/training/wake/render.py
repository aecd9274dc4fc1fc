"""Training windows as sound: a word placed between silence and other speech, in a room, at a level.

Done on samples, once; what can be done to features (noise, gain, tilt) is done in every batch by `augment`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE
from scripts.training.wake.corpus import read_samples

Sound = NDArray[np.float32]
WINDOW_FRAMES = 256
WINDOW_SAMPLES = (WINDOW_FRAMES - 1) * FRAME_SAMPLES + 400
_REAL_ROOMS = ("kitchen-true-stereo", "omni-35-10", "cardiod-35-10-spread", "diffusor3")
_DROPS_LOG_ENERGY = (6.0, 5.0, 4.0, 3.0, 2.5, 2.0)
_LONGEST_WORD_FRAMES, _LONGEST_GAP_FRAMES = 90, 28
_FADE_SAMPLES = 160
_SPEEDS = (0.84, 1.3)
"""Voices from deep to a child's; `stretched` slows some of them again."""
_LONGEST_NEIGHBOUR_SAMPLES = 32_000


def locate_word(samples: NDArray[np.int16]) -> tuple[int, int]:
    """First and last sample of the one word in a clip, by energy; gaps as long as a stop's are bridged."""
    bands = log_mel(samples)[:, 8:56].astype(np.float64)
    energy = np.convolve(np.log(np.exp(bands).mean(1)), np.ones(5) / 5, "same")
    run = np.arange(len(energy))
    for drop in _DROPS_LOG_ENERGY:
        loud = np.flatnonzero(energy > energy.max() - drop)
        runs = np.split(loud, np.flatnonzero(np.diff(loud) > _LONGEST_GAP_FRAMES) + 1)
        run = max(runs, key=lambda part: np.exp(energy[part] / 2).sum())
        if run[-1] - run[0] <= _LONGEST_WORD_FRAMES:
            break
    return int(run[0]) * FRAME_SAMPLES, int(run[-1]) * FRAME_SAMPLES + 400


def resample(sound: Sound, factor: float) -> Sound:
    """Play faster (factor > 1) or slower: duration, pitch and formants change together."""
    length = max(2, round(len(sound) / factor))
    padded = 1 << (len(sound) - 1).bit_length()  # a length that the FFT likes
    spectrum = np.fft.rfft(sound, padded)
    target = round(padded / factor / 2) * 2
    shaped = np.zeros(target // 2 + 1, np.complex64)
    keep = min(len(shaped), len(spectrum))
    shaped[:keep] = spectrum[:keep]
    return (np.fft.irfft(shaped, target)[:length] * (target / padded)).astype(np.float32)


class Rooms:
    """Impulse responses, each starting at its direct sound: simulated decays, and a few measured ones.

    `direct_db` is how far the direct sound lies above all that the walls return: about 10 near the
    microphone, below 0 across the room. Without `data` there are no measured ones.
    """

    def __init__(
        self,
        data: Path | None,
        rng: np.random.Generator,
        simulated: int = 300,
        direct_db: tuple[float, float] = (-8.0, 14.0),
    ) -> None:
        self.responses = [self._simulate(rng, direct_db) for _ in range(simulated)]
        if data is not None:
            self.responses += [self._measured(data, name) for name in _REAL_ROOMS for _ in range(5)]

    @staticmethod
    def _measured(data: Path, name: str) -> Sound:
        response = read_samples(data / "room_responses" / f"{name}.opus").astype(np.float32)
        response = response[np.argmax(np.abs(response)) :][: SAMPLE_RATE // 2]
        return response / np.sqrt((response**2).sum())

    @staticmethod
    def _simulate(rng: np.random.Generator, direct_db: tuple[float, float]) -> Sound:
        """A direct sound and noise that decays, faster at high frequencies, after a short gap."""
        decay_s = rng.uniform(0.1, 0.9)
        time_s = np.arange(int(0.7 * SAMPLE_RATE)) / SAMPLE_RATE
        low, high = rng.standard_normal((2, len(time_s)))
        low = np.convolve(low, np.ones(8) / np.sqrt(8), "same")
        brightness = rng.uniform(0.2, 1.0)
        tail = low * np.exp(-6.9 * time_s / decay_s) + brightness * high * np.exp(
            -6.9 * time_s / (0.6 * decay_s)
        )
        tail[: int(rng.uniform(0.001, 0.02) * SAMPLE_RATE)] = 0.0
        tail *= 10 ** (-rng.uniform(*direct_db) / 20) / np.sqrt((tail**2).sum())
        tail[0] = 1.0
        return tail.astype(np.float32)

    def apply(self, sound: Sound, rng: np.random.Generator) -> Sound:
        """The sound as heard in one of the rooms, same length."""
        response = self.responses[rng.integers(len(self.responses))]
        size = 1 << (len(sound) + len(response) - 1).bit_length()
        return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[
            : len(sound)
        ].astype(np.float32)


@dataclass(frozen=True)
class Window:
    """One training window.

    Attributes:
        features: float16, shape (WINDOW_FRAMES, 64), log-mel energies.
        word_start_frame: where the wake word begins; -1 when there is none.
        word_end_frame: where it ends; -1 when there is none.
    """

    features: NDArray[np.float16]
    word_start_frame: int = -1
    word_end_frame: int = -1


class Renderer:
    """Places words into windows, with speech before and after them taken from other clips."""

    def __init__(self, rooms: Rooms, neighbours: list[NDArray[np.int16]], rng: np.random.Generator) -> None:
        self._rooms, self._neighbours, self._rng = rooms, neighbours, rng

    def window(self, samples: NDArray[np.int16], span: tuple[int, int], wake: bool) -> Window:
        """A window around samples[span], the word; everything about it but the word is drawn by chance."""
        rng = self._rng
        speed = float(np.exp(rng.uniform(*np.log(_SPEEDS))))
        sound = resample(_unit(samples, span), speed)
        start, end = (round(point / speed) for point in span)
        start, end = max(0, start), min(end, len(sound))
        speech_before, speech_after = rng.random() < 0.4, rng.random() < 0.5
        lead = min(start, round(0.04 * SAMPLE_RATE) if speech_before else start)
        tail = min(
            len(sound) - end, round(rng.uniform(0.0, 0.08) * SAMPLE_RATE) if speech_after else len(sound)
        )
        piece = _faded(sound[start - lead : end + tail])
        out = np.zeros(WINDOW_SAMPLES, np.float32)
        word_end = int(rng.uniform(0.9, 2.3) * SAMPLE_RATE)
        piece_start = word_end - (end - start) - lead
        _place(out, piece, piece_start)
        if speech_before:
            _place(out, before := self._neighbour(), piece_start - self._gap() - len(before))
        if speech_after:
            _place(out, self._neighbour(), piece_start + len(piece) + self._gap())
        if rng.random() < 0.6:
            out = self._rooms.apply(out, rng)
        features = log_mel(self._levelled(out)).astype(np.float16)
        if not wake:
            return Window(features)
        word_start = (word_end - (end - start)) // FRAME_SAMPLES
        return Window(features, max(word_start, 0), word_end // FRAME_SAMPLES)

    def _neighbour(self) -> Sound:
        samples = self._neighbours[self._rng.integers(len(self._neighbours))]
        if self._rng.random() < 0.5:
            samples = samples[:_LONGEST_NEIGHBOUR_SAMPLES]
        else:
            samples = samples[-_LONGEST_NEIGHBOUR_SAMPLES:]
        quiet = np.abs(samples).max(initial=1) * 0.05
        loud = np.flatnonzero(np.abs(samples) > quiet)
        if len(loud) < 2:
            return np.zeros(1, np.float32)
        speech = samples[loud[0] : loud[-1] + 1]
        sound = _unit(speech, (0, len(speech))) * float(10 ** (self._rng.uniform(-8, 6) / 20))
        return resample(sound, float(self._rng.uniform(0.9, 1.1)))

    def _gap(self) -> int:
        longest_s = 0.06 if self._rng.random() < 0.5 else 0.5
        return int(self._rng.uniform(0.0, longest_s) * SAMPLE_RATE)

    def _levelled(self, sound: Sound) -> NDArray[np.int16]:
        """int16 at a level between whispered into the room and clipped."""
        peak_db = self._rng.uniform(-30.0, 0.0) if self._rng.random() < 0.95 else self._rng.uniform(0.0, 15.0)
        scaled = sound * (32767 * 10 ** (peak_db / 20) / (np.abs(sound).max() + 1e-6))
        return np.clip(np.round(scaled), -32768, 32767).astype(np.int16)


def _unit(samples: NDArray[np.int16], span: tuple[int, int]) -> Sound:
    """The samples as floats in which the span has a mean power of 1."""
    sound = samples.astype(np.float32)
    return sound / (np.sqrt((sound[span[0] : span[1]] ** 2).mean()) + 1.0)


def _faded(sound: Sound) -> Sound:
    size = min(_FADE_SAMPLES, len(sound) // 4)
    ramp = np.linspace(0, 1, size, dtype=np.float32)
    sound = sound.copy()
    sound[:size] *= ramp
    sound[len(sound) - size :] *= ramp[::-1]
    return sound


def _place(out: Sound, piece: Sound, at: int) -> None:
    """Add as much of a piece as fits, beginning at a sample that may lie outside."""
    first, last = max(0, at), min(len(out), at + len(piece))
    if first < last:
        out[first:last] += piece[first - at : last - at]
