"""Train the biasing networks on a recogniser, frozen or learning along; resumes from its last checkpoint.

    python -m scripts.training.attention.train --recogniser DIR --run DIR --stores DIR

The recogniser's folder is a run of `scripts.training.asr.train` (checkpoint.pt, pieces.model, pieces.txt).
Among the stores are some with made-up names (names-*), of which the recogniser has learnt nothing. The
batches are a pool that is made at the start (encoded, unless the recogniser learns along); every time that
one is drawn, it has a new catalogue. Progress goes to RUN/log.jsonl, with the losses on batches that are kept
apart, of names and of the rest: `none` without a catalogue, `with` one that holds what is said, `anti` with
one that does not; `inside` is the share of their labels that a phrase of the catalogue is of.
Several processes train together when started with torchrun, as for the recogniser.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed, nn

from scripts.training.asr.data import Batch
from scripts.training.asr.export import load_average
from scripts.training.asr.losses import CTC_WEIGHT, FAST_EMIT
from scripts.training.asr.model import Shape
from scripts.training.asr.trainee import save, share_gradients
from scripts.training.attention.catalogue import places
from scripts.training.attention.loss import encode, losses
from scripts.training.attention.model import Biasing, Places, Sizes
from scripts.training.attention.pool import Held, Pool

RATE, RATE_OF_NATS = 1e-3, 2e-2
"""Of the weights, and of what is counted in nats (values, trust, no_score) and has far to go."""
DECAY = 0.5
"""Share of the training in which the rate falls to nothing."""
WARM_UP_STEPS = 20
WITHOUT_CATALOGUE = 0.2
"""Share of the batches without any catalogue, when the recogniser learns along: it must stay good alone."""
AVERAGE = 0.98
EVERY_STEPS, JUDGE_EVERY_S, SAVE_EVERY_S = 25, 150.0, 90.0


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
        nats = {"values", "trust", "no_score"}
        groups: list[dict[str, Any]] = [
            {"params": [p for name, p in self.biasing.named_parameters() if name not in nats], "peak": RATE},
            {
                "params": [p for name, p in self.biasing.named_parameters() if name in nats],
                "peak": RATE_OF_NATS,
                "weight_decay": 0.0,
            },
        ]
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

    @torch.no_grad()
    def prepare(self, batch: Batch) -> Batch:
        """A batch as the pool keeps it: encoded, unless the encoder learns."""
        return batch if self.learns_along else encode(self.model, batch)

    def encoded(self, batch: Batch) -> Batch:
        """A batch of the pool as the losses take it."""
        return encode(self.model, batch) if self.learns_along else batch

    def learn(self, batch: Batch, places: Places | None, progress: float) -> float:
        """One step; returns its transducer loss."""
        factor = min(1.0, (self.step + 1) / WARM_UP_STEPS) * min(1.0, max(0.0, (1 - progress) / DECAY))
        for group in self.optimiser.param_groups:
            group["lr"] = group["peak"] * factor
        fast_emit = FAST_EMIT if self.learns_along else 0.0
        found = losses(self.model, self.biasing, self.encoded(batch), places, self.learns_along, fast_emit)
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


@torch.no_grad()
def judge(one: Training, held: list[Held]) -> dict[str, float]:
    """Mean transducer losses of batches without, with and against their catalogues; `inside`."""
    rows = [
        [
            float(losses(one.model, one.averaged, one.encoded(apart.batch), which).transducer)
            for which in (None, apart.saying, apart.unsaid)
        ]
        for apart in held
    ]
    means = np.mean([[*row, apart.inside] for row, apart in zip(rows, held, strict=True)], axis=0).round(4)
    return dict(zip(("none", "with", "anti", "inside"), means.tolist(), strict=True))


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
    one: Training, stores: Path, run: Path, minutes: float, batches: int, seed: int, rank: int = 0
) -> None:
    """Train until the minutes are used up; `run` holds pieces.model, takes checkpoint.pt and log.jsonl."""
    if one.used_s >= 60 * minutes:
        return
    pool = Pool(stores, run / "pieces.model", batches, one.prepare, seed + one.step + 1000 * rank)
    held = pool.hold_out() if rank == 0 else {}
    sums, saved_s, judged_s = [], one.used_s, -JUDGE_EVERY_S
    one.start()
    done = False
    while not done:
        progress = one.used_s / (60 * minutes)
        batch, catalogue = pool.draw()
        alone = one.learns_along and np.random.default_rng(one.step).random() < WITHOUT_CATALOGUE
        sums.append(one.learn(batch, None if alone else places(batch, catalogue.phrases), progress))
        done = one.used_s >= 60 * minutes
        if rank == 0 and (one.step % EVERY_STEPS == 0 or done):
            line: dict[str, Any] = {"step": one.step, "minutes": round(one.used_s / 60, 3)}
            line["transducer"] = round(float(np.mean(sums)), 4)
            if done or one.used_s - judged_s >= JUDGE_EVERY_S:
                line.update({kind: judge(one, apart) for kind, apart in held.items()})
                judged_s = one.used_s
            with (run / "log.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            sums = []
        if rank == 0 and (done or one.used_s - saved_s > SAVE_EVERY_S):
            saved_s = one.used_s
            one.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recogniser", type=Path, required=True, help="run folder of the trained recogniser")
    parser.add_argument("--run", type=Path, required=True, help="takes the checkpoint and the log")
    parser.add_argument("--stores", type=Path, required=True, help="folder of feature stores")
    parser.add_argument("--minutes", type=float, default=12.0)
    parser.add_argument("--batches", type=int, default=100, help="of made-up names, and as many others")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--recogniser-rate", type=float, default=0.0, help="train the recogniser along at this rate (1e-5)"
    )
    args = parser.parse_args()
    if "WORLD_SIZE" in os.environ:
        distributed.init_process_group("gloo")
    rank = distributed.get_rank() if distributed.is_initialized() else 0
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    for file in ("pieces.model", "pieces.txt"):
        shutil.copyfile(args.recogniser / file, args.run / file)
    shape = Shape(**torch.load(args.recogniser / "checkpoint.pt", weights_only=False)["shape"])
    one = Training(
        args.recogniser, args.run, Sizes(pieces=shape.pieces, joint=shape.joint), args.recogniser_rate
    )
    train(one, args.stores, args.run, args.minutes, args.batches, args.seed, rank)


if __name__ == "__main__":
    main()
