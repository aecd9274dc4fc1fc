"""Whose voice each recording holds, who teaches, and who only judges: decided by names, never by chance."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

GROUPS = {
    "librispeech": "librispeech",
    "speechocean": "speechocean",
    "speech_commands": "speech_commands",
    "common_voice": "others",
    "common_voice_extra": "others",
    "ljspeech": "others",
    "kathleen": "others",
}
"""The folders with labelled speakers, and the group within which their voices are told apart."""

KEPT_SPEAKERS = {"librispeech": 3, "speechocean": 20, "speech_commands": 40}
"""So many speakers of a folder are kept out of training, to choose by: those whose names hash lowest."""

_LEAST_CLIPS = {"librispeech": 50, "speechocean": 10, "speech_commands": 8}
"""A speaker who is kept out has at least so many clips."""

_MOST_CLIPS = {"ljspeech": 120, "kathleen": 200}
"""Of those who say much alone, only so many clips are used."""


@dataclass(frozen=True)
class Clip:
    """One recording of one person.

    Attributes:
        path: the sound file.
        audio: the same, as the manifest has it.
        speaker: who speaks.
        group: where the recording comes from, one of the values of GROUPS.
        split: "train", "validation" or "dev".
    """

    path: Path
    audio: str
    speaker: str
    group: str
    split: str


def labelled_clips(data: Path) -> list[Clip]:
    """Every clip of a known speaker below the data folder, with its split."""
    clips: list[Clip] = []
    for folder, group in GROUPS.items():
        rows = list(_rows(data / folder / "manifest.jsonl"))[: _MOST_CLIPS.get(folder)]
        kept = _kept(folder, rows)
        for row in rows:
            split = "validation" if row["speaker"] in kept else "train"
            split = "dev" if "dev-clean" in row["source"] else split
            clips.append(Clip(data / row["audio"], row["audio"], row["speaker"], group, split))
    return clips


def _rows(manifest: Path) -> Iterator[dict[str, str]]:
    with manifest.open(encoding="utf-8") as lines:
        yield from (row for row in map(json.loads, lines) if row.get("speaker"))


def _kept(folder: str, rows: list[dict[str, str]]) -> set[str]:
    """The speakers of a folder who are kept out of training."""
    counts = Counter(row["speaker"] for row in rows if "dev-clean" not in row["source"])
    able = [speaker for speaker, count in counts.items() if count >= _LEAST_CLIPS.get(folder, 0)]
    able.sort(key=lambda speaker: hashlib.sha256(speaker.encode()).digest())
    return set(able[: KEPT_SPEAKERS.get(folder, 0)])


def labels(data: Path, folder: str) -> dict[str, dict[str, str]]:
    """What a folder's manifest says of each speaker, such as gender and age: a row of theirs."""
    return {row["speaker"]: row for row in _rows(data / folder / "manifest.jsonl")}
