"""Measure a recogniser in training on labelled clips, and add a line to the results for the report.

    python -m scripts.training.asr.measure --results FILE --name NAME --run RUN --model FOLDER
        --set everyday MANIFEST 100 --set people MANIFEST 200

It is what `scripts/evaluate asr` does, with what a comparison needs beside it: the wrong words of every clip,
what the model was trained for (`--run` tells), and what it costs. Without an exported `--model` the run's
weights are searched in PyTorch, without n-grams: a teacher cannot be exported.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import Hypothesis
from alexa_local.models import Model, open_folder
from alexa_local.recognise import Recogniser
from alexa_local.recognise.encoder import Policy
from scripts.evaluation import asr
from scripts.evaluation.branches import Costs
from scripts.evaluation.engines import Engines
from scripts.evaluation.manifest import Choice, Clips, Row, read_manifest, read_samples
from scripts.training.asr.about import command, read_about

NETWORKS = ("encoder", "prediction", "joint")
"""How the files of the recogniser's networks begin."""
FLUSH_FRAMES = 48
"""Near-silence after a clip in PyTorch, at least; whole steps of the encoder."""


@dataclass
class Set:
    """What was found on one set of clips.

    Attributes:
        words: words of each clip's text.
        edits: wrong, missed and made-up words of each.
    """

    words: list[int] = field(default_factory=list)
    edits: list[int] = field(default_factory=list)

    def add(self, told: dict[str, Any]) -> None:
        """Count a clip, as `asr.measure` tells of it."""
        self.words.append(len(told["text"].split()))
        self.edits.append(told["edits"])

    def as_dict(self) -> dict[str, Any]:
        """For the results."""
        words, edits = sum(self.words), sum(self.edits)
        wer = round(100 * edits / max(1, words), 2)
        return {"clips": len(self.words), "words": words, "wer": wer, "each": [self.words, self.edits]}


class Exported(Engines):
    """The evaluation's engines, with the recogniser that lies in a folder."""

    def __init__(self, folder: Path, beam: int | None) -> None:
        super().__init__(beam=beam)
        self._folder = folder

    def recogniser_model(self) -> Model:
        """The model in that folder."""
        return open_folder(self._folder)


class AfterWake:
    """Clips that come after the wake word: each after one of the given recordings, in turn."""

    def __init__(self, clips: Clips, wakes: list[NDArray[np.int16]]) -> None:
        self._clips, self._wakes = clips, wakes

    def __iter__(self) -> Iterator[tuple[Row, NDArray[np.int16]]]:
        for number, (row, samples) in enumerate(self._clips):
            yield row, np.concatenate([self._wakes[number % len(self._wakes)], samples])


def in_pytorch(run: Path, beam: int) -> asr.Transcribe:
    """The weights of a run, searched without n-grams."""
    import sentencepiece
    import torch

    from scripts.training.asr.beam import n_best
    from scripts.training.asr.teacher import load

    model = load(run / "checkpoint.pt")
    text = sentencepiece.SentencePieceProcessor(model_file=str(run / "pieces.model"))
    size = FLUSH_FRAMES

    @torch.no_grad()
    def transcribe(samples: NDArray[np.int16]) -> list[Hypothesis]:
        frames = log_mel(samples)
        missing = -len(frames) % size + size
        quiet = np.full((missing, frames.shape[1]), LOG_FLOOR + 1.0, np.float32)
        heard = model.encoder(torch.from_numpy(np.concatenate([frames, quiet]))[None])
        readings = n_best(model, heard, torch.tensor([heard.shape[1]]), beam)[0]
        return [Hypothesis(text.decode(list(labels)), -float(rank)) for rank, labels in enumerate(readings)]

    return transcribe


def costs_of(recogniser: Recogniser, model: Model) -> dict[str, Any]:
    """Bytes of the networks; millions of multiply-adds of the encoder in a second of what it has heard."""
    files = {name: about["bytes"] for name, about in model.info["files"].items()}
    encoder = recogniser.networks.encoder
    millions = Costs.of(model).millions(encoder.large_steps, encoder.steps)
    return {
        "bytes": sum(size for name, size in files.items() if name.startswith(NETWORKS)),
        "mmacs_per_s": round(millions / (encoder.steps * recogniser.step_s), 2),
        "large_pct": round(100 * encoder.large_steps / encoder.steps, 1),
    }


def trained(run: Path) -> dict[str, float]:
    """How long a run has trained, and the share of the encoder's blocks that are gone, by its checkpoint."""
    from scripts.training.asr.trainee import progress

    return progress(run / "checkpoint.pt")


def measure(
    sets: list[tuple[str, Path, int]],
    transcribe: asr.Transcribe,
    wakes: list[NDArray[np.int16]],
    after_wake: list[str],
) -> dict[str, Any]:
    """Measure on every set, and after a wake word on those that are named for it."""
    found = {}
    for name, manifest, limit in sets:
        rows = Choice(limit=limit).of(read_manifest(manifest))
        clips = Clips(rows, None, lambda line: print(line, file=sys.stderr))
        ways: dict[str, Any] = {name: clips}
        if name in after_wake:
            ways[f"{name}, after the wake word"] = AfterWake(clips, wakes)
        for told_as, sounds in ways.items():
            counted = Set()
            asr.measure(sounds, transcribe, counted.add)
            found[told_as] = counted.as_dict()
            print(f"{told_as}: {found[told_as]['wer']} %", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, required=True, help="JSON lines; takes one more")
    parser.add_argument("--name", required=True, help="what the report calls it")
    parser.add_argument("--run", type=Path, required=True, help="folder of its training")
    parser.add_argument("--model", type=Path, help="folder that it was exported to; without, in PyTorch")
    parser.add_argument("--idea", help="what it was trained for, where its folder does not tell")
    parser.add_argument("--origin", help="name of what it went on from, where its folder does not tell")
    parser.add_argument("--policy", choices=get_args(Policy), help="which branches run (as the model says)")
    parser.add_argument("--beam", type=int)
    parser.add_argument(
        "--set", nargs=3, action="append", required=True, metavar=("NAME", "MANIFEST", "LIMIT")
    )
    parser.add_argument("--wake-words", type=Path, help="manifest of recordings to come before the clips")
    parser.add_argument(
        "--after-wake", action="append", default=[], metavar="NAME", help="sets that come after them too"
    )
    args = parser.parse_args()
    sets = [(name, Path(manifest), int(limit)) for name, manifest, limit in args.set]
    wakes = [read_samples(row.path) for row in read_manifest(args.wake_words)] if args.wake_words else []
    if args.model:
        engines = Exported(args.model, args.beam)
        recogniser = engines.recogniser()
        if args.policy:
            recogniser.networks.encoder.prefer(args.policy)
        found = measure(sets, recogniser.transcribe, wakes, args.after_wake)
        costs = costs_of(recogniser, engines.recogniser_model())
    else:
        found, costs = measure(sets, in_pytorch(args.run, args.beam or 4), wakes, args.after_wake), {}
    told = {key: value for key, value in (("idea", args.idea), ("from", args.origin)) if value}
    line = {
        "name": args.name,
        **read_about(args.run),
        **trained(args.run),
        **told,
        "measured": command(sys.argv),
        **costs,
    }
    with args.results.open("a", encoding="utf-8") as results:
        results.write(json.dumps({**line, "sets": found}) + "\n")


if __name__ == "__main__":
    main()
