"""Batches for the transducer: clips chosen, joined, padded and augmented in a thread beside the training."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sentencepiece
import torch
from numpy.typing import NDArray

from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS
from scripts.training.asr.augment import Frames, Strength, augment
from scripts.training.asr.features import is_among, open_store
from scripts.training.asr.model import FRAMES_PER_STEP
from scripts.training.asr.splice import Splices

BATCH_S = 70.0
"""Sound in a batch."""
NO_SPEECH_SHARE = 0.03
"""Share of the utterances that hold no words."""
WAKE_SHARE = 0.5
"""Share of the utterances that come after the wake word."""
SHORTEST_UNTRANSCRIBED_FRAMES = 400
"""Clips without text that are shorter are words and noises, and not all of them English."""


@dataclass(frozen=True)
class Batch:
    """frames float32 (B, T, 64); labels int64 (B, U); steps and counts int64 (B,)."""

    frames: torch.Tensor
    labels: torch.Tensor
    steps: torch.Tensor
    counts: torch.Tensor


@dataclass(frozen=True)
class Part:
    """One store as a part of the training set.

    Attributes:
        rows: its frames, float16 (N, 64).
        clips: (first, frames, text) of each clip.
        share: how many of its utterances an epoch takes, as a multiple of their number.
        join: at most so many clips are joined into one utterance (single words become phrases).
    """

    rows: NDArray[np.float16]
    clips: list[tuple[int, int, str]]
    share: float = 1.0
    join: int = 1

    def speak(self, clip: int, random: np.random.Generator) -> Frames:
        """The frames of a clip."""
        first, frames, _ = self.clips[clip]
        return self.rows[first : first + frames].astype(np.float32)


@dataclass(frozen=True)
class SplicedPart(Part):
    """Sentences said by splicing words of other clips, anew at every turn."""

    splices: Splices | None = None

    def speak(self, clip: int, random: np.random.Generator) -> Frames:
        """A new rendering of a sentence."""
        assert self.splices
        return self.splices.say(self.clips[clip][2], random)


def open_spliced(
    stores: list[Path], sentences: list[str], share: float, data_share: float = 1.0
) -> SplicedPart:
    """The sentences that the words of the stores' clips, or of a share of them, can say."""
    splices = Splices(stores, sentences, data_share)
    clips = [(0, splices.frames_of(text), text) for text in splices.sentences]
    return SplicedPart(np.zeros((0, MEL_BANDS), np.float16), clips, share, splices=splices)


def open_part(
    folder: Path, share: float = 1.0, join: int = 1, longest_s: float = 16.5, data_share: float = 1.0
) -> Part:
    """A store's clips, or a share of them, that have text and are short enough."""
    rows, index = open_store(folder)
    most = int(longest_s * 100)
    clips = [(r["first"], r["frames"], r["text"]) for r in index if r["text"] and 30 < r["frames"] <= most]
    return Part(rows, [clip for clip in clips if is_among(clip[0], data_share)], share, join)


def open_untranscribed(folder: Path, longest_s: float = 16.5) -> Part:
    """A store's clips of which nobody wrote down the words."""
    rows, index = open_store(folder)
    lengths = range(SHORTEST_UNTRANSCRIBED_FRAMES, int(longest_s * 100) + 1)
    return Part(
        rows, [(r["first"], r["frames"], "") for r in index if not r["text"] and r["frames"] in lengths]
    )


def open_sounds(folder: Path, piece_frames: int = 3000) -> list[Frames]:
    """A store's clips as sounds, each cut to pieces of at most `piece_frames`."""
    rows, index = open_store(folder)
    sounds = [rows[r["first"] : r["first"] + r["frames"]].astype(np.float32) for r in index]
    return [
        s[i : i + piece_frames] for s in sounds for i in range(0, len(s), piece_frames) if len(s) - i > 100
    ]


def open_wake_words(folder: Path) -> list[Frames]:
    """A store's wake words, cut to where there is speech, with a little around it."""
    rows, index = open_store(folder)
    spoken = []
    for row in (r for r in index if r.get("wake", True)):
        frames = rows[row["first"] : row["first"] + row["frames"]].astype(np.float32)
        energy = frames.mean(1)
        loud = np.flatnonzero(energy > energy.min() + 0.45 * (energy.max() - energy.min()))
        spoken.append(frames[max(0, loud[0] - 12) : loud[-1] + 12])
    return [frames for frames in spoken if 40 < len(frames) < 160]


def silence(random: np.random.Generator, frames: int) -> Frames:
    """Near-silence: the floor with a little life in it."""
    return (LOG_FLOOR + random.uniform(0, 2) + 0.4 * random.standard_normal((frames, MEL_BANDS))).astype(
        np.float32
    )


