"""What the biasing networks learn from: a likelier transcript."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from scripts.training.asr.data import Batch
from scripts.training.asr.loss import band, transducer_loss
from scripts.training.asr.model import Transducer
from scripts.training.attention.model import Biasing, Places

BAND = 7
"""Label positions computed at each step; the recogniser knows the alignment, so fewer than for itself."""


@dataclass(frozen=True)
class Losses:
    """Means over a batch in nats per label."""

    transducer: Tensor
    ctc: Tensor


def encode(model: Transducer, batch: Batch) -> Batch:
    """The batch with what the encoder makes of its frames, (B, T, width), in their place."""
    return replace(batch, frames=model.encoder(batch.frames))


def losses(
    model: Transducer,
    biasing: Biasing,
    batch: Batch,
    places: Places | None,
    learn_recogniser: bool = False,
    fast_emit: float = 0.0,
) -> Losses:
    """The losses of a batch; without places those of the recogniser alone.

    Args:
        model: the recogniser.
        biasing: the biasing networks.
        batch: what is said, after `encode`.
        places: the catalogue.
        learn_recogniser: whether gradients go into the recogniser, and its CTC loss is computed.
        fast_emit: FastEmit's lambda.
    """
    hidden = batch.frames
    with torch.set_grad_enabled(learn_recogniser and torch.is_grad_enabled()):
        ctc_log_p = functional.log_softmax(model.ctc(hidden), -1)  # (B, T, pieces)
        encoded, predicted = model.encoder_out(hidden), model.predict(batch.labels)
        low = band(ctc_log_p, batch.labels, batch.steps, batch.counts, BAND)
        at = (low[:, :, None] + torch.arange(BAND)).clamp(max=batch.labels.shape[1])  # (B, T, BAND)
        rows = torch.arange(len(batch.labels))[:, None, None]
        logits = model.output(torch.tanh(encoded[:, :, None] + predicted[rows, at]))
    if places is not None:
        log_p = functional.log_softmax(logits, -1)
        logits = logits + biasing(encoded, predicted, log_p, at, places)[0]
    total = batch.counts.sum().clamp(min=1)
    transducer = transducer_loss(logits, batch.labels, batch.steps, batch.counts, low, fast_emit)
    ctc = torch.zeros(())
    if learn_recogniser:
        ctc = functional.ctc_loss(
            ctc_log_p.transpose(0, 1),
            batch.labels,
            batch.steps,
            batch.counts,
            reduction="sum",
            zero_infinity=True,
        )
    return Losses(transducer.sum() / total, ctc / total)
