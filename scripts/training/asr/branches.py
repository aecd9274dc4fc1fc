"""Give a trained transducer's encoder a small branch and an arbiter that chooses, and train them together.

    python -m scripts.training.asr.branches --run DIR --out DIR --stores DIR --steps 2000

The small branch begins as the best narrow stand-in for the large one on what the encoder hears. In the
training each utterance has a policy of its own: mostly the arbiter's, with the noise that makes its choices
learnable (Maddison et al. 2017, Jang et al. 2017; the choice is hard, its gradient that of the soft one),
some of these with another threshold, as the scheduler may set it; some all large, some all small: so every
policy works afterwards, and so do the states after any switch. Compute has a price (Macoskey et al. 2021),
which rises while the arbiter takes the large branch more often than `--share`, and falls while it does so
less often.

It starts from the averaged weights of --run, which may have branches already, and writes checkpoints of the
same form to --out, from which it resumes; what is pruned stays pruned. Several processes train together when
started with torchrun.
"""

from __future__ import annotations

import argparse
import itertools
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from scripts.training.asr.compress import Plan
from scripts.training.asr.data import Batch
from scripts.training.asr.export import load_average
from scripts.training.asr.losses import CTC_WEIGHT, losses
from scripts.training.asr.model import BranchingEncoder, Encoder, Transducer, lstm_weights, small_weights
from scripts.training.asr.onward import Objective, begin, go_on
from scripts.training.asr.train import open_trainset
from scripts.training.asr.trainee import CHECKPOINT, Trainee, join_others

RATE = 3e-4
"""Falls to nothing over the training."""
AVERAGE = 0.998
GRID = 0.05
"""The last pull to int8's grid, in its steps; it grows from nothing over the training."""
LEARN_FROM = 12
"""Batches on which the small branch is made to resemble the large one before the training."""
POLICIES = {"arbiter": 0.5, "threshold": 0.2, "large": 0.15, "small": 0.15}
"""Shares of the utterances."""
LOWEST, HIGHEST = -2.0, 4.0
"""Thresholds on the arbiter's log-odds, as a scheduler may set them."""
PRICE_RATE = 0.01
"""What the price of the large branch moves in a step for each share too many."""


def with_branches(model: Transducer, width: int) -> Transducer:
    """The same model with branches, whose small one and whose arbiter are still random."""
    made = Transducer(replace(model.shape, branch=width))
    made.load_state_dict(model.state_dict(), strict=False)
    return made


@torch.no_grad()
def imitate(encoder: Encoder, batches: list[Batch]) -> None:
    """Make each small layer the best of its width, in squares of the gates, on what the large one hears.

    With the inputs' second moments C = L L', the best narrow stand-in for W is U U' W, where U holds the
    largest left singular vectors of W L.
    """
    assert isinstance(encoder, BranchingEncoder)
    size = encoder.norm.normalized_shape[0]
    moments = [torch.zeros(2 * size, 2 * size) for _ in encoder.lstms]
    for batch in batches:
        x = encoder.front(batch.frames)
        for norm, lstm, moment in zip(encoder.norms, encoder.lstms, moments, strict=True):
            normed = norm(x)
            h = lstm(normed)[0]
            for heard, before, steps in zip(normed, h.roll(1, 1), batch.steps.tolist(), strict=True):
                seen = torch.cat([heard, before], 1)[1:steps]
                moment += seen.t() @ seen
            x = x + h
    for lstm, small, moment in zip(encoder.lstms, encoder.small, moments, strict=True):
        of_input, of_state, bias = lstm_weights(lstm)
        gates = torch.cat([of_input, of_state], 1)  # (4 H, 2 H)
        moment /= moment.diagonal().mean()
        root = torch.linalg.cholesky(moment + 1e-3 * torch.eye(2 * size))
        left, strengths, _ = torch.linalg.svd(gates @ root, full_matrices=False)
        to_narrow, state_to_narrow, to_gates, small_bias = small_weights(small)
        width = to_gates.shape[1]
        spread = (strengths[:width] / strengths[0]).sqrt()  # the matrices on both sides share the strength
        narrow = (left[:, :width].t() @ gates) / spread[:, None]
        to_narrow.copy_(narrow[:, :size])
        state_to_narrow.copy_(narrow[:, size:])
        to_gates.copy_(left[:, :width] * spread)
        small_bias.copy_(bias)


