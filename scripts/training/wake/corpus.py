"""Which recordings teach a wake word, which choose its threshold and which only judge it, decoded once.

A split is decided by what a clip is, never by chance, so that every run and every report agrees.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE

_LOG = logging.getLogger(__name__)

SPEECH_FOLDERS = (
    "wake_words",
    "near_wake_words",
    "phrases",
    "speech_commands",
    "speechocean",
    "librispeech",
    "ljspeech",
    "kathleen",
    "common_voice",
    "common_voice_extra",
    "coffee_orders",
    "names_numbers_addresses",
)
NOISE_FOR_TRAINING = ("doing_the_dishes", "dude_miaowing", "exercise_bike", "white_noise")
NOISE_FOR_TESTS = ("running_tap", "pink_noise")
DEV_FOLDERS = ("coffee_orders", "names_numbers_addresses")
_SHORT_WORD_FOLDERS = ("wake_words", "near_wake_words", "phrases", "speech_commands")
_VALIDATION_NUMBERS, _DEV_NUMBERS = range(140, 160), range(160, 200)
"""Of the recordings of a wake word; neighbours in number share a speaker."""
_VALIDATION_PARTS = 8
"""One speaker (or block of 20 neighbouring numbers) in so many is held out to choose the threshold."""


@dataclass(frozen=True)
class Clip:
    """One recording.

    Attributes:
        path: the sound file.
        folder: the corpus it belongs to, such as "librispeech"; "synthetic" for synthesised speech.
        wake: whether the wake word is in it.
        split: "train", "validation" or "dev"; "left out" when the word is in it but not alone.
        speech_end_s: where the speech ends, when the manifest knows; else None.
        alone: whether it holds one word or phrase in silence.
    """

    path: Path
    folder: str
    wake: bool
    split: str
    speech_end_s: float | None = None
    alone: bool = False


def read_rows(manifest: Path) -> Iterator[dict]:
    """The rows of a manifest.jsonl."""
    with manifest.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def shared_clips(data: Path, word: str) -> list[Clip]:
    """Every clip of real speech below the data folder, with its split."""
    clips = []
    for folder in SPEECH_FOLDERS:
        alone = folder in _SHORT_WORD_FOLDERS
        for row in read_rows(data / folder / "manifest.jsonl"):
            text = (row.get("text") or "").lower()
            wake = alone and text == word
            split = "left out" if word in text and not wake else _split(folder, row, wake)
            clips.append(Clip(data / row["audio"], folder, wake, split, None, alone))
    return clips


def synthetic_clips(shards: Iterable[Path], word: str) -> list[Clip]:
    """The clips of the shards of synthesised speech; a fiftieth of them is for validation.

    Sentences with the word among others are left out (where it ends is not known), and so are names
    such as Alexander, which contain the whole of it.
    """
    clips = []
    for shard in shards:
        for row in read_rows(shard / "manifest.jsonl"):
            text = row["text"].lower()
            if word in text and text != word:
                continue
            path = shard.parent / row["audio"]
            path = path if path.exists() else shard / row["audio"]
            split = "validation" if _part(Path(row["audio"]).stem, 50) == 0 else "train"
            clips.append(Clip(path, "synthetic", text == word, split, row.get("speech_end_s"), True))
    return clips


def _split(folder: str, row: dict, wake: bool) -> str:
    if folder in DEV_FOLDERS or "dev-clean" in row["source"]:
        return "dev"
    stem = Path(row["audio"]).stem
    number = int(re.findall(r"\d+", stem)[-1]) if re.search(r"\d", stem) else 0
    if row.get("wake") or (wake and folder == "wake_words"):
        if number in _VALIDATION_NUMBERS:
            return "validation"
        return "dev" if number in _DEV_NUMBERS else "train"
    if folder == "kathleen" or folder == "ljspeech":
        return "train"
    group = row.get("speaker") or f"{folder}-{number // 20}"
    return "validation" if _part(group, _VALIDATION_PARTS) == 0 else "train"


def _part(text: str, parts: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") % parts


def read_samples(path: Path) -> NDArray[np.int16]:
    """A sound file as int16, shape (N,), 16 kHz mono.

    Raises:
        ValueError: the file has another rate.
    """
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    if rate != SAMPLE_RATE:
        raise ValueError(f"{path} has {rate} Hz; the training takes {SAMPLE_RATE} Hz.")
    return np.ascontiguousarray(samples[:, 0])


class Waves:
    """The decoded samples of a list of clips, in one file that is mapped into memory."""

    def __init__(self, clips: list[Clip], cache: Path) -> None:
        self.clips = clips
        names = "\n".join(str(clip.path) for clip in clips)
        key = hashlib.sha256(names.encode()).hexdigest()[:12]
        samples_file, ends_file = cache / f"waves-{key}.i16", cache / f"waves-{key}.npy"
        if not ends_file.exists():
            cache.mkdir(parents=True, exist_ok=True)
            self._decode(samples_file, ends_file)
        self._ends = np.load(ends_file)
        self._samples = np.memmap(samples_file, np.int16, "r")

    def _decode(self, samples_file: Path, ends_file: Path) -> None:
        _LOG.info("decoding %s clips", len(self.clips))
        ends = []
        with samples_file.open("wb") as out:
            for clip in self.clips:
                out.write(read_samples(clip.path).tobytes())
                ends.append(out.tell() // 2)
        np.save(ends_file, np.array(ends))

    def __getitem__(self, index: int) -> NDArray[np.int16]:
        """The samples of one clip, int16, shape (N,)."""
        start = self._ends[index - 1] if index else 0
        return np.asarray(self._samples[start : self._ends[index]])

    def __len__(self) -> int:
        return len(self.clips)
