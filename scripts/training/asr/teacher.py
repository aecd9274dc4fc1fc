"""A teacher that hears whole utterances, and what it teaches a transducer that hears no future.

    python -m scripts.training.asr.teacher --run DIR --out DIR --stores DIR --steps 1500

The teacher is a trained student, which stays as it is, with layers that run both ways between its encoder and
its output layers; it begins with the student's own outputs. It is trained on the same data with the same
losses. (Output layers that learn along lose at a high rate what they knew; 700 steps did not bring it back.)

A student learns from its soft outputs beside the transcripts: on the band of the transducer's lattice, where
each cell's distribution is collapsed to blank, the right label and the rest (Panchapagesan et al. 2021,
"Efficient knowledge distillation for RNN-transducer models"), and CTC's step by step. Who hears the future
speaks early, so the teacher is delayed by the steps with which its CTC outputs are likest the student's.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.training.asr.beam import n_best
from scripts.training.asr.compress import Plan
from scripts.training.asr.data import Batch
from scripts.training.asr.losses import BAND, CTC_WEIGHT, Outputs, labels_in, losses, outputs
from scripts.training.asr.model import Encoder, Shape, Transducer
from scripts.training.asr.onward import begin, go_on
from scripts.training.asr.train import open_trainset
from scripts.training.asr.trainee import CHECKPOINT, Trainee, averaged, join_others

LAYERS = 2
RATE, WEIGHT_DECAY, AVERAGE = 8e-4, 1e-2, 0.99
LONGEST_DELAY = 5
READINGS = 2
"""Beam of the search for the teacher's reading of what nobody transcribed."""
_NEVER = -30.0
"""Log-probability of what cannot be."""


class BothWays(nn.Module):
    """A layer that runs both ways, on a residual path; at first it changes next to nothing."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(wide)
        self.lstm = nn.LSTM(wide, wide, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * wide, wide)
        nn.init.normal_(self.out.weight, std=1e-3)  # zeros would count as pruned
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """float32 (B, T, wide) -> (B, T, wide)."""
        return x + self.out(self.lstm(self.norm(x))[0])


class FullContext(Encoder):
    """A student's encoder with layers above it that hear the whole utterance."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.above = nn.Sequential(*(BothWays(shape.lstm) for _ in range(LAYERS)))

    def forward(self, frames: Tensor) -> Tensor:
        """float32 (B, T, 64), T a multiple of 8 -> (B, T // 8, lstm)."""
        with torch.no_grad():
            x = super().forward(frames)
        return self.above(x)


class Teacher(Transducer):
    """A transducer whose encoder hears the whole utterance; only what it has above the student learns."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.encoder = FullContext(shape)
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(name.startswith("encoder.above."))


def load(checkpoint: Path) -> Transducer:
    """The averaged weights of a checkpoint, of a teacher or a student."""
    shape, weights = averaged(checkpoint)
    is_teacher = any(name.startswith("encoder.above") for name in weights)
    model = Teacher(shape) if is_teacher else Transducer(shape)
    model.load_state_dict(weights)
    return model.eval()


def above(student: Transducer) -> Teacher:
    """A new teacher that says what the student says."""
    teacher = Teacher(student.shape)
    teacher.load_state_dict(student.state_dict(), strict=False)
    return teacher


class Lessons:
    """What a teacher says of batches."""

    def __init__(self, teacher: Transducer, delay: int = 0) -> None:
        """Take the teacher, and by how many steps to delay it."""
        self._teacher, self.delay = teacher, delay

    @torch.no_grad()
    def heard(self, batch: Batch) -> Tensor:
        """Its encoder's vectors, float32 (B, T, lstm)."""
        return self._teacher.encoder(batch.frames)

    @torch.no_grad()
    def transcribed(self, batch: Batch, heard: Tensor) -> Batch:
        """The batch with the teacher's own best reading as its labels."""
        best = [readings[0] for readings in n_best(self._teacher, heard, batch.steps, READINGS)]
        counts = torch.tensor([len(labels) for labels in best])
        labels = torch.zeros((len(best), max(1, int(counts.max()))), dtype=torch.int64)
        for row, reading in zip(labels, best, strict=True):
            row[: len(reading)] = torch.tensor(reading, dtype=torch.int64)
        return replace(batch, labels=labels, counts=counts)

    @torch.no_grad()
    def said(self, batch: Batch, heard: Tensor, low: Tensor) -> Outputs:
        """What it says on the student's band, as late as it is delayed."""
        return outputs(self._teacher, delayed(heard, self.delay), batch, low)


