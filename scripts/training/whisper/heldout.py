"""Makes clips to judge by, of speakers whom training never heard, for `scripts/evaluate whisper`.

    python -m scripts.training.whisper.heldout --data DATA --out FOLDER --clips 900

A row's `source` says how it was made ("voice", "vocoded", "whisper", "espeak voice", "espeak whisper"), how
it was taken apart, how long it is ("syllable", "second", "sentence") and whether it is "near" or "far".
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import soundfile

from alexa_local.messages import SAMPLE_RATE
from scripts.training.wake.corpus import Waves
from scripts.training.wake.render import Rooms
from scripts.training.whisper.pool import (
    READ_IN_A_WHISPER,
    WHISPERED,
    from_voices,
    read_by_espeak,
    source_clips,
)
from scripts.training.whisper.recipes import Made, Recipes
from scripts.training.whisper.vocoder import ENVELOPES, Sound

_NAMES = ("voice", "vocoded", "espeak voice", "whisper", "espeak whisper")
_LENGTHS_S = {"syllable": (0.22, 0.6), "second": (0.8, 1.2), "sentence": (2.0, 2.4)}
_FAR = 0.3
_ESPEAK_EVERY = 6
_SEED = 7


def main() -> int:
    """Write the clips and their manifest."""
    parser = argparse.ArgumentParser(prog="python -m scripts.training.whisper.heldout", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of corpora")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=900)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    options.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(_SEED)
    rooms = Rooms(options.data, rng)
    with (options.out / "manifest.jsonl").open("w", encoding="utf-8") as manifest:
        made = islice(_clips(options.data, options.out, options.clips, rng), options.clips)
        for number, (origin, one) in enumerate(made):
            kind, sound = _cut(one, rng)
            far = rng.random() < _FAR
            if far:
                sound = rooms.apply(sound, rng)
            sound = sound * np.float32(10 ** (rng.uniform(-25, -3) / 20) / (np.abs(sound).max() + 1e-6))
            name = f"{options.out.name}/{number:05d}.flac"
            soundfile.write(options.out / Path(name).name, sound, SAMPLE_RATE)
            place = "far" if far else "near"
            source = " ".join(filter(None, (_NAMES[origin], one.envelope, kind, place)))
            row = {"audio": name, "whisper": origin in (WHISPERED, READ_IN_A_WHISPER), "source": source}
            manifest.write(json.dumps(row) + "\n")
    return 0


def _clips(data: Path, cache: Path, count: int, rng: np.random.Generator) -> Iterator[tuple[int, Made]]:
    """Voices, their whispers and vocoded voices, and now and then espeak-ng."""
    clips = source_clips(data, "validation", 1.0, rng)[:count]
    waves = Waves(clips, cache)
    spoken = from_voices((waves[at] for at in range(len(clips))), Recipes(rng, ENVELOPES), rng)
    read = read_by_espeak(data / "text", count, _SEED)
    for number, one in enumerate(spoken):
        yield one
        if number % _ESPEAK_EVERY == 0:
            yield next(read)


def _cut(made: Made, rng: np.random.Generator) -> tuple[str, Sound]:
    """One of the lengths, around a vowel, and what it is called."""
    kind = list(_LENGTHS_S)[int(rng.integers(len(_LENGTHS_S)))]
    length = round(rng.uniform(*_LENGTHS_S[kind]) * SAMPLE_RATE)
    vowels = np.flatnonzero(made.voiced > 0.5)
    vowel = int(vowels[int(rng.integers(len(vowels)))]) * 160 if len(vowels) else len(made.sound) // 2
    first = max(0, min(vowel - int(rng.uniform(0.3, 0.7) * length), len(made.sound) - length))
    return kind, made.sound[first : first + length]


if __name__ == "__main__":
    sys.exit(main())
