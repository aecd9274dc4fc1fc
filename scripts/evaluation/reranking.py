"""Whether the server's language model helps: words wrong and requests understood, before and after it.

    python -m scripts.evaluation.reranking MANIFEST... [--model DIR] [--source TEXT] [--limit N]
    python -m scripts.evaluation.reranking MANIFEST... --choose

The second looks for the best mix, on recordings that are not reported. Lattices go through their form for the
wire; `--lattices FILE` keeps them for the next model. A request is understood if it means what its text does.
The last line is one JSON object, rates in percent.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.cloud.language_model import LanguageModel
from alexa_local.cloud.main import MODEL, models_folder
from alexa_local.cloud.rerank import Reading, Reranker, mix_of
from alexa_local.errors import AlexaLocalError
from alexa_local.messages import Hypothesis, Interpretation, Lattice
from alexa_local.models import open_model
from alexa_local.mqtt.wire import MOST_READINGS
from alexa_local.recognise import spoken_form
from alexa_local.recognise.lattice import n_best, oracle_errors
from alexa_local.recognise.lattice_wire import WIRE_BYTES, from_bytes, to_bytes_within
from alexa_local.recognise.recogniser import Recogniser
from alexa_local.recognise.rescore import Mix
from alexa_local.understand import OUT_OF_SCOPE
from scripts.evaluation.asr import edits
from scripts.evaluation.engines import Engines
from scripts.evaluation.manifest import Choice, Clips, Row, read_manifest
from scripts.evaluation.rescoring import lattice_of

Interpret = Callable[[list[Hypothesis]], Interpretation]

SEARCH = (0.0, 0.5, 1.0)
MODEL_FACTORS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
WORD = (0.0, 0.5, 1.0, 1.5, 2.0)


@dataclass(frozen=True)
class Heard:
    """What a device knows of a clip: what was said, what it heard, and the lattice that it would send."""

    said: str
    text: str
    lattice: bytes

    @property
    def words(self) -> list[str]:
        """What was said."""
        return spoken_form(self.said).split()

    def wrong(self, text: str) -> int:
        """Words wrong, missed and made up in a text."""
        return edits(self.words, text.split()).total


def heard_of(recogniser: Recogniser, said: str, samples: NDArray[np.int16]) -> Heard:
    """What a device makes of a clip, int16 (N,)."""
    text, lattice = lattice_of(recogniser, samples)
    return Heard(said, text, to_bytes_within(lattice, WIRE_BYTES))


@dataclass
class Clip:
    """One clip's truth, what was heard on the device, and what its lattice says.

    Attributes:
        said: the clip.
        heard: readings by the device, best first.
        lattice: as it comes off the wire.
        readings: by the search's factor, what the server ranks.
    """

    said: Heard
    heard: list[Hypothesis]
    lattice: Lattice
    readings: dict[float, list[Reading]] = field(default_factory=dict)

    def ranked(self, mix: Mix) -> list[Hypothesis]:
        """As many as a result holds, best first."""
        order = sorted(self.readings[mix.search], key=lambda one: -one.score(mix))
        return [Hypothesis(one.text, one.score(mix)) for one in order[:MOST_READINGS]]


def hear(rows: Sequence[Row]) -> Iterator[Heard]:
    """What the device's recogniser makes of each row's recording."""
    recogniser = Engines().recogniser()
    for row, samples in Clips(rows, None, lambda line: print(line, file=sys.stderr)):
        yield heard_of(recogniser, str(row.labels["text"]), samples)


def kept(file: Path, rows: Sequence[Row]) -> list[Heard]:
    """What is in the file; where there is none, the rows are recognised and it is written."""
    if not file.exists():
        found = [[one.said, one.text, base64.b64encode(one.lattice).decode()] for one in hear(rows)]
        file.write_text("".join(f"{json.dumps(one)}\n" for one in found), encoding="utf-8")
    lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return [Heard(said, text, base64.b64decode(lattice)) for said, text, lattice in lines]


def read_clips(
    found: Iterable[Heard], reranker: Callable[[Mix], Reranker], search: Sequence[float]
) -> list[Clip]:
    """Each clip with the readings of its lattice, for each factor on the search's own language scores."""
    clips = []
    for one in found:
        sent = from_bytes(one.lattice)
        readings = {factor: reranker(Mix(search=factor)).readings(sent) for factor in search}
        others = (other for other in n_best(sent, MOST_READINGS) if other.text != one.text)
        clips.append(Clip(one, [Hypothesis(one.text, 0.0), *others], sent, readings))
    return clips


