"""Train the biasing networks on a recogniser, frozen or learning along; resumes from its last checkpoint.

    python -m scripts.training.attention.train --recogniser DIR --run DIR --stores DIR --minutes 22

The recogniser's folder is a run of `scripts.training.asr.train` (checkpoint.pt, pieces.model, pieces.txt).
Every batch has a catalogue of its own. Progress goes to RUN/log.jsonl, with the losses on batches that are
drawn apart: `none` without a catalogue, `with` one that holds what is said, `anti` with one that does not;
`inside` is the share of their labels that a phrase of the catalogue is of.
Several processes train together when started with torchrun, as for the recogniser.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
import torch
from numpy.typing import NDArray
from torch import distributed, nn

from scripts.training.asr.data import Batch
from scripts.training.asr.export import load_average
from scripts.training.asr.features import open_store
from scripts.training.asr.model import Shape, Transducer
from scripts.training.asr.train import CTC_WEIGHT, FAST_EMIT, PARTS, open_trainset, save, share_gradients
from scripts.training.attention.catalogue import Catalogue, Words, draw_catalogue, places, split_words, unsaid
from scripts.training.attention.loss import losses
from scripts.training.attention.model import Biasing, Places, Sizes

RATE = 2e-3
DECAY = 0.4
"""Share of the training in which the rate falls to nothing."""
WARM_UP_STEPS = 100
WITHOUT_CATALOGUE = 0.2
"""Share of the batches without any catalogue, when the recogniser learns along: it must stay good alone."""
AVERAGE = 0.98
HELD_OUT = 4
"""Batches for judging, drawn apart from those that are trained on."""
HELD_OUT_SEED = 10_000
EVERY_STEPS, JUDGE_EVERY_S, SAVE_EVERY_S = 25, 150.0, 90.0


class Task:
    """The batches, and catalogues for them."""

    def __init__(self, recogniser: Path, stores: Path, sizes: Sizes, seed: int) -> None:
        self._stores, self._pieces = stores, recogniser / "pieces.model"
        self._random = np.random.default_rng(seed)
        text = sentencepiece.SentencePieceProcessor(model_file=str(self._pieces))
        self.starts: NDArray[np.bool_] = np.array(
            [text.id_to_piece(i).startswith("\u2581") for i in range(sizes.pieces)]
        )
        self.words = Words(split_words(labels, self.starts) for labels in text.encode(texts_in(stores)))

    def batches(self, seed: int) -> Iterator[Batch]:
        """Endless batches of the recogniser's training set."""
        return open_trainset(self._stores, self._pieces, seed).batches(ahead=3)

    def catalogue(self, batch: Batch, random: np.random.Generator | None = None) -> Catalogue:
        """A new catalogue for a batch."""
        return draw_catalogue(batch, self.words, self.starts, random or self._random)


def texts_in(stores: Path) -> list[str]:
    """What is said in the stores, each sentence once."""
    names = (folder for folder in sorted(stores.iterdir()) if folder.name.split("-")[0] in PARTS)
    return sorted({row["text"] for folder in names for row in open_store(folder)[1] if row["text"]})


@dataclass(frozen=True)
class Held:
    """A batch for judging, the places of a catalogue that holds some of what is said, and without that."""

    batch: Batch
    saying: Places
    unsaid: Places
    inside: float


def judge(model: Transducer, biasing: Biasing, held: list[Held]) -> dict[str, float]:
    """Mean transducer losses of batches without, with and against their catalogues; `inside`."""
    with torch.no_grad():
        rows = [
            [
                float(losses(model, biasing, one.batch, which).transducer)
                for which in (None, one.saying, one.unsaid)
            ]
            for one in held
        ]
    means = np.mean([[*row, one.inside] for row, one in zip(rows, held, strict=True)], axis=0).round(4)
    return dict(zip(("none", "with", "anti", "inside"), means.tolist(), strict=True))


def hold_out(task: Task) -> list[Held]:
    """Batches, each with a catalogue that holds some of what is said, and the same one without that."""
    held = []
    for batch in itertools.islice(task.batches(HELD_OUT_SEED), HELD_OUT):
        drawn = (task.catalogue(batch, np.random.default_rng(attempt)) for attempt in range(100))
        catalogue = next((one for one in drawn if one.inside.any()), None)
        if catalogue:
            anti = unsaid(batch, catalogue, task.starts)
            inside = float(catalogue.inside.sum() / batch.counts.sum())
            held.append(Held(batch, places(batch, catalogue.phrases), places(batch, anti.phrases), inside))
    return held


