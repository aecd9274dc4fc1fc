"""The transducer loss on a band of its lattice, as a PyTorch function over C++ (`rnnt_loss.cpp`)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import torch
from torch import Tensor


@functools.cache
def _extension() -> Any:
    from torch.utils import cpp_extension

    source = Path(__file__).with_name("rnnt_loss.cpp")
    return cpp_extension.load(
        "alexa_local_rnnt_loss", [str(source)], extra_cflags=["-O3", "-march=native", "-ffast-math"]
    )


class _TransducerLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits, labels, times, counts, low, fast_emit):  # type: ignore[no-untyped-def]
        gradient = logits.detach().clone(memory_format=torch.contiguous_format)
        loss = _extension().loss_and_gradient(gradient, labels, times, counts, low, fast_emit)
        ctx.save_for_backward(gradient)
        return loss

    @staticmethod
    def backward(ctx, upstream):  # type: ignore[no-untyped-def]
        (gradient,) = ctx.saved_tensors
        return gradient.mul_(upstream[:, None, None, None]), None, None, None, None, None


def band(log_p: Tensor, labels: Tensor, times: Tensor, counts: Tensor, wide: int) -> Tensor:
    """Where each step's band of `wide` label positions begins, around the CTC alignment.

    Args:
        log_p: float32 (B, T, V), CTC log-probabilities.
        labels: int64 (B, U).
        times: int64 (B,), steps of each utterance.
        counts: int64 (B,), labels of each utterance.
        wide: label positions in a band; a band at least as wide as U + 1 is the whole lattice.

    Returns:
        int64 (B, T).
    """
    begun = _extension().ctc_alignment(log_p.detach().contiguous(), labels, times, counts)
    last = (counts + 1 - wide).clamp(min=0)[:, None]
    return torch.minimum((begun - wide // 2).clamp(min=0), last)


def transducer_loss(
    logits: Tensor, labels: Tensor, times: Tensor, counts: Tensor, low: Tensor, fast_emit: float = 0.0
) -> Tensor:
    """Negative log-likelihood of each utterance over the paths inside the band.

    Args:
        logits: float32 (B, T, W, V), of label positions low to low + W - 1; piece 0 is blank.
        labels: int64 (B, U), padded with anything.
        times: int64 (B,), steps of each utterance.
        counts: int64 (B,), labels of each utterance.
        low: int64 (B, T), from `band`.
        fast_emit: FastEmit's lambda (Yu et al. 2021); changes the gradient, not the value.

    Returns:
        float32 (B,), nats.
    """
    return _TransducerLoss.apply(logits, labels, times, counts, low, fast_emit)
