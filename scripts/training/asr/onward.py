"""Trainings of so many steps from trained weights, at a rate that falls to nothing: equal on any machine.

Beside its checkpoint such a training leaves word of what it was for.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from torch import Tensor

from scripts.training.asr.about import write_about
from scripts.training.asr.data import Batch
from scripts.training.asr.trainee import Trainee

WARM_UP = 0.05
"""Share of the steps in which the rate rises: the optimiser starts without a memory."""
LOG_STEPS = 25

Objective = Callable[[Batch], tuple[Tensor, dict[str, float]]]
"""What is made small for a batch, and figures of it for the log."""


def rate_at(step: int, steps: int, highest: float) -> float:
    """The learning rate of a step: up to `highest`, then straight down to nothing."""
    return highest * min(1.0, (step + 1) / max(1.0, WARM_UP * steps)) * max(0.0, 1 - step / steps)


def go_on(trainee: Trainee, batches: Iterable[Batch], objective: Objective, steps: int, rate: float) -> None:
    """Train until so many steps are done, those before a resume included."""
    if trainee.step >= steps:
        return
    sums: Counter[str] = Counter()
    for batch in batches:
        loss, figures = objective(batch)
        trainee.learn(loss, rate_at(trainee.step, steps, rate), trainee.step)
        sums.update(figures)
        sums["batches"] += 1
        ended = trainee.step >= steps
        if ended or trainee.step % LOG_STEPS == 0:
            trainee.log(zero=trainee.compression.share_zero(), **sums)
            sums.clear()
        trainee.save(at_once=ended)
        if ended:
            return


def begin(run: Path, out: Path, **about: Any) -> None:
    """Make the folder of a training that goes on from `run`: its pieces, and what it is about."""
    out.mkdir(parents=True, exist_ok=True)
    for pieces in run.glob("pieces.*"):
        shutil.copy(pieces, out)
    write_about(out, run, **about)
