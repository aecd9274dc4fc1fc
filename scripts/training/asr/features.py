"""Manifests in, one packed feature file out: the runtime's own log-mel rows, as float16.

    python -m scripts.training.asr.features --out STORE --manifest FILE [--only REGEX] [--drop REGEX]

A store is `rows.f16` (all frames one after another, 64 values each) and `index.jsonl` (one row a clip:
first frame, frames, text, speaker, source). Stores are written once; training reads any number of them.
"""

from __future__ import annotations

import argparse
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.messages import MEL_BANDS, SAMPLE_RATE
from alexa_local.recognise.normalise import spoken_form

DEV_SOURCES = re.compile(r"dev-clean|speech-to-intent|alphanumeric")
"""Sources that are for judging only; no store ever takes a row of theirs."""


def read_clip(path: Path) -> NDArray[np.int16]:
    """The clip as int16, shape (N,), 16 kHz mono."""
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    mono = samples[:, 0]
    return mono if rate == SAMPLE_RATE else soxr.resample(mono, rate, SAMPLE_RATE)


def rows_of(manifest: Path, only: str, drop: str) -> Iterator[dict[str, Any]]:
    """The manifest's rows that may be trained on and match the two regular expressions."""
    with manifest.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            about = f"{row['audio']} {row.get('source', '')} {row.get('lang', 'en')}"
            if DEV_SOURCES.search(about) or not re.search(only, about) or (drop and re.search(drop, about)):
                continue
            yield row


def write_store(out: Path, jobs: list[tuple[Path, Path, str, str]]) -> None:
    """Extract every clip of every (manifest, root, only, drop) into the store `out`."""
    out.mkdir(parents=True, exist_ok=True)
    first = 0
    index: list[dict[str, Any]] = []
    with (out / "rows.f16.part").open("wb") as stream:
        for manifest, root, only, drop in jobs:
            for row in rows_of(manifest, only, drop):
                try:
                    frames = log_mel(read_clip(root / row["audio"]))
                except soundfile.LibsndfileError as error:
                    print(f"skipped {row['audio']}: {error}")
                    continue
                stream.write(frames.astype(np.float16).tobytes())
                about: dict[str, Any] = {
                    key: row[key] for key in ("speaker", "source", "wake", "speech_end_s") if key in row
                }
                text = spoken_form(row.get("text", ""))
                index.append(
                    {"audio": row["audio"], "first": first, "frames": len(frames), "text": text, **about}
                )
                first += len(frames)
    (out / "index.jsonl").write_text("".join(json.dumps(row) + "\n" for row in index), encoding="utf-8")
    (out / "rows.f16.part").rename(out / "rows.f16")
    print(f"{out}: {len(index)} clips, {first / 360_000:.2f} h")


def open_store(folder: Path) -> tuple[NDArray[np.float16], list[dict[str, Any]]]:
    """The frames, float16 memory map of shape (N, 64), and the index rows."""
    rows = np.memmap(folder / "rows.f16", np.float16, "r").reshape(-1, MEL_BANDS)
    with (folder / "index.jsonl").open(encoding="utf-8") as lines:
        return rows, [json.loads(line) for line in lines]


def is_among(first: int, share: float) -> bool:
    """Whether the clip that begins at frame `first` of its store is in a share of all, and in larger ones."""
    return zlib.crc32(str(first).encode()) < share * 2**32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, action="append", required=True)
    parser.add_argument(
        "--root", type=Path, help="where audio paths start (default: above the manifest's folder)"
    )
    parser.add_argument(
        "--only", default="", help="regular expression a row's audio, source and language must match"
    )
    parser.add_argument("--drop", default="", help="regular expression that excludes a row")
    args = parser.parse_args()
    jobs = [(m, args.root or m.parent.parent, args.only, args.drop) for m in args.manifest]
    write_store(args.out, jobs)


if __name__ == "__main__":
    main()