def delayed(heard: Tensor, steps: int) -> Tensor:
    """Vectors (B, T, lstm) that come so many steps later; the first stands for those before it."""
    length = heard.shape[1]
    return torch.cat([heard[:, :1].expand(-1, steps, -1), heard], 1)[:, :length]


def apart(taught: Outputs, student: Outputs, batch: Batch) -> tuple[Tensor, Tensor]:
    """How far what a student says is from what it is taught: (transducer, CTC), in nats per label.

    The transducer's is the Kullback-Leibler divergence of the collapsed distributions, summed along the band
    and averaged across it.
    """
    within = torch.arange(taught.ctc.shape[1]) < batch.steps[:, None]  # (B, T)
    at = taught.low[:, :, None] + torch.arange(BAND)
    cells = within[:, :, None] & (at <= batch.counts[:, None, None])  # (B, T, BAND)
    lattice = _divergence(_collapsed(taught, batch), _collapsed(student, batch))[cells].sum() / BAND
    ctc = _divergence(taught.ctc, student.ctc)[within].sum()
    return lattice / labels_in(batch), ctc / labels_in(batch)


def _divergence(taught: Tensor, student: Tensor) -> Tensor:
    """Of log-probabilities in the last dimension."""
    return (taught.exp() * (taught - student)).sum(-1)


def _collapsed(said: Outputs, batch: Batch) -> Tensor:
    """Log-probabilities of blank, the right label and the rest: float32 (B, T, BAND, 3)."""
    log_p = functional.log_softmax(said.logits, -1)
    at = said.low[:, :, None] + torch.arange(BAND)
    is_end = at >= batch.counts[:, None, None]  # (B, T, BAND): no label is left
    right = batch.labels.gather(1, at.clamp(max=batch.labels.shape[1] - 1).flatten(1)).view_as(at)
    right = right.masked_fill(is_end, 0)[..., None]
    label = log_p.gather(3, right)[..., 0].masked_fill(is_end, _NEVER)
    rest = log_p.scatter(3, right, _NEVER)
    rest = torch.cat([torch.full_like(rest[..., :1], _NEVER), rest[..., 1:]], -1).logsumexp(-1)
    return torch.stack([log_p[..., 0], label, rest], -1)


@torch.no_grad()
def delays(teacher: Transducer, student: Transducer, batches: Iterable[Batch]) -> list[float]:
    """How far the student's CTC outputs are from the teacher's at each delay, in nats per label, added up."""
    lessons, found = Lessons(teacher), [0.0] * (LONGEST_DELAY + 1)
    for batch in batches:
        heard, own = (
            lessons.heard(batch),
            functional.log_softmax(student.ctc(student.encoder(batch.frames)), -1),
        )
        within = torch.arange(own.shape[1]) < batch.steps[:, None]
        for steps in range(LONGEST_DELAY + 1):
            taught = functional.log_softmax(teacher.ctc(delayed(heard, steps)), -1)
            found[steps] += float(_divergence(taught, own)[within].sum() / labels_in(batch))
    return found


def train(run: Path, out: Path, stores: Path, steps: int, seed: int, threads: int) -> None:
    """Train a teacher on the student in `run`."""
    rank = join_others(threads, seed)
    begin(run, out, idea="a teacher", steps=steps, seed=seed)
    teacher = above(load(run / CHECKPOINT)).train()
    trainee = Trainee(teacher, out, AVERAGE, WEIGHT_DECAY, Plan(), rank)

    def objective(batch: Batch) -> tuple[Tensor, dict[str, float]]:
        transducer, ctc = losses(teacher, teacher.encoder(batch.frames), batch, True)
        return transducer + CTC_WEIGHT * ctc, {"transducer": transducer.item(), "ctc": ctc.item()}

    trainset = open_trainset(stores, out / "pieces.model", seed + trainee.step + 1000 * rank)
    with closing(trainset.batches()) as batches:
        go_on(trainee, batches, objective, steps, RATE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of the student's training")
    parser.add_argument("--out", type=Path, required=True, help="takes checkpoints and the log")
    parser.add_argument("--stores", type=Path, required=True, help="folder of feature stores")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    train(args.run, args.out, args.stores, args.steps, args.seed, args.threads)


if __name__ == "__main__":
    main()
