"""What makes wrong words few: minimum word error rate training on n-best lists (`tune --mwer`).

What is made small is the expected number of wrong words over the model's own n-best list, less the list's
mean (Prabhavalkar et al. 2018; for transducers Guo et al. 2020), and the losses of the training before it
beside that, which keep the model where it is. A reading's probability is that of all its paths, and not the
search's.
"""

from __future__ import annotations

from collections.abc import Sequence

import sentencepiece
import torch
from torch import Tensor
from torch.nn import functional

from scripts.evaluation.asr import edits
from scripts.training.asr.beam import Labels, n_best
from scripts.training.asr.data import Batch
from scripts.training.asr.loss import band, transducer_loss
from scripts.training.asr.losses import BAND, CTC_WEIGHT, losses
from scripts.training.asr.model import Transducer
from scripts.training.asr.onward import Objective

BEAM = 4
TRANSDUCER_WEIGHT = 0.5
"""Weight of the losses per label beside the expected wrong words per reference word."""


def expected_errors(
    model: Transducer,
    encoded: Tensor,
    batch: Batch,
    lists: Sequence[Sequence[Labels]],
    wrong: Sequence[Sequence[int]],
) -> Tensor:
    """Expected wrong words of each utterance less its list's mean, float32 (B,); zero for lists of one.

    Args:
        model: the transducer.
        encoded: float32 (B, T, lstm), the encoder's vectors.
        batch: the utterances.
        lists: label sequences of each utterance.
        wrong: wrong words of every one of them.
    """
    whose = torch.tensor([one for one, readings in enumerate(lists) for _ in readings])
    counts = torch.tensor([len(labels) for readings in lists for labels in readings])
    labels = torch.zeros((len(counts), max(1, int(counts.max()))), dtype=torch.int64)
    for row, reading in enumerate(labels for readings in lists for labels in readings):
        labels[row, : len(reading)] = torch.tensor(reading, dtype=torch.int64)
    encoded, steps = encoded[whose], batch.steps[whose]
    with torch.no_grad():
        low = band(functional.log_softmax(model.ctc(encoded), -1), labels, steps, counts, BAND)
    nats = transducer_loss(model.logits(encoded, labels, low, BAND), labels, steps, counts, low)
    sizes = [len(readings) for readings in lists]
    words = [torch.tensor(of_one, dtype=torch.float32) for of_one in wrong]
    return torch.stack(
        [
            (functional.softmax(-of_one, 0) * (errors - errors.mean())).sum()
            for of_one, errors in zip(nats.split(sizes), words, strict=True)
        ]
    )


def objective(model: Transducer, text: sentencepiece.SentencePieceProcessor) -> Objective:
    """What is made small for a batch; in its figures `ahead` is below 0 if better readings are likelier."""

    def of_batch(batch: Batch) -> tuple[Tensor, dict[str, float]]:
        encoded = model.encoder(batch.frames)
        lists = n_best(model, encoded.detach(), batch.steps, BEAM)
        spoken = [
            text.decode(row[:count]).split()
            for row, count in zip(batch.labels.tolist(), batch.counts.tolist(), strict=True)
        ]
        wrong = [
            [edits(reference, text.decode(list(reading)).split()).total for reading in readings]
            for reference, readings in zip(spoken, lists, strict=True)
        ]
        expected = expected_errors(model, encoded, batch, lists, wrong).sum()
        transducer, ctc = losses(model, encoded, batch, True)
        words = sum(map(len, spoken))
        figures = {
            "words": words,
            "best": sum(of_one[0] for of_one in wrong),
            "oracle": sum(map(min, wrong)),
            "ahead": expected.item(),
            "transducer": transducer.item(),
        }
        loss = expected / max(1, words) + TRANSDUCER_WEIGHT * (transducer + CTC_WEIGHT * ctc)
        return loss, figures

    return of_batch
