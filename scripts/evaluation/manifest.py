"""Labelled recordings: the rows of manifest.jsonl files, chosen by filters, and their samples."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import open_file
from alexa_local.errors import AudioFileError, ConfigError
from scripts.evaluation.noise import Noise, Room


@dataclass(frozen=True)
class Row:
    """One labelled clip.

    Attributes:
        audio: the path as the manifest has it.
        path: where the file lies: `audio` is relative to the folder above the manifest's.
        labels: the manifest's row.
    """

    audio: str
    path: Path
    labels: Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """Which rows take part.

    Attributes:
        source: rows whose `source` contains this; "" for all.
        audio: rows whose `audio` matches one of these shell patterns; empty for all.
        exclude: rows whose `audio` matches one of these are left out.
        limit: at most so many rows, spread evenly over those chosen; 0 for all.
    """

    source: str = ""
    audio: Sequence[str] = ()
    exclude: Sequence[str] = ()
    limit: int = 0

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that take part, in their order."""
        chosen = [row for row in rows if self._takes(row)]
        if 0 < self.limit < len(chosen):
            return [chosen[i * len(chosen) // self.limit] for i in range(self.limit)]
        return chosen

    def _takes(self, row: Row) -> bool:
        if self.source not in str(row.labels.get("source", "")):
            return False
        if self.audio and not any(fnmatch(row.audio, pattern) for pattern in self.audio):
            return False
        return not any(fnmatch(row.audio, pattern) for pattern in self.exclude)


def read_manifest(path: Path) -> list[Row]:
    """Read one manifest.

    Raises:
        ConfigError: it cannot be read, or some lines are no rows; tells all of them.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The manifest {path} cannot be read ({error}). Give a manifest.jsonl.") from error
    folder = path.resolve().parent.parent
    rows, faults = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            labels = json.loads(line)
            rows.append(Row(str(labels["audio"]), folder / labels["audio"], labels))
        except (ValueError, KeyError, TypeError) as error:
            faults.append(f"  line {number}: {type(error).__name__}: {error}")
    if faults:
        listed = "\n".join(faults[:20])
        raise ConfigError(
            f"{path}: {len(faults)} lines are not rows with `audio`. Mend or remove them:\n{listed}"
        )
    return rows


def read_samples(path: Path) -> NDArray[np.int16]:
    """int16, shape (N,), 16 kHz mono: a whole file, through the program's own capture.

    Raises:
        AudioFileError: the file is missing, empty or cannot be decoded.
    """
    source = open_file(path, realtime=False)
    try:
        blocks = list(source)
    finally:
        source.close()
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.int16)
    if not len(samples):
        raise AudioFileError(f"{path} holds no sound. Remove its row.")
    return samples


class Clips:
    """The chosen rows with their samples; unreadable files are reported, counted and left out."""

    def __init__(
        self,
        rows: Sequence[Row],
        noise: Noise | None,
        report: Callable[[str], None],
        room: Room | None = None,
    ) -> None:
        self._rows, self._room, self._noise = rows, room, noise
        self._report = report
        self.unreadable = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[tuple[Row, NDArray[np.int16]]]:
        for row in self._rows:
            try:
                samples = read_samples(row.path)
            except AudioFileError as error:
                self.unreadable += 1
                self._report(f"unreadable: {row.audio}: {error}")
                continue
            samples = self._room.around(samples) if self._room else samples
            yield row, self._noise.over(samples, row.audio) if self._noise else samples
        if self._rows and self.unreadable == len(self._rows):
            raise AudioFileError(
                f"None of the {self.unreadable} clips could be read. "
                "Audio paths are relative to the folder above the manifest's: check them."
            )
