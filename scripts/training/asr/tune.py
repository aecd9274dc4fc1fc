"""Train a trained transducer on for some steps with at most one idea changed: the arms of the report.

    python -m scripts.training.asr.tune --run DIR --out DIR --stores DIR --steps 1000 [--teacher DIR]

It starts from the averaged weights of --run at a small rate, which falls to nothing, and writes checkpoints
of the same form to --out, from which it resumes. Without an idea it is the control that the others are held
against: equally many steps on the same data. Several processes train together when started with torchrun.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import sentencepiece
from torch import Tensor

from scripts.training.asr import mwer
from scripts.training.asr.compress import Plan
from scripts.training.asr.data import WAKE_SHARE, Batch
from scripts.training.asr.losses import CTC_WEIGHT, losses_of, outputs
from scripts.training.asr.model import Transducer
from scripts.training.asr.onward import Objective, begin, go_on
from scripts.training.asr.teacher import Lessons, apart, delays, load
from scripts.training.asr.train import open_trainset, open_untranscribed_set
from scripts.training.asr.trainee import CHECKPOINT, Trainee, join_others

RATE, AVERAGE = 2e-4, 0.99
GRID = 0.05
"""Last pull to the int8 grid, in its steps; it grows from nothing."""
SPARSE_UNTIL = 0.6
"""Share of the steps in which the sparsity grows."""
UNTRANSCRIBED_EVERY = 10
"""One batch in so many is of clips without text, where a teacher says what is in them."""
DELAY_BATCHES = 6


@dataclass(frozen=True)
class Idea:
    """What is different from the control.

    Attributes:
        teacher: folder of a teacher's training.
        teacher_weight: weight of what it teaches, beside the losses on the transcripts.
        untranscribed: whether it teaches on clips without text too.
        wake_share: share of the utterances that come after the wake word.
        sparsity: share of the encoder's weights that are pruned.
        grid: last pull to the int8 grid, in its steps.
        mwer: whether the expected number of wrong words is made small.
    """

    teacher: Path | None = None
    teacher_weight: float = 0.5
    untranscribed: bool = False
    wake_share: float = WAKE_SHARE
    sparsity: float = 0.0
    grid: float = GRID
    mwer: bool = False

    @property
    def names(self) -> list[str]:
        """What is different, in words."""
        plain = Idea()
        taught = "a teacher, also on untranscribed audio" if self.untranscribed else "a teacher"
        named = {
            taught: self.teacher is not None,
            f"context audio in {self.wake_share:g} of the utterances": self.wake_share != plain.wake_share,
            f"sparsity {self.sparsity:g}": self.sparsity != plain.sparsity,
            f"a pull to the grid of {self.grid:g}": self.grid != plain.grid,
            "minimum word error rate": self.mwer,
        }
        return [name for name, is_on in named.items() if is_on]


def plain(model: Transducer) -> Objective:
    """The losses on the transcripts."""

    def objective(batch: Batch) -> tuple[Tensor, dict[str, float]]:
        transducer, ctc = losses_of(outputs(model, model.encoder(batch.frames), batch), batch)
        return transducer + CTC_WEIGHT * ctc, {"transducer": transducer.item(), "ctc": ctc.item()}

    return objective


def taught(model: Transducer, lessons: Lessons, weight: float) -> Objective:
    """The losses on the transcripts and a teacher's; where there is no transcript, the teacher's alone."""

    def objective(batch: Batch) -> tuple[Tensor, dict[str, float]]:
        heard = lessons.heard(batch)
        is_transcribed = bool(batch.counts.sum())
        if not is_transcribed:
            batch = lessons.transcribed(batch, heard)
        said = outputs(model, model.encoder(batch.frames), batch)
        lattice, frames = apart(lessons.said(batch, heard, said.low), said, batch)
        loss = weight * (lattice + CTC_WEIGHT * frames)
        figures = {"from_teacher": lattice.item(), "from_teacher_ctc": frames.item()}
        if not is_transcribed:
            return loss, {f"untranscribed_{name}": value for name, value in figures.items()}
        transducer, ctc = losses_of(said, batch)
        figures = {"transducer": transducer.item(), "ctc": ctc.item(), **figures}
        return loss + transducer + CTC_WEIGHT * ctc, figures

    return objective


def interleaved(batches: Iterator[Batch], others: Iterator[Batch], every: int) -> Iterator[Batch]:
    """One of the others after every so many."""
    while True:
        yield from itertools.islice(batches, every - 1)
        yield next(others)


def objective_of(idea: Idea, student: Transducer, stores: Path, pieces: Path, seed: int) -> Objective:
    """What an idea makes small; a teacher's delay is found on the first batches of a seed."""
    if idea.mwer:
        return mwer.objective(student, sentencepiece.SentencePieceProcessor(model_file=str(pieces)))
    if not idea.teacher:
        return plain(student)
    teacher = load(idea.teacher / CHECKPOINT)
    with closing(open_trainset(stores, pieces, seed).batches()) as batches:
        nats = delays(teacher, student, itertools.islice(batches, DELAY_BATCHES))
    print(f"from the teacher, by its delay: {[round(one, 2) for one in nats]}", flush=True)
    return taught(student, Lessons(teacher, nats.index(min(nats))), idea.teacher_weight)


