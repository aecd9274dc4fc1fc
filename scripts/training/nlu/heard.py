"""What the recogniser makes of words: pairs of what was said and what was heard, from its own readings.

    python -m scripts.training.nlu.heard MANIFEST... --limit 1500 > heard.tsv

Each line is "said TAB heard", for every word of every reading that differs; `heard` may be no word or two.
The clips are training's own (a voice that it knows makes fewer mistakes than one that it does not).
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from alexa_local.recognise import spoken_form
from scripts.evaluation.engines import Engines
from scripts.evaluation.manifest import read_manifest, read_samples

READINGS = 3


def differences(said: Sequence[str], heard: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Words said and the words heard in their place, where as many or one less or more were heard."""
    for kind, a, b, c, d in difflib.SequenceMatcher(a=said, b=heard, autojunk=False).get_opcodes():
        if kind == "replace" and b - a == d - c:
            yield from zip(said[a:b], heard[c:d], strict=True)
        elif kind == "replace" and b - a == 1 and d - c <= 2:
            yield said[a], " ".join(heard[c:d])
        elif kind == "delete" and b - a == 1:
            yield said[a], ""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("manifests", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, default=1500)
    args = parser.parse_args()
    transcribe = Engines().transcribe()
    rows = [row for manifest in args.manifests for row in read_manifest(manifest) if row.labels.get("text")]
    Random(1).shuffle(rows)
    for row in rows[: args.limit]:
        said = spoken_form(str(row.labels["text"])).split()
        for hypothesis in transcribe(read_samples(row.path))[:READINGS]:
            for pair in differences(said, hypothesis.text.split()):
                print("\t".join(pair), flush=True)


if __name__ == "__main__":
    main()
