"""Trainings of so many steps from trained weights, at a rate that falls to nothing: equal on any machine.

Beside its checkpoint such a training leaves `about.json`, which says what it was, for the report.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from scripts.training.asr.data import Batch
from scripts.training.asr.trainee import Trainee

ABOUT = "about.json"
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
    told = {"from": run.name, "command": command(sys.argv), **about}
    (out / ABOUT).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def command(arguments: Sequence[str]) -> str:
    """A command as it was given, without where things lie on this machine."""
    module = Path(arguments[0]).with_suffix("")
    names = module.parts[module.parts.index("scripts") :] if "scripts" in module.parts else module.parts[-1:]
    return " ".join(["python -m", ".".join(names), *(Path(one).name or one for one in arguments[1:])])