def tune(
    run: Path, out: Path, stores: Path, steps: int, rate: float, seed: int, threads: int, idea: Idea
) -> None:
    """Train the model of `run` on, with an idea; `out` takes what `run` has."""
    rank = join_others(threads, seed)
    begin(run, out, idea=", ".join(idea.names) or "control", steps=steps, seed=seed)
    pieces = out / "pieces.model"
    student = load(run / CHECKPOINT)
    objective = objective_of(idea, student, stores, pieces, seed)
    plan = Plan(idea.sparsity, 0, SPARSE_UNTIL * steps, idea.grid, 0, steps)
    trainee = Trainee(student.train(), out, AVERAGE, 0.0, plan, rank)
    other = seed + trainee.step + 1000 * rank
    with ExitStack() as opened:
        trainset = open_trainset(stores, pieces, other, wake_share=idea.wake_share)
        batches: Iterator[Batch] = opened.enter_context(closing(trainset.batches()))
        if idea.untranscribed:
            more = open_untranscribed_set(stores, pieces, other).batches()
            more = opened.enter_context(closing(more))
            batches = interleaved(batches, more, UNTRANSCRIBED_EVERY)
        go_on(trainee, batches, objective, steps, rate)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of a finished training")
    parser.add_argument("--out", type=Path, required=True, help="takes checkpoints and the log")
    parser.add_argument("--stores", type=Path, required=True, help="folder of feature stores")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    plain = Idea()
    parser.add_argument("--teacher", type=Path, help="folder of a teacher's training")
    parser.add_argument("--teacher-weight", type=float, default=plain.teacher_weight)
    parser.add_argument(
        "--untranscribed", action="store_true", help="with --teacher: on clips without text too"
    )
    parser.add_argument("--wake-share", type=float, default=plain.wake_share)
    parser.add_argument("--sparsity", type=float, default=plain.sparsity)
    parser.add_argument("--grid", type=float, default=plain.grid)
    parser.add_argument("--mwer", action="store_true", help="minimum word error rate on n-best lists")
    args = parser.parse_args()
    idea = Idea(
        args.teacher,
        args.teacher_weight,
        args.untranscribed,
        args.wake_share,
        args.sparsity,
        args.grid,
        args.mwer,
    )
    if len(idea.names) > 1 or (idea.untranscribed and not idea.teacher):
        parser.error(f"one idea at a time, and --untranscribed with --teacher: {' and '.join(idea.names)}")
    tune(args.run, args.out, args.stores, args.steps, args.rate, args.seed, args.threads, idea)


if __name__ == "__main__":
    main()
