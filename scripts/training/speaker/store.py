"""The features of everybody's speech, made once: also faster and slower, as other people's, and in rooms.

Speech played faster or slower has another pitch and other formants, so it counts as another person's: three
speakers are had from one. (Yamamoto et al. 2019, "Speaker augmentation and bandwidth extension".)
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import oaconvolve

from alexa_local.frontend import log_mel
from alexa_local.messages import MEL_BANDS, SAMPLE_RATE
from scripts.training.speaker.corpus import Clip
from scripts.training.wake.corpus import read_samples
from scripts.training.wake.render import Rooms

_LOG = logging.getLogger(__name__)

SPEEDS = (1.0, 0.9, 1.1)
_ROOM_SHARE = 0.35
_OTHER_SPEED_CLIPS = 40
"""At the other speeds a speaker says at most so many clips."""

_LEAST_FRAMES = 40
_ABOVE_QUIET, _BELOW_LOUD = 2.0, 7.0
"""Natural logs of energy: a frame is speech well above the quietest and not far below the loudest."""


@dataclass(frozen=True)
class Piece:
    """One clip in the store, as the index has it.

    Attributes:
        audio: the clip.
        speaker: who speaks; at another speed, somebody else.
        group: where the recording comes from.
        split: "train" or "validation".
        first: its first row.
        frames: its rows.
    """

    audio: str
    speaker: str
    group: str
    split: str
    first: int
    frames: int


@dataclass(frozen=True)
class Store:
    """All pieces.

    Attributes:
        rows: float16, shape (N, 64), log-mel energies.
        speech: bool, shape (N,), which rows are speech.
        pieces: where each clip lies.
    """

    rows: NDArray[np.float16]
    speech: NDArray[np.bool_]
    pieces: Sequence[Piece]


def is_speech(rows: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which rows (T, 64) of a quiet recording are speech, bool (T,), by their energy."""
    energy = np.logaddexp.reduce(rows[:, 2:58], axis=1)
    energy = np.convolve(np.pad(energy, 2, "edge"), np.ones(5) / 5, "valid")
    quiet, loud = np.percentile(energy, (5, 95))
    return energy > max(quiet + min(_ABOVE_QUIET, 0.4 * (loud - quiet)), loud - _BELOW_LOUD)


def write_store(clips: Sequence[Clip], folder: Path, data: Path, seed: int = 1) -> None:
    """Write `rows.f16`, `speech.u1` and, when all is done, `index.jsonl`."""
    rng = np.random.default_rng(seed)
    rooms = Rooms(data, rng)
    folder.mkdir(parents=True, exist_ok=True)
    index: list[Piece] = []
    spoken: dict[str, int] = {}
    first = 0
    with (folder / "rows.f16").open("wb") as rows_out, (folder / "speech.u1").open("wb") as speech_out:
        for number, clip in enumerate(clips):
            samples = read_samples(clip.path)
            spoken[clip.speaker] = spoken.get(clip.speaker, 0) + 1
            speeds = (
                SPEEDS if clip.split == "train" and spoken[clip.speaker] <= _OTHER_SPEED_CLIPS else (1.0,)
            )
            for speed in speeds:
                in_room = rooms if clip.split == "train" and rng.random() < _ROOM_SHARE else None
                rows, speech = _heard(samples, speed, in_room, rng)
                if len(rows) < _LEAST_FRAMES:
                    continue
                rows_out.write(rows.astype(np.float16).tobytes())
                speech_out.write(speech.tobytes())
                speaker = clip.speaker if speed == 1.0 else f"{clip.speaker}x{speed}"
                index.append(Piece(clip.audio, speaker, clip.group, clip.split, first, len(rows)))
                first += len(rows)
            if number % 500 == 499:
                _LOG.info("%s of %s clips, %.1f h", number + 1, len(clips), first / 360_000)
    lines = [json.dumps(vars(piece)) + "\n" for piece in index]
    (folder / "index.jsonl").write_text("".join(lines), encoding="utf-8")


def _heard(
    samples: NDArray[np.int16], speed: float, rooms: Rooms | None, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Rows (T, 64) of a recording at a speed, in a room if any, and which of them are speech."""
    if speed != 1.0:
        samples = _int16(soxr.resample(samples.astype(np.float32), SAMPLE_RATE * speed, SAMPLE_RATE))
    rows = log_mel(samples)
    speech = is_speech(rows) if len(rows) else np.zeros(0, np.bool_)
    if rooms is not None:
        response = rooms.responses[rng.integers(len(rooms.responses))]
        sound = oaconvolve(samples.astype(np.float32), response)[: len(samples)]
        loudest = np.abs(sound).max(initial=1.0)
        rows = log_mel(_int16(sound * (np.abs(samples).max(initial=1) / loudest)))
    return rows, speech


def _int16(sound: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.clip(np.round(sound), -32768, 32767).astype(np.int16)


def open_store(folder: Path) -> Store:
    """Map a written store into memory."""
    with (folder / "index.jsonl").open(encoding="utf-8") as lines:
        pieces = [Piece(**json.loads(line)) for line in lines]
    rows = np.memmap(folder / "rows.f16", np.float16, "r").reshape(-1, MEL_BANDS)
    return Store(rows, np.memmap(folder / "speech.u1", np.bool_, "r"), pieces)