class Training:
    """Networks, optimiser and clock of one run."""

    def __init__(self, recogniser: Path, run: Path, sizes: Sizes, recogniser_rate: float) -> None:
        self._path, self._rate = run / "checkpoint.pt", recogniser_rate
        self.model = load_average(recogniser / "checkpoint.pt")
        self.biasing = Biasing(sizes)
        self.learns_along = recogniser_rate > 0
        self.model.requires_grad_(self.learns_along)
        self.learners = nn.ModuleList([self.biasing, *([self.model] if self.learns_along else [])])
        mean = torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGE)
        self.average = torch.optim.swa_utils.AveragedModel(self.biasing, multi_avg_fn=mean)
        self.model_average = torch.optim.swa_utils.AveragedModel(self.model, multi_avg_fn=mean)
        groups = [{"params": list(self.biasing.parameters()), "peak": RATE}]
        if self.learns_along:
            groups.append({"params": list(self.model.parameters()), "peak": recogniser_rate})
        self.optimiser = torch.optim.AdamW(groups, RATE, betas=(0.9, 0.98), weight_decay=1e-3)
        self.step, self.used_s, self._last_s = 0, 0.0, time.monotonic()
        if self._path.exists():
            self._resume()

    def _resume(self) -> None:
        state = torch.load(self._path, weights_only=False)
        self.biasing.load_state_dict(state["attention"])
        self.average.load_state_dict(state["attention_average"])
        self.model.load_state_dict(state["model"])
        self.model_average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.used_s = state["step"], state["used_s"]

    @property
    def averaged(self) -> Biasing:
        """The biasing networks with their weights averaged, as they are exported."""
        averaged = self.average.module
        assert isinstance(averaged, Biasing)
        return averaged

    def start(self) -> None:
        """Start the clock."""
        self._last_s = time.monotonic()

    def save(self) -> None:
        """Write the checkpoint; `model` and `average` are those of a recogniser's own checkpoint."""
        save(
            self._path,
            attention=self.biasing.state_dict(),
            attention_average=self.average.state_dict(),
            sizes=self.biasing.sizes.as_dict(),
            model=self.model.state_dict(),
            average=self.model_average.state_dict(),
            shape=self.model.shape.as_dict(),
            optimiser=self.optimiser.state_dict(),
            step=self.step,
            used_s=self.used_s,
        )

    def learn(self, batch: Batch, places: Places | None, progress: float) -> float:
        """One step; returns its transducer loss."""
        factor = min(1.0, (self.step + 1) / WARM_UP_STEPS) * min(1.0, max(0.0, (1 - progress) / DECAY))
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * factor
        fast_emit = FAST_EMIT if self.learns_along else 0.0
        found = losses(self.model, self.biasing, batch, places, self.learns_along, fast_emit)
        loss = found.transducer + CTC_WEIGHT * found.ctc
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.used_s += share_gradients(self.learners, time.monotonic() - self._last_s)  # type: ignore[arg-type]
        self._last_s = time.monotonic()
        norm = torch.nn.utils.clip_grad_norm_(self.learners.parameters(), 2.0)
        if torch.isfinite(norm):
            self.optimiser.step()
            self.average.update_parameters(self.biasing)
            if self.learns_along:
                self.model_average.update_parameters(self.model)
        self.step += 1
        return found.transducer.item()


def load_biasing(checkpoint: Path) -> Biasing:
    """The averaged biasing networks of a checkpoint."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=False)
    biasing = Biasing(Sizes(**state["sizes"]))
    average = state["attention_average"]
    biasing.load_state_dict(
        {name.removeprefix("module."): value for name, value in average.items() if name != "n_averaged"}
    )
    return biasing.eval()


def train(
    recogniser: Path, run: Path, stores: Path, minutes: float, seed: int, threads: int, recogniser_rate: float
) -> None:
    """Train until the minutes are used up; `run` takes checkpoint.pt, the pieces and log.jsonl."""
    if "WORLD_SIZE" in os.environ:
        distributed.init_process_group("gloo")
    rank = distributed.get_rank() if distributed.is_initialized() else 0
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    run.mkdir(parents=True, exist_ok=True)
    for file in ("pieces.model", "pieces.txt"):
        shutil.copyfile(recogniser / file, run / file)
    shape = Shape(**torch.load(recogniser / "checkpoint.pt", weights_only=False)["shape"])
    one = Training(recogniser, run, Sizes(pieces=shape.pieces, joint=shape.joint), recogniser_rate)
    task = Task(recogniser, stores, one.biasing.sizes, seed + one.step + 1000 * rank)
    held = hold_out(task) if rank == 0 else []
    sums, saved_s, judged_s = [], one.used_s, -JUDGE_EVERY_S
    one.start()
    for batch in task.batches(seed + one.step + 1000 * rank):
        progress = one.used_s / (60 * minutes)
        alone = one.learns_along and np.random.default_rng(one.step).random() < WITHOUT_CATALOGUE
        found = None if alone else places(batch, task.catalogue(batch).phrases)
        sums.append(one.learn(batch, found, progress))
        done = one.used_s >= 60 * minutes
        if rank == 0 and (one.step % EVERY_STEPS == 0 or done):
            line: dict[str, Any] = {"step": one.step, "minutes": round(one.used_s / 60, 3)}
            line["transducer"] = round(float(np.mean(sums)), 4)
            if done or one.used_s - judged_s >= JUDGE_EVERY_S:
                line.update(judge(one.model, one.averaged, held))
                judged_s = one.used_s
            with (run / "log.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            sums = []
        if rank == 0 and (done or one.used_s - saved_s > SAVE_EVERY_S):
            saved_s = one.used_s
            one.save()
        if done:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recogniser", type=Path, required=True, help="run folder of the trained recogniser")
    parser.add_argument("--run", type=Path, required=True, help="takes the checkpoint and the log")
    parser.add_argument("--stores", type=Path, required=True, help="folder of feature stores")
    parser.add_argument("--minutes", type=float, default=22.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--recogniser-rate", type=float, default=0.0, help="train the recogniser along at this rate (1e-5)"
    )
    args = parser.parse_args()
    train(args.recogniser, args.run, args.stores, args.minutes, args.seed, args.threads, args.recogniser_rate)


if __name__ == "__main__":
    main()
