"""The clips that batches are drawn from, as features: voices as they are, vocoded ones and whispers."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.messages import SAMPLE_RATE
from scripts.training import sentences
from scripts.training.voices import ESPEAK_VOICES, Utterance, read_aloud
from scripts.training.wake.corpus import Clip, Waves, shared_clips
from scripts.training.wake.render import Rooms
from scripts.training.whisper.recipes import Made, Recipes
from scripts.training.whisper.vocoder import ENVELOPES, Envelope, Sound

_LOG = logging.getLogger(__name__)

RECORDED, VOCODED, READ_ALOUD, WHISPERED, READ_IN_A_WHISPER = range(5)
"""Where a row comes from; the last two are whispers."""

KEPT_WORD = "alexa"
"""Of its recordings, some are kept for judging."""

LONGEST_SAMPLES = round(2.4 * SAMPLE_RATE)
_TIMES_A_CLIP = {
    "librispeech": 2,
    "common_voice": 2,
    "common_voice_extra": 2,
    "kathleen": 0.3,
    "ljspeech": 0.5,
}
_ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-029", "en-us-nyc")
_WHISPERS = ("whisper", "whisperf")
_IN_A_ROOM, _THROUGH_A_CODEC = 0.35, 0.06


@dataclass(frozen=True)
class Pool:
    """Clips one after another.

    Attributes:
        features: float16, shape (N, 64).
        voiced: float16, shape (N,), 0 to 1: where a voice swings, or would if it were no whisper.
        first: int64, shape (C,): each clip's first row.
        frames: int64, shape (C,): how many there are.
        origin: int8, shape (C,): RECORDED and so on.
        envelope: int8, shape (C,): which of ENVELOPES it was made with, -1 for none.
    """

    features: NDArray[np.float16]
    voiced: NDArray[np.float16]
    first: NDArray[np.int64]
    frames: NDArray[np.int64]
    origin: NDArray[np.int8]
    envelope: NDArray[np.int8]

    def save(self, path: Path) -> None:
        """Write it."""
        np.savez(path, **vars(self))

    def of(self, origin: int) -> NDArray[np.float16]:
        """The features of all clips that come from there, one after another, (M, 64)."""
        chosen = np.flatnonzero(self.origin == origin)
        spans = zip(self.first[chosen], self.frames[chosen], strict=True)
        return np.concatenate([self.features[first : first + frames] for first, frames in spans])

    def made_with(self, envelopes: Collection[Envelope], espeak: bool) -> Pool:
        """The clips that were made in certain ways, to see what a network makes of the others."""
        others = [-1, *(ENVELOPES.index(one) for one in envelopes)]
        kept = np.isin(self.envelope, others) & (
            espeak | ~np.isin(self.origin, (READ_ALOUD, READ_IN_A_WHISPER))
        )
        parts = (self.first[kept], self.frames[kept], self.origin[kept], self.envelope[kept])
        return Pool(self.features, self.voiced, *parts)

    @classmethod
    def load(cls, path: Path) -> Pool:
        """Read it."""
        with np.load(path) as stored:
            return cls(**{name: stored[name] for name in stored.files})


class Painter:
    """Turns sounds into rows of a pool: at some level, some in a room, some through a codec."""

    def __init__(self, rooms: Rooms, rng: np.random.Generator) -> None:
        self._rooms, self._rng = rooms, rng

    def rows(self, made: Made) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        """Features (T, 64) and voicing (T,)."""
        rng = self._rng
        sound = made.sound
        if rng.random() < _IN_A_ROOM:
            sound = self._rooms.apply(sound, rng)
        sound = sound * np.float32(10 ** (rng.uniform(-30, -2) / 20) / (np.abs(sound).max() + 1e-6))
        if rng.random() < _THROUGH_A_CODEC:
            sound = through_codec(sound)
        features = log_mel(np.round(sound * 32767).astype(np.int16)).astype(np.float16)
        voiced = np.zeros(len(features), np.float16)
        known = made.voiced[: len(features)]
        voiced[: len(known)] = known
        return features, voiced


def through_codec(sound: Sound) -> Sound:
    """Within -1 to 1, as Opus gives it back."""
    file = io.BytesIO()
    soundfile.write(file, sound, SAMPLE_RATE, format="OGG", subtype="OPUS")
    file.seek(0)
    return soundfile.read(file, dtype="float32")[0][: len(sound)]


def source_clips(data: Path, split: str, share: float, rng: np.random.Generator) -> list[Clip]:
    """Clips of one part of the speakers, long ones as often as they have different places."""
    chosen = []
    for clip in shared_clips(data, KEPT_WORD):
        if clip.split == split:
            times = share * _TIMES_A_CLIP.get(clip.folder, 1)
            chosen += [clip] * (int(times) + (rng.random() < times % 1))
    rng.shuffle(chosen)  # type: ignore[arg-type]
    return chosen


def piece(samples: NDArray[np.int16], rng: np.random.Generator) -> Sound:
    """At most 2.4 s of it, float32 (N,)."""
    spare = len(samples) - LONGEST_SAMPLES
    first = int(rng.integers(spare)) if spare > 0 else 0
    return samples[first : first + LONGEST_SAMPLES].astype(np.float32)


def from_voices(
    waves: Iterable[NDArray[np.int16]], recipes: Recipes, rng: np.random.Generator
) -> Iterator[tuple[int, Made]]:
    """Of each clip the voice and its whisper, and of most the voice through the vocoder."""
    for samples in waves:
        sound = piece(samples, rng)
        if np.abs(sound).max(initial=0.0) < 100:
            continue
        apart = recipes.take_apart(sound)
        if apart.voicing.mean() < 0.05:
            continue
        yield RECORDED, Made(sound, apart.voicing[::2])
        yield WHISPERED, recipes.whisper(apart)
        if rng.random() < 0.6:
            yield VOCODED, recipes.voice(apart)


def read_by_espeak(text: Path, count: int, seed: int) -> Iterator[tuple[int, Made]]:
    """Sentences and words read by espeak-ng in a whisper, and as many by its voices."""
    rng = np.random.default_rng(seed)
    recipes = Recipes(rng, ("prediction",))
    for number, sentence in enumerate(islice(sentences.sentences(text, seed), count)):
        words = sentence.split()
        if number % 2:
            at = int(rng.integers(len(words)))
            sentence = " ".join(words[at : at + int(rng.integers(1, 3))])
        for origin in (READ_IN_A_WHISPER, READ_ALOUD):
            accent = _ACCENTS[int(rng.integers(len(_ACCENTS)))]
            voice = f"{accent}+{_WHISPERS[int(rng.integers(2))]}"
            if origin == READ_ALOUD:
                voice = ESPEAK_VOICES[int(rng.integers(len(ESPEAK_VOICES)))]
            one = Utterance(
                *(sentence, "espeak", voice),
                rate=float(rng.uniform(0.7, 1.2)),
                pitch=float(rng.uniform(0.7, 1.3)),
                warp=float(rng.uniform(0.85, 1.18)),
            )
            samples = read_aloud([one])[0]
            if len(samples) > SAMPLE_RATE // 5:
                sound = piece(samples, rng)
                voicing = recipes.take_apart(sound).voicing[::2]
                if origin == READ_IN_A_WHISPER:
                    voicing = _uttered(sound, len(voicing))
                yield origin, Made(sound, voicing)


def _uttered(sound: Sound, frames: int) -> NDArray[np.float32]:
    """1 where it is loud: of a whisper that never had a voice, the best there is."""
    rows = np.resize(sound, frames * 160).reshape(frames, 160)
    loud = np.log(np.square(rows).mean(1) + 1.0)
    return (loud > np.percentile(loud, 95) - 4.0).astype(np.float32)


def gather(made: Iterable[tuple[int, Made]], painter: Painter) -> Pool:
    """All of it as features."""
    features, voiced, origins, envelopes = [], [], [], []
    for origin, one in made:
        rows, where = painter.rows(one)
        if len(rows) >= 12:
            features.append(rows)
            voiced.append(where)
            origins.append(origin)
            envelopes.append(ENVELOPES.index(one.envelope) if one.envelope else -1)
    frames = np.array([len(rows) for rows in features])
    first = np.cumsum(frames) - frames
    codes = (np.array(numbers, np.int8) for numbers in (origins, envelopes))
    return Pool(np.concatenate(features), np.concatenate(voiced), first, frames, *codes)


def make_pool(data: Path, cache: Path, share: float, espeak: int, seed: int) -> Pool:
    """The pool to train on: a share of the clips, and so many sentences read by espeak-ng."""
    rng = np.random.default_rng(seed)
    recipes = Recipes(rng, ENVELOPES)
    clips = source_clips(data, "train", share, rng)
    waves = Waves(shared_clips(data, KEPT_WORD), cache)
    at = {clip: number for number, clip in enumerate(waves.clips)}
    painter = Painter(Rooms(data, rng), rng)
    started_s = time.monotonic()

    def all_of_it() -> Iterator[tuple[int, Made]]:
        yield from from_voices((waves[at[clip]] for clip in clips), recipes, rng)
        yield from read_by_espeak(data / "text", espeak, seed)

    pool = gather(all_of_it(), painter)
    _LOG.info("%s clips, %s frames, %.0f s", len(pool.first), len(pool.voiced), time.monotonic() - started_s)
    return pool
