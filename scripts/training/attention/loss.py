"""What the biasing networks learn from: a likelier transcript, and attention on the phrase being said."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from scripts.training.asr.data import Batch
from scripts.training.asr.loss import band, transducer_loss
from scripts.training.asr.model import Transducer
from scripts.training.attention.catalogue import Catalogue
from scripts.training.attention.model import Biasing

BAND = 10
"""Label positions computed at each step, as in the recogniser's own training."""
WITHIN_STEPS = 4
"""A phrase counts as being said for so many steps after each of its labels has begun; later is not judged."""


@dataclass(frozen=True)
class Losses:
    """Means over a batch: transducer and CTC in nats per label, attention in nats per step."""

    transducer: Tensor
    ctc: Tensor
    attention: Tensor


def losses(
    model: Transducer,
    biasing: Biasing | None,
    batch: Batch,
    catalogue: Catalogue | None,
    learn_recogniser: bool = False,
    fast_emit: float = 0.0,
    attention_alone: bool = False,
) -> Losses:
    """The losses of a batch; without biasing networks or a catalogue those of the recogniser alone.

    Args:
        model: the recogniser.
        biasing: the biasing networks.
        batch: what is said.
        catalogue: the phrases.
        learn_recogniser: whether gradients go into the recogniser, and its CTC loss is computed.
        fast_emit: FastEmit's lambda.
        attention_alone: leave the transducer loss, which costs most, at 0.
    """
    with torch.set_grad_enabled(learn_recogniser and torch.is_grad_enabled()):
        hidden = model.encoder(batch.frames)
        log_p = functional.log_softmax(model.ctc(hidden), -1)  # (B, T, pieces)
        encoded, predicted = model.encoder_out(hidden), model.predict(batch.labels)
    total = batch.counts.sum().clamp(min=1)
    low = band(log_p, batch.labels, batch.steps, batch.counts, BAND)
    of_attention = torch.zeros(())
    if biasing is not None and catalogue is not None:
        begun = band(
            log_p, batch.labels, batch.steps, batch.counts, 1
        )  # a band of one is the alignment itself
        heard, shares = biasing.hear(encoded, catalogue.phrases)
        of_attention = attention_loss(shares, said_at(begun, catalogue.inside), batch.steps)
        if attention_alone:
            return Losses(torch.zeros(()), torch.zeros(()), of_attention)
        last = functional.pad(batch.labels, (1, 0))  # (B, U + 1): the label before each position
        encoded = encoded + heard
        predicted = predicted + biasing.expect(predicted, last, catalogue.phrases)[0]
    at = (low[:, :, None] + torch.arange(BAND)).clamp(max=batch.labels.shape[1])  # (B, T, BAND)
    rows = torch.arange(len(batch.labels))[:, None, None]
    logits = model.output(torch.tanh(encoded[:, :, None] + predicted[rows, at]))
    transducer = transducer_loss(logits, batch.labels, batch.steps, batch.counts, low, fast_emit)
    ctc = torch.zeros(())
    if learn_recogniser:
        ctc = functional.ctc_loss(
            log_p.transpose(0, 1),
            batch.labels,
            batch.steps,
            batch.counts,
            reduction="sum",
            zero_infinity=True,
        )
    return Losses(transducer.sum() / total, ctc / total, of_attention)


def said_at(begun: Tensor, inside: Tensor) -> Tensor:
    """The phrase being said at each step.

    Args:
        begun: int64 (B, T), labels that have begun by each step.
        inside: int64 (B, U), the phrase that each label is part of, 0 for none.

    Returns:
        int64 (B, T): 0 for none; -1 where it is not to be judged, long after a phrase's label began.
    """
    known = functional.pad(inside, (1, 0))  # (B, U + 1): none before the first label
    said = known.gather(1, begun.clamp(max=inside.shape[1]))
    steps = torch.arange(begun.shape[1])[None]
    new = functional.pad(begun[:, 1:] != begun[:, :-1], (1, 0), value=True)
    since = steps - torch.where(new, steps, 0).cummax(1).values
    return torch.where((said > 0) & (since >= WITHIN_STEPS), -1, said)


def attention_loss(shares: Tensor, said: Tensor, steps: Tensor) -> Tensor:
    """Minus the log of the heads' mean share on the phrase being said; phrases and silence weigh the same.

    Args:
        shares: float32 (B, T, heads, 1 + N), no-bias first.
        said: int64 (B, T), from `said_at`.
        steps: int64 (B,), steps of each utterance.
    """
    share = shares.mean(2).gather(2, said.clamp(min=0)[:, :, None])[:, :, 0]  # (B, T)
    missed = -torch.log(share + 1e-6)
    real = torch.arange(said.shape[1])[None] < steps[:, None]
    inside, outside = (said > 0) & real, (said == 0) & real
    return sum(
        (missed[which].sum() / which.sum().clamp(min=1) for which in (inside, outside)), torch.zeros(())
    )
