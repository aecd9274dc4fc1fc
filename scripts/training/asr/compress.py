"""Compression while training: the encoder's weakest blocks go little by little, weights near the int8 grid.

The blocks (1 row, 16 columns) are those that the runtimes can skip; what is left falls with the cube of the
time that is left (Zhu and Gupta 2017), so that most go early, while there are many to choose from, and what
stays has time to take over. Every matrix loses the same share: magnitudes of different layers do not compare
(ranked together, the convolutions lose nearly all). A block that is gone stays gone, and its zeros say so: a
resumed training need not be told, and processes that train together agree.

The pull to the grid acts in the update, not in the forward pass: after the optimiser's step each weight moves
a fixed way, at most, toward its nearest grid point. That is the proximal step of the distance to the grid
(Bai et al. 2019), whose gradient near a grid point is the absolute cosine's of Nguyen et al. 2020; apart from
the gradient it escapes Adam's scaling, which would blow up a small but steady pull.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from alexa_local.tflite.quantise import LIMIT
from alexa_local.tflite.sparse import BLOCK

PRUNE_STEPS = 100
"""Training steps between two choices of blocks."""
PULL_STEPS = 4
"""Training steps between two pulls to the grid: together they cost about a hundredth of a step."""


@dataclass(frozen=True)
class Plan:
    """What is to be compressed, and when, in minutes of training, or in steps; the default is nothing.

    Attributes:
        sparsity: share of the encoder's weights that are zero in the end.
        sparse_from: when the first blocks go.
        sparse_until: when the last have gone.
        grid: how far a pull to int8's grid goes in the end, in grid steps; 0.5 puts all on it at once.
        grid_from: when the pull begins, from nothing.
        grid_until: when it is strongest: the training's end.
    """

    sparsity: float = 0.0
    sparse_from: float = 0.0
    sparse_until: float = 0.0
    grid: float = 0.0
    grid_from: float = 0.0
    grid_until: float = 0.0

    def sparsity_at(self, now: float) -> float:
        """The share of zeros that is due."""
        return self.sparsity * (1 - (1 - _passed(now, self.sparse_from, self.sparse_until)) ** 3)

    def grid_at(self, now: float) -> float:
        """How far a pull goes now, in grid steps."""
        return self.grid * _passed(now, self.grid_from, self.grid_until)


def _passed(now: float, first: float, last: float) -> float:
    """The share of the time from `first` to `last` that has passed, 0 to 1."""
    return min(1.0, max(0.0, (now - first) / max(last - first, 1e-9)))


class Compression:
    """Applies a plan to a model and its average; processes with the same weights choose the same."""

    def __init__(self, model: nn.Module, average: nn.Module, plan: Plan) -> None:
        self._plan = plan
        self._pruned = list(zip(encoder_matrices(model), encoder_matrices(average), strict=True))
        self._exported = exported_matrices(model)
        self._masks = [kept_blocks(weight) for weight, _ in self._pruned]

    @torch.no_grad()
    def after_step(self, step: int, now: float) -> None:
        """To be called after each of the optimiser's steps, before the average takes it up.

        `now` is the minutes, or the steps, that the plan counts.
        """
        pull = self._plan.grid_at(now)
        if pull > 0 and step % PULL_STEPS == 0:
            for weight in self._exported:
                pull_to_grid(weight, pull)
        for (weight, _), mask in zip(self._pruned, self._masks, strict=True):
            blocks(weight).mul_(mask)
        share = self._plan.sparsity_at(now)
        if share > 0 and step % PRUNE_STEPS == 0:
            for number, (weight, of_average) in enumerate(self._pruned):
                mask = strongest_blocks(weight, share)
                blocks(weight).mul_(mask)
                blocks(of_average).mul_(mask)
                self._masks[number] = mask

    def share_zero(self) -> float:
        """The share of the encoder's weights whose block is gone."""
        return 1 - sum(int(mask.sum()) for mask in self._masks) / sum(mask.numel() for mask in self._masks)


def encoder_matrices(model: nn.Module) -> list[Tensor]:
    """The exported encoder's weights, detached views of the parameters: float32 (O, I) each."""
    return [p.detach() for name, p in model.named_parameters() if p.ndim == 2 and "encoder" in name]


def exported_matrices(model: nn.Module) -> list[Tensor]:
    """All that is stored as int8, detached views of the parameters; CTC's is for training alone."""
    return [
        p.detach() for name, p in model.named_parameters() if p.ndim == 2 and "ctc" not in name.split(".")
    ]


def blocks(weight: Tensor) -> Tensor:
    """A view of a matrix (O, I) as its blocks, (O, I // 16, 16)."""
    return weight.unflatten(1, (-1, BLOCK))


def kept_blocks(weight: Tensor) -> Tensor:
    """Which blocks of a matrix (O, I) hold something: bool (O, I // 16, 1)."""
    return blocks(weight).ne(0).any(2, keepdim=True)


def strongest_blocks(weight: Tensor, share: float) -> Tensor:
    """Which blocks stay when `share` of all, the weakest, go: bool (O, I // 16, 1); empty ones go first."""
    strength = blocks(weight).square().sum(2, keepdim=True)
    kept = strength.flatten() > 0
    kept[strength.flatten().argsort(stable=True)[: round(share * strength.numel())]] = False
    return kept.view_as(strength)


def pull_to_grid(weight: Tensor, steps: float) -> None:
    """Move each weight of a matrix (O, I) toward its row's nearest grid point by at most `steps`."""
    scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-12) / LIMIT  # (O, 1)
    off = weight / scale
    off -= off.round()
    weight.sub_(off.clamp_(-steps, steps).mul_(scale))
