"""Whether a second language model helps: words wrong as heard, and with each lattice rescored.

    python -m scripts.evaluation.rescoring MANIFEST... --words words.npz [--search 1 0.5] [--model 0.2 0.4]

Each clip is recognised once and its lattice rescored with every mix, so mixes are compared on one search.
The last line is one JSON object, rates in percent.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import AlexaLocalError
from alexa_local.frontend import log_mel
from alexa_local.messages import Lattice
from alexa_local.recognise import spoken_form
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.recogniser import Recogniser
from alexa_local.recognise.rescore import Mix, WordModel, WordNgrams, rescore
from scripts.evaluation.asr import edits
from scripts.evaluation.engines import Engines
from scripts.evaluation.manifest import Choice, Clips, read_manifest


def lattice_of(recogniser: Recogniser, samples: NDArray[np.int16]) -> tuple[str, Lattice]:
    """The words that one stream hears in a clip, int16 (N,), and its lattice."""
    stream = recogniser.stream()
    stream.push(log_mel(samples))
    return stream.finish()[0].text, stream.lattice()


def compare(
    found: Iterable[tuple[str, str, Lattice]], model: WordModel, mixes: Sequence[Mix]
) -> tuple[int, int, list[int], float]:
    """Words, words wrong as heard, words wrong with each mix, and CPU seconds for one rescoring of all.

    Args:
        found: for each clip what was said, what was heard, and its lattice.
        model: rescores.
        mixes: how.
    """
    words, heard_wrong, wrong, spent_s = 0, 0, [0] * len(mixes), 0.0
    for said, heard, lattice in found:
        reference = spoken_form(said).split()
        words += len(reference)
        heard_wrong += edits(reference, heard.split()).total
        began_s = time.process_time()
        for number, mix in enumerate(mixes):
            best = n_best(rescore(lattice, model, mix), 1)[0].text
            wrong[number] += edits(reference, best.split()).total
        spent_s += (time.process_time() - began_s) / max(1, len(mixes))
    return words, heard_wrong, wrong, spent_s


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print a line for each mix; return the exit code."""
    top = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    top.add_argument("manifests", nargs="+", type=Path, metavar="MANIFEST")
    top.add_argument("--words", type=Path, required=True, metavar="FILE", help="what word_ngram.py wrote")
    top.add_argument(
        "--search", nargs="*", type=float, default=[1.0, 0.5, 0.0], help="factors on the search's"
    )
    top.add_argument(
        "--model", nargs="*", type=float, default=[0.1, 0.2, 0.4], help="factors on the new one's"
    )
    top.add_argument("--word", nargs="*", type=float, default=[0.0, 1.0], help="nats added for each word")
    top.add_argument("--limit", type=int, default=0, metavar="N", help="N clips, spread evenly over the rows")
    top.add_argument("--source", default="", metavar="TEXT", help="only rows whose source contains TEXT")
    args = top.parse_args(argv)
    mixes = [Mix(*values) for values in itertools.product(args.search, args.model, args.word)]
    try:
        rows = [
            row for manifest in args.manifests for row in read_manifest(manifest) if row.labels.get("text")
        ]
        chosen = Choice(source=args.source, limit=args.limit).of(rows)
        clips = Clips(chosen, None, lambda line: print(line, file=sys.stderr))
        recogniser, model = Engines().recogniser(), WordNgrams(args.words)
        found = ((str(row.labels["text"]), *lattice_of(recogniser, samples)) for row, samples in clips)
        words, heard_wrong, wrong, spent_s = compare(found, model, mixes)
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    as_heard, *rates = (round(100 * one / max(1, words), 2) for one in (heard_wrong, *wrong))
    print(
        f"{len(chosen)} clips, {words} words; as heard {as_heard} %; {spent_s:.2f} CPU s to rescore them all"
    )
    for mix, rate in zip(mixes, rates, strict=True):
        print(f"search {mix.search:g}, model {mix.model:g}, word {mix.word:+g}: {rate} %")
    best = min(range(len(mixes)), key=lambda number: wrong[number])
    chosen_mix = {"search": mixes[best].search, "model": mixes[best].model, "word": mixes[best].word}
    print(json.dumps({"clips": len(chosen), "wer": as_heard, "rescored_wer": rates[best], "mix": chosen_mix}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
