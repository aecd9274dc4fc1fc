"""Recordings of people for tests, where this machine has some."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from scripts.evaluation.manifest import Choice, Row, read_manifest, read_samples

FOLDER = Path(os.environ.get("ALEXA_LOCAL_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
"""Folders with a manifest.jsonl each; see the README for what they are."""

needs_recordings = pytest.mark.skipif(
    not (FOLDER / "librispeech" / "manifest.jsonl").is_file(),
    reason="no recordings are here: set ALEXA_LOCAL_DATA to their folder",
)


def rows(name: str, source: str = "", limit: int = 0) -> list[Row]:
    """Labelled recordings of one folder, spread evenly over all that fit."""
    every = [row for row in read_manifest(FOLDER / name / "manifest.jsonl") if row.labels.get("text")]
    return Choice(source=source, limit=limit).of(every)


def samples_of(row: Row) -> np.ndarray:
    """int16 (N,), 16 kHz mono."""
    return read_samples(row.path)


def speech(seconds: float) -> np.ndarray:
    """Somebody who reads without an end, int16 (N,), 16 kHz mono."""
    parts, length = [], 0
    for row in rows("librispeech", "dev-clean"):
        parts.append(samples_of(row))
        length += len(parts[-1])
        if length >= seconds * 16_000:
            return np.concatenate(parts)[: int(seconds * 16_000)]
    raise ValueError(f"there are not {seconds} s of speech")
