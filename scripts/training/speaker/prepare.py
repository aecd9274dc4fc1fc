"""Make the store of features: `python -m scripts.training.speaker.prepare --data DATA --out STORE`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from scripts.training.speaker.corpus import labelled_clips
from scripts.training.speaker.store import write_store


def main() -> int:
    """Write the store, unless there is nothing to write it from."""
    parser = argparse.ArgumentParser(prog="python -m scripts.training.speaker.prepare", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real recordings")
    parser.add_argument("--out", type=Path, required=True, help="where the store goes (3 GB)")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    clips = [clip for clip in labelled_clips(options.data) if clip.split != "dev"]
    clips.sort(key=lambda clip: clip.split)  # "train" comes first, so that one stretch of rows is all of it
    write_store(clips, options.out, options.data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