def choose(worth: Tensor) -> Tensor:
    """Which branch each step takes, by policies drawn for each utterance.

    Args:
        worth: float32 (B, T, 1), the arbiter's log-odds.

    Returns:
        float32 (B, T, 1), 1 for the large branch, with the gradient of the soft choice.
    """
    drawn = torch.multinomial(torch.tensor(list(POLICIES.values())), len(worth), replacement=True)
    policies = [list(POLICIES)[number] for number in drawn]
    is_other = torch.tensor([name == "threshold" for name in policies])
    thresholds = torch.empty(len(worth)).uniform_(LOWEST, HIGHEST) * is_other
    noise = torch.logit(torch.rand_like(worth), eps=1e-6)
    soft = torch.sigmoid(worth - thresholds[:, None, None] + noise)
    large = (soft > 0.5).to(soft.dtype) + (soft - soft.detach())
    for row, name in enumerate(policies):
        if name in ("large", "small"):
            large[row] = float(name == "large")
    return large


def share_large(worth: Tensor, steps: Tensor) -> Tensor:
    """The arbiter's mean share of the large branch, softly, over the utterances' own steps: a scalar."""
    own = torch.arange(worth.shape[1])[None] < steps[:, None]
    return torch.sigmoid(worth[..., 0])[own].mean()


def objective_of(model: Transducer, share: float) -> Objective:
    """The losses and the price of compute, which follows the share of the large branch."""
    encoder = model.encoder
    assert isinstance(encoder, BranchingEncoder)

    def objective(batch: Batch) -> tuple[Tensor, dict[str, float]]:
        heard = encoder.front(batch.frames)
        worth = encoder.arbiter(heard)
        taken = share_large(worth, batch.steps)
        transducer, ctc = losses(model, encoder.branches(heard, choose(worth)), batch, True)
        loss = transducer + CTC_WEIGHT * ctc + encoder.price.clone() * taken
        encoder.price.add_(PRICE_RATE * (taken.detach() - share)).clamp_(min=0)
        figures = {"transducer": transducer, "ctc": ctc, "share": taken, "price": encoder.price}
        return loss, {name: value.item() for name, value in figures.items()}

    return objective


def train(
    run: Path, out: Path, stores: Path, steps: int, width: int, share: float, seed: int, threads: int
) -> None:
    """Train the model of `run` with branches; `out` takes what `run` has."""
    rank = join_others(threads, seed)
    begin(run, out, idea="branches", steps=steps, seed=seed, width=width, share=share)
    pieces = out / "pieces.model"
    model = load_average(run / CHECKPOINT)
    if not model.shape.branch:
        model = with_branches(model, width)
        if not (out / CHECKPOINT).exists():
            with closing(open_trainset(stores, pieces, seed).batches()) as batches:
                imitate(model.encoder, list(itertools.islice(batches, LEARN_FROM)))
    trainee = Trainee(model.train(), out, AVERAGE, 0.0, Plan(grid=GRID, grid_until=steps), rank)
    with closing(open_trainset(stores, pieces, seed + trainee.step + 1000 * rank).batches()) as batches:
        go_on(trainee, batches, objective_of(model, share), steps, RATE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of a finished training")
    parser.add_argument("--out", type=Path, required=True, help="takes checkpoints and the log")
    parser.add_argument("--stores", type=Path, required=True, help="folder of feature stores")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--width", type=int, default=64, help="inner width of the small branch's layers")
    parser.add_argument(
        "--share", type=float, default=0.35, help="share of the steps that the large branch is to take"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    train(args.run, args.out, args.stores, args.steps, args.width, args.share, args.seed, args.threads)


if __name__ == "__main__":
    main()