class Trainset:
    """Endless shuffled epochs over several parts, as augmented batches."""

    def __init__(
        self,
        parts: list[Part],
        pieces: Path | Callable[[str], list[int]],
        noises: list[Frames],
        wakes: list[Frames],
        seed: int,
        batch_s: float = BATCH_S,
        strength: Strength = Strength(),  # noqa: B008 - frozen
        wake_share: float = WAKE_SHARE,
    ) -> None:
        self._parts, self._noises, self._wakes = parts, noises, wakes
        self._spell = (
            pieces
            if callable(pieces)
            else sentencepiece.SentencePieceProcessor(model_file=str(pieces)).encode
        )
        self._random = np.random.default_rng(seed)
        self._batch_frames, self._strength, self._wake_share = int(batch_s * 100), strength, wake_share

    def _epoch(self) -> list[list[tuple[int, int]]]:
        """Batches of utterance keys (part, clip) of like length, in random order."""
        keys: list[tuple[int, int, int]] = []
        for number, part in enumerate(self._parts):
            wanted = int(part.share * len(part.clips) / (1 + (part.join - 1) / 2))
            chosen = np.concatenate(
                [self._random.permutation(len(part.clips)) for _ in range(int(part.share) + 1)]
            )[:wanted]
            keys += [(part.clips[clip][1] * (1 + part.join) // 2, number, int(clip)) for clip in chosen]
        order = sorted(keys, key=lambda key: key[0] * self._random.uniform(0.85, 1.15))
        batches: list[list[tuple[int, int]]] = [[]]
        total = 0
        for frames, number, clip in order:
            if batches[-1] and total + frames + 120 > self._batch_frames:
                batches.append([])
                total = 0
            batches[-1].append((number, clip))
            total += frames + 120
        self._random.shuffle(batches)  # type: ignore[arg-type]
        return batches

    def _utterance(self, number: int, clip: int) -> tuple[Frames, list[int]]:
        part, random = self._parts[number], self._random
        if random.random() < NO_SPEECH_SHARE:
            return self._no_speech(), []
        chosen = [clip, *random.integers(len(part.clips), size=random.integers(part.join))]
        spoken = [silence(random, int(random.integers(0, 40)))]
        if self._wakes and random.random() < self._wake_share:
            spoken.append(self._wakes[random.integers(len(self._wakes))])
        texts = []
        for one in chosen:
            spoken.append(part.speak(int(one), random))
            texts.append(part.clips[one][2])
        spoken.append(silence(random, int(random.integers(20, 80))))
        frames = augment(np.concatenate(spoken), self._noises, random, self._strength)
        return frames, self._spell(" ".join(texts))

    def _no_speech(self) -> Frames:
        """Silence or noise, perhaps after a wake word: to these the recogniser answers nothing."""
        random = self._random
        heard = [silence(random, int(random.integers(100, 300)))]
        if self._wakes and random.random() < self._wake_share:
            heard.insert(0, self._wakes[random.integers(len(self._wakes))])
        return augment(np.concatenate(heard), self._noises, random, self._strength)

    def _batch(self, keys: list[tuple[int, int]]) -> Batch:
        made = [self._utterance(*key) for key in keys]
        steps = np.array([-(-len(frames) // FRAMES_PER_STEP) for frames, _ in made])
        counts = np.array([len(labels) for _, labels in made])
        frames = np.full((len(made), steps.max() * FRAMES_PER_STEP, MEL_BANDS), LOG_FLOOR, np.float32)
        labels = np.zeros((len(made), max(1, counts.max())), np.int64)
        for i, (rows, ids) in enumerate(made):
            frames[i, : len(rows)] = rows
            labels[i, : len(ids)] = ids
        return Batch(
            *(torch.from_numpy(a) for a in (frames, labels, steps.astype(np.int64), counts.astype(np.int64)))
        )

    def batches(self, ahead: int = 6) -> Generator[Batch, None, None]:
        """Batches for ever, made in a thread of their own, which ends with the iteration."""
        ready: queue.Queue[Batch | BaseException] = queue.Queue(ahead)
        ended = threading.Event()

        def make() -> None:
            try:
                while not ended.is_set():
                    for keys in self._epoch():
                        ready.put(self._batch(keys))
                        if ended.is_set():
                            return
            except BaseException as error:
                ready.put(error)

        maker = threading.Thread(target=make, name="batches", daemon=True)
        maker.start()
        try:
            while True:
                batch = ready.get()
                if isinstance(batch, BaseException):
                    raise batch
                yield batch
        finally:
            ended.set()
            while maker.is_alive():  # a full queue holds it up
                try:
                    ready.get(timeout=0.1)
                except queue.Empty:
                    pass