def words_wrong(clips: Sequence[Clip], mix: Mix) -> int:
    """Over all clips, with the mix."""
    return sum(clip.said.wrong(clip.ranked(mix)[0].text) for clip in clips)


def best_mix(clips: Sequence[Clip]) -> Mix:
    """The mix with the fewest words wrong; of equals, the one that trusts the new model least."""
    mixes = [Mix(*one) for one in itertools.product(SEARCH, (0.0, *MODEL_FACTORS), WORD)]
    return min(mixes, key=lambda mix: (words_wrong(clips, mix), mix.model, mix.word, -mix.search))


def summary(clips: Sequence[Clip], mix: Mix, interpret: Interpret) -> dict[str, float]:
    """What is reported of a set."""
    words = max(1, sum(len(clip.said.words) for clip in clips))
    before = sum(clip.said.wrong(clip.heard[0].text) for clip in clips)
    oracle = sum(oracle_errors(clip.lattice, clip.said.words) for clip in clips)
    right_before = right_after = repaired = broken = meant = 0
    for clip in clips:
        wanted = interpret([Hypothesis(" ".join(clip.said.words), 0.0)])
        if wanted.intent in ("", OUT_OF_SCOPE):
            continue
        meant += 1
        old, new = (_same(wanted, interpret(one)) for one in (clip.heard, clip.ranked(mix)))
        right_before, right_after = right_before + old, right_after + new
        repaired, broken = repaired + (new and not old), broken + (old and not new)
    return {
        "clips": len(clips),
        "wer_before": round(100 * before / words, 2),
        "wer_after": round(100 * words_wrong(clips, mix) / words, 2),
        "oracle_wer": round(100 * oracle / words, 2),
        "with_intent": meant,
        "understood_before": right_before,
        "understood_after": right_after,
        "repaired": repaired,
        "broken": broken,
    }


def _same(wanted: Interpretation, got: Interpretation) -> bool:
    return (wanted.intent, dict(wanted.slots)) == (got.intent, dict(got.slots))


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print the figures; return the exit code."""
    top = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    top.add_argument("manifests", nargs="+", type=Path, metavar="MANIFEST")
    top.add_argument("--model", type=Path, help="folder of another language model")
    top.add_argument("--choose", action="store_true", help="find the best mix, instead of the model's own")
    top.add_argument("--limit", type=int, default=0, metavar="N", help="N clips, spread evenly over the rows")
    top.add_argument("--source", default="", metavar="TEXT", help="only rows whose source contains TEXT")
    top.add_argument("--lattices", type=Path, metavar="FILE", help="read them here, or keep them here")
    top.add_argument(
        "--without", type=Path, metavar="MANIFEST", help="leave out rows with a text of this one"
    )
    args = top.parse_args(argv)
    try:
        folder = (args.model or models_folder() / MODEL).resolve()
        opened = open_model(folder.name, folder.parent)
        model, own = LanguageModel(opened), mix_of(opened)
        not_these = {row.labels.get("text") for row in read_manifest(args.without)} if args.without else set()
        rows = [row for manifest in args.manifests for row in read_manifest(manifest)]
        rows = [row for row in rows if row.labels.get("text") and row.labels["text"] not in not_these]
        chosen = Choice(source=args.source, limit=args.limit).of(rows)
        found = kept(args.lattices, chosen) if args.lattices else hear(chosen)
        clips = read_clips(found, lambda mix: Reranker(model, mix), SEARCH if args.choose else (own.search,))
        interpret, _, _ = Engines().interpret(None, None, None, ())
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    mix = best_mix(clips) if args.choose else own
    if args.choose:
        for factor in (0.0, *MODEL_FACTORS):
            print(f"model {factor:g}: {words_wrong(clips, Mix(mix.search, factor, mix.word))} words wrong")
    print(f"search {mix.search:g}, model {mix.model:g}, word {mix.word:+g}")
    print(
        json.dumps(
            {
                "mix": {"search": mix.search, "model": mix.model, "word": mix.word},
                **summary(clips, mix, interpret),
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
