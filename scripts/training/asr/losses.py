"""What a transducer says of a batch, and the two losses of it that are made small together.

The transducer's is that of a band around the alignment of CTC, which shares the encoder for that.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from scripts.training.asr.data import Batch
from scripts.training.asr.loss import band, transducer_loss
from scripts.training.asr.model import Transducer

CTC_WEIGHT = 0.3
FAST_EMIT = 0.004
BAND = 10
"""Label positions computed at each step, around the CTC alignment."""


class Outputs(NamedTuple):
    """What a model says of a batch.

    Attributes:
        ctc: CTC's log-probabilities, float32 (B, T, pieces).
        low: where each step's band begins, int64 (B, T).
        logits: the transducer's on the band, float32 (B, T, BAND, pieces).
    """

    ctc: Tensor
    low: Tensor
    logits: Tensor


def outputs(model: Transducer, encoded: Tensor, batch: Batch, low: Tensor | None = None) -> Outputs:
    """What a model says of a batch, given its encoder's vectors; on its own band, where none is given."""
    log_p = functional.log_softmax(model.ctc(encoded), -1)  # (B, T, pieces)
    if low is None:
        low = band(log_p, batch.labels, batch.steps, batch.counts, BAND)
    return Outputs(log_p, low, model.logits(encoded, batch.labels, low, BAND))


def losses(model: Transducer, encoded: Tensor, batch: Batch, with_transducer: bool) -> tuple[Tensor, Tensor]:
    """Mean (transducer, CTC) loss of a batch, whose encoder's vectors are given, in nats per label."""
    if with_transducer:
        return losses_of(outputs(model, encoded, batch), batch)
    return torch.zeros(()), ctc_loss(functional.log_softmax(model.ctc(encoded), -1), batch)


def losses_of(said: Outputs, batch: Batch) -> tuple[Tensor, Tensor]:
    """Mean (transducer, CTC) loss of what a model says of a batch, in nats per label."""
    nats = transducer_loss(said.logits, batch.labels, batch.steps, batch.counts, said.low, FAST_EMIT)
    return nats.sum() / labels_in(batch), ctc_loss(said.ctc, batch)


def ctc_loss(log_p: Tensor, batch: Batch) -> Tensor:
    """Mean CTC loss, in nats per label, of log-probabilities (B, T, pieces)."""
    nats = functional.ctc_loss(
        log_p.transpose(0, 1), batch.labels, batch.steps, batch.counts, reduction="sum", zero_infinity=True
    )
    return nats / labels_in(batch)


def labels_in(batch: Batch) -> Tensor:
    """How many labels a batch has, at least one."""
    return batch.counts.sum().clamp(min=1)
