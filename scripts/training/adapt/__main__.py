"""Adapt a shipped recogniser to new material, so that the update to it is small: the neural diff.

    python -m scripts.training.adapt --run WORK/run --new WORK/store --replay STORE --out WORK/plain/asr-en
    python -m scripts.training.adapt --run WORK/run --new WORK/store --replay STORE --out WORK/small/asr-en \
        --share 0.01

The first command trains all int8 weights on their grid, of which some then differ by a step or two. The
second takes that result (from the run's folder), keeps the blocks that paid most, trains those on, and ends
with a package of at most that share of the full one. Stores come from `scripts.training.asr.features`; the
replayed ones are what the recogniser knows and shall not forget. No checkpoint is needed: the model's folder
is the beginning, and what is written is a folder of the next generation.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alexa_local.generations import digest_of, files_of, make_package, version_of
from alexa_local.models import Model, open_model
from alexa_local.recognise.networks import Pieces
from scripts.training.adapt.blocks import affordable, coded_bytes, kept
from scripts.training.adapt.learner import Learner
from scripts.training.adapt.recogniser import StoredRecogniser
from scripts.training.asr import parity
from scripts.training.asr.data import Batch, Part, Trainset, open_part, open_sounds
from scripts.training.asr.train import STRENGTH
from scripts.training.manifest import write_manifest
from scripts.training.selftest import FILE as SELFTEST
from scripts.training.selftest import write_selftest

WHOLE = "whole.npz"
"""In the run's folder: what training everything gave."""
RATE, PULL = 0.14, 0.1
"""Grid steps an update: what a usual gradient moves a weight, and the share of that by which it goes back."""
REPLAYED = 1.5
"""Known utterances for each new one."""
LONGEST_S, BATCH_S = 9.0, 40.0
_ROOM = 0.85
"""Share of the budget that is given out before the chosen blocks are trained on, and change more."""


def part_shares(new: Path, replay: list[Path]) -> list[Part]:
    """The new store whole, and as many of the others' utterances as are to be replayed."""
    parts = [open_part(new, longest_s=LONGEST_S)]
    known = sum(len(open_part(store, longest_s=LONGEST_S).clips) for store in replay)
    share = REPLAYED * len(parts[0].clips) / max(1, known)
    return [*parts, *(open_part(store, share, longest_s=LONGEST_S) for store in replay)]


def batches(model: Model, args: argparse.Namespace, seed: int) -> Iterator[Batch]:
    """Batches of new and of known material, augmented."""
    pieces = Pieces(model.path("pieces.txt").read_text(encoding="utf-8").splitlines())

    def spell(text: str) -> list[int]:
        return list(chain.from_iterable(pieces.spell(word) for word in text.split()))

    noises = open_sounds(args.noise) if args.noise else []
    return Trainset(part_shares(args.new, args.replay), spell, noises, [], seed, BATCH_S, STRENGTH).batches()


def learn_whole(model: Model, args: argparse.Namespace) -> tuple[Learner, StoredRecogniser]:
    """A learner that has learnt with all weights, now or in an earlier call of the same run."""
    stored = StoredRecogniser(model)
    learner = Learner(stored)
    files = files_of(model.folder)
    path, base = args.run / WHOLE, digest_of({name: files[name] for name in stored.files})
    if path.exists():
        with np.load(path) as whole:
            if str(whole["base"]) == base:
                learner.load(dict(whole))
                return learner, stored
    learner.learn(batches(model, args, args.seed), args.updates, RATE, PULL, print)
    args.run.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{"base": np.array(base), **learner.state()})  # type: ignore[arg-type]
    return learner, stored


def write(model: Model, stored: StoredRecogniser, weights: list[NDArray[np.int8]], out: Path) -> None:
    """Write the next generation's folder."""
    out.mkdir(parents=True, exist_ok=True)
    for name in model.info["files"]:
        shutil.copyfile(model.path(name), out / name)
    for layer, quantised in zip(stored.layers, weights, strict=True):
        layer.write(quantised)
    stored.save(out)
    adapted = Model(model.name, out, {**model.info})
    about: dict[str, Any] = {
        **{key: value for key, value in model.info.items() if key != "files"},
        "generation": version_of(model.folder) + 1,
        "parity": {
            **model.info["parity"],
            "encoded": parity.encoded(StoredRecogniser(adapted).model, "int8"),
        },
    }
    write_manifest(out, list(model.info["files"]), about)
    if SELFTEST in model.info["files"]:
        write_selftest(out)


def package_bytes(model: Model, out: Path, kind: str = "delta") -> int:
    """The length of the package to a folder, from the model or from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        old = None if kind == "full" else model.folder
        return make_package(kind, old, out, Path(folder, "package")).bytes


def adapt(model: Model, args: argparse.Namespace) -> dict[str, float]:
    """Train, write the folder, and say what its package takes."""
    learner, stored = learn_whole(model, args)
    before = [layer.quantised() for layer in stored.layers]
    full_bytes = package_bytes(model, model.folder, "full")
    if args.share:
        budget = args.share * full_bytes
        learner.restrict(affordable(before, learner.quantised(), learner.paid(), _ROOM * budget))
        learner.learn(batches(model, args, args.seed + 1), args.again, RATE, 0.0, print)
        after = learner.quantised()
        write(model, StoredRecogniser(model), after, args.out)
        other_bytes = package_bytes(model, args.out) - coded_bytes(before, after)  # manifest and self-test
        chosen = affordable(before, after, learner.paid(), budget - other_bytes)
        write(model, stored, kept(before, after, chosen), args.out)
    else:
        write(model, stored, learner.quantised(), args.out)
    made = package_bytes(model, args.out)
    return {"full_bytes": full_bytes, "package_bytes": made, "share": round(made / full_bytes, 4)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("firmware_models/asr-en"), help="what to adapt")
    parser.add_argument("--run", type=Path, required=True, help="folder for what training everything gives")
    parser.add_argument("--new", type=Path, required=True, help="store of what is to be learnt")
    parser.add_argument("--replay", type=Path, nargs="*", default=[], help="stores of what is known")
    parser.add_argument("--noise", type=Path, help="store of noise")
    parser.add_argument("--out", type=Path, required=True, help="the next generation's folder")
    parser.add_argument("--share", type=float, help="most bytes of the package, as a share of the full one's")
    parser.add_argument("--updates", type=int, default=160, help="batches to train everything with")
    parser.add_argument("--again", type=int, default=40, help="batches to train the chosen blocks with")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    model = open_model(args.model.name, args.model.parent)
    print(json.dumps(adapt(model, args)))


if __name__ == "__main__":
    main()
