"""A model in training: optimiser, average, clock, and checkpoints that outlive an interruption."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import torch
from torch import Tensor, distributed, nn

from scripts.training.asr.compress import Compression, Plan, kept_blocks
from scripts.training.asr.model import Shape, Transducer

CHECKPOINT, LOG = "checkpoint.pt", "log.jsonl"
SAVE_EVERY_S = 120.0
LARGEST_NORM = 2.0
"""Gradients are scaled down to this."""


def join_others(threads: int, seed: int) -> int:
    """Set PyTorch up, as one of several processes where torchrun started them; returns which one."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    if "WORLD_SIZE" not in os.environ:
        return 0
    distributed.init_process_group("gloo")
    return distributed.get_rank()


class Trainee:
    """The transducer in training; the first of the processes that train together writes its files.

    Attributes:
        step: updates so far.
        used_s: seconds of training so far, which are those of all processes, and of those before a resume.
        compression: what is pruned.
    """

    def __init__(
        self, model: Transducer, folder: Path, average: float, weight_decay: float, plan: Plan, rank: int
    ) -> None:
        """Go on from the folder's checkpoint, if it has one.

        Args:
            model: the model as it is at the very beginning.
            folder: takes checkpoint.pt and log.jsonl.
            average: decay of the moving average of the weights.
            weight_decay: AdamW's.
            plan: what is pruned and pulled to the grid.
            rank: which process this is.
        """
        self.model, self._folder, self._rank = model, folder, rank
        self._average = torch.optim.swa_utils.AveragedModel(
            model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(average)
        )
        self._optimiser = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), weight_decay=weight_decay)
        self.step, self.used_s = 0, 0.0
        if (folder / CHECKPOINT).exists():
            state = torch.load(folder / CHECKPOINT, weights_only=False)
            model.load_state_dict(state["model"])
            self._average.load_state_dict(state["average"])
            self._optimiser.load_state_dict(state["optimiser"])
            self.step, self.used_s = state["step"], state["used_s"]
        self.compression = Compression(model, self._average, plan)
        self._last_s, self._saved_s = time.monotonic(), self.used_s

    def learn(self, loss: Tensor, rate: float, now: float | None = None) -> None:
        """One update with the gradient of a loss, averaged over the processes; none if it is not finite.

        `now` is where in its plan of compression the training is; without it the plan counts minutes.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.used_s += share_gradients(self.model, time.monotonic() - self._last_s)
        self._last_s = time.monotonic()
        if torch.isfinite(nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_NORM)):
            self._optimiser.step()
            self.compression.after_step(self.step, self.used_s / 60 if now is None else now)
            self._average.update_parameters(self.model)
        self.step += 1

    def log(self, **figures: float) -> None:
        """Add a line to the log."""
        if self._rank == 0:
            line = {"step": self.step, "minutes": self.used_s / 60, **figures}
            with (self._folder / LOG).open("a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")

    def save(self, at_once: bool) -> None:
        """Write a checkpoint where it is time for one."""
        if self._rank == 0 and (at_once or self.used_s - self._saved_s > SAVE_EVERY_S):
            self._saved_s = self.used_s
            save(
                self._folder / CHECKPOINT,
                model=self.model.state_dict(),
                average=self._average.state_dict(),
                optimiser=self._optimiser.state_dict(),
                step=self.step,
                used_s=self.used_s,
                shape=self.model.shape.as_dict(),
            )


def averaged(checkpoint: Path) -> tuple[Shape, dict[str, Tensor]]:
    """A checkpoint's sizes and averaged weights."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=False)
    weights = {name.removeprefix("module."): value for name, value in state["average"].items()}
    weights.pop("n_averaged", None)
    return Shape(**state["shape"]), weights


def progress(checkpoint: Path) -> dict[str, float]:
    """How far a training is, and the share of the encoder's weights whose block is gone."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=False, mmap=True)
    masks = [
        kept_blocks(weight)
        for name, weight in state["model"].items()
        if weight.ndim == 2 and "encoder" in name
    ]
    kept = sum(int(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks)
    return {"steps": state["step"], "minutes": round(state["used_s"] / 60, 1), "zero": round(1 - kept, 3)}


def save(path: Path, **state: object) -> None:
    """Write a checkpoint so that an interruption leaves the old one."""
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def share_gradients(model: nn.Module, seconds: float) -> float:
    """Average the gradients over the processes that train together, and their clocks; returns the seconds."""
    if not distributed.is_initialized():
        return seconds
    gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in model.parameters()]
    flat = torch.cat([*(g.flatten() for g in gradients), torch.tensor([seconds])])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    for parameter, mean in zip(
        model.parameters(), flat[:-1].split([g.numel() for g in gradients]), strict=True
    ):
        parameter.grad = mean.view_as(parameter)
    return float(flat[-1])
