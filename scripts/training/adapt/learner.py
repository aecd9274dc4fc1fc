"""Training on the int8 grid: scales stay, and a weight moves by whole steps of its row's scale.

The forward pass sees rounded weights; gradients go to what was rounded (straight-through, Bengio et al.
2013). What may change is chosen as in diff pruning with structure (Guo et al. 2021) and in sparse fine-tuning
(Ansell et al. 2022): train everything first, keep the blocks that paid, and train those on. What a weight
paid is the sum over the training of minus its gradient times its change: the loss that it took away
(Zenke et al. 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from alexa_local.tflite.quantise import LIMIT
from scripts.training.adapt.recogniser import Layer, StoredRecogniser
from scripts.training.asr.data import Batch
from scripts.training.asr.loss import transducer_loss
from scripts.training.asr.model import Transducer

FAST_EMIT = 0.004
MOMENTUM, SECOND = 0.9, 0.98
STILL = 0.3
"""Gradients below this share of a matrix's usual one hardly move their weights."""
WARM_UP = 10


@dataclass
class _Trained:
    """One matrix in training, in steps of its grid.

    Attributes:
        layer: where it belongs.
        before: what is shipped, float32 (O, I).
        now: what training made of it; rounded, it is the weight.
        scales: float32 (O, 1).
        may_move: float32 (O, I), 1 or 0.
        paid: float32 (O, I): what each weight's changes took from the loss.
        momentum: float32 (O, I).
        second: the gradient's mean square, float32 (O, I).
    """

    layer: Layer
    before: Tensor
    now: Tensor
    scales: Tensor
    may_move: Tensor
    paid: Tensor
    momentum: Tensor
    second: Tensor


class Learner:
    """A stored recogniser that learns; `quantised` is what it has become."""

    def __init__(self, stored: StoredRecogniser) -> None:
        self._model = stored.model
        self._model.requires_grad_(False)
        self._trained: list[_Trained] = []
        for layer in stored.layers:
            layer.parameter.requires_grad_(True)
            before = torch.from_numpy(layer.quantised().astype(np.float32))
            scales = torch.from_numpy(layer.scales().copy())[:, None]
            may_move = torch.from_numpy(layer.movable().astype(np.float32))
            nothing = torch.zeros_like(before)
            self._trained.append(
                _Trained(
                    layer, before, before.clone(), scales, may_move, *(nothing.clone() for _ in range(3))
                )
            )

    def restrict(self, chosen: list[NDArray[np.bool_]]) -> None:
        """From now on only the chosen weights differ from what is shipped, a bool (O, I) for each layer."""
        for one, which in zip(self._trained, chosen, strict=True):
            one.may_move *= torch.from_numpy(which.astype(np.float32))
            one.now = torch.where(one.may_move > 0, one.now, one.before)

    def quantised(self) -> list[NDArray[np.int8]]:
        """What each layer's weights are now, int8 (O, I)."""
        return [one.now.round().numpy().astype(np.int8) for one in self._trained]

    def paid(self) -> list[NDArray[np.float32]]:
        """What each weight's changes took from the loss, in nats a label, float32 (O, I)."""
        return [one.paid.numpy() for one in self._trained]

    def state(self) -> dict[str, NDArray[np.float32]]:
        """What was learnt, by array, to be given to `load`."""
        now = {f"now/{one.layer.name}": one.now.numpy() for one in self._trained}
        return now | {f"paid/{one.layer.name}": one.paid.numpy() for one in self._trained}

    def load(self, state: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from what was learnt before."""
        for one in self._trained:
            one.now = torch.from_numpy(state[f"now/{one.layer.name}"])
            one.paid = torch.from_numpy(state[f"paid/{one.layer.name}"])

    def learn(
        self, batches: Iterator[Batch], updates: int, rate: float, pull: float, tell: Callable[[str], None]
    ) -> None:
        """Train with so many batches.

        Args:
            batches: what to learn.
            updates: how many batches.
            rate: grid steps that a weight of a usual gradient moves in an update, at the most.
            pull: grid steps that every weight goes back toward what is shipped in an update, relative to
                the rate (a proximal step of the changes' sum): what pays little stays as it was.
            tell: takes lines of progress.
        """
        total, count = 0.0, 0
        for number, batch in zip(range(updates), batches, strict=False):
            self._round()
            loss = whole_loss(self._model, batch)
            loss.backward()
            now = rate * min(1.0, (number + 1) / WARM_UP) * (1 - number / updates)
            if torch.isfinite(loss):
                for one in self._trained:
                    _update(one, now, pull * now, number)
            total, count = total + loss.item(), count + 1
            if count == 20 or number == updates - 1:
                tell(
                    f"{number + 1} of {updates}: {total / count:.4f} nats a label, {self._share():.2%} moved"
                )
                total, count = 0.0, 0
        self._round()

    def _share(self) -> float:
        changed = sum(int((one.now.round() != one.before).sum()) for one in self._trained)
        return changed / sum(one.before.numel() for one in self._trained)

    @torch.no_grad()
    def _round(self) -> None:
        for one in self._trained:
            one.layer.parameter.copy_(one.now.round() * one.scales)
            one.layer.parameter.grad = None


def whole_loss(model: Transducer, batch: Batch) -> Tensor:
    """The transducer's loss over whole lattices, in nats a label: no CTC layer is shipped to narrow them."""
    wide = int(batch.counts.max()) + 1
    low = torch.zeros(len(batch.counts), int(batch.steps.max()), dtype=torch.int64)
    logits = model.logits(model.encoder(batch.frames), batch.labels, low, wide)
    losses = transducer_loss(logits, batch.labels, batch.steps, batch.counts, low, FAST_EMIT)
    return losses.sum() / batch.counts.sum().clamp(min=1)


@torch.no_grad()
def _update(one: _Trained, rate: float, pull: float, number: int) -> None:
    """Adam (Kingma and Ba 2015); a weight whose gradient is small among the matrix's stays where it is."""
    assert one.layer.parameter.grad is not None
    gradient = one.layer.parameter.grad * one.scales * one.may_move
    one.momentum.lerp_(gradient, 1 - MOMENTUM)
    one.second.lerp_(gradient.square(), 1 - SECOND)
    size = (one.second / (1 - SECOND ** (number + 1))).sqrt_()
    usual = float(size.square().sum() / one.may_move.sum().clamp(min=1)) ** 0.5
    move = one.momentum * (-rate / (1 - MOMENTUM ** (number + 1))) / (size + STILL * usual + 1e-20)
    one.paid -= gradient * move
    now = one.now + move
    change = now - one.before
    change = change.sign() * (change.abs() - pull).clamp(min=0)
    one.now = (one.before + change).clamp(-LIMIT, LIMIT)
