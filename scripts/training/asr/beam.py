"""The likeliest label sequences of a batch, by a beam search in PyTorch: for training, not for listening.

At most one label in a step, as in the modified beam search of k2 (Kang et al. 2023): every reading advances
with the steps, so that a whole batch is searched together. Readings with the same labels become one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from scripts.training.asr.model import Transducer

Labels = tuple[int, ...]

_NEVER = -math.inf


@torch.no_grad()
def n_best(model: Transducer, encoded: Tensor, steps: Tensor, beam: int) -> list[list[Labels]]:
    """At most `beam` different label sequences of each utterance, best first.

    Args:
        model: the transducer.
        encoded: float32 (B, T, lstm), the encoder's vectors.
        steps: int64 (B,), steps of each utterance.
        beam: readings that are kept at each step.
    """
    found: list[dict[Labels, float]] = [{(): 0.0} for _ in range(len(encoded))]
    heard = model.encoder_out(encoded)  # (B, T, joint)
    for step in range(int(steps.max())):
        alive = [one for one in range(len(found)) if step < steps[one]]
        log_p = _next(model, heard[alive, step], [list(found[one]) for one in alive], beam)
        before = torch.tensor([[*found[one].values()] + [_NEVER] * (beam - len(found[one])) for one in alive])
        best, at = (before[:, :, None] + log_p).flatten(1).topk(2 * beam)  # what merges makes room
        for one, scores, places in zip(alive, best.tolist(), at.tolist(), strict=True):
            found[one] = _grown(list(found[one]), scores, places, log_p.shape[2], beam)
    return [list(readings) for readings in found]


def _next(model: Transducer, heard: Tensor, readings: list[list[Labels]], beam: int) -> Tensor:
    """Log-probabilities of blank (0) and every label after each reading: float32 (B, beam, pieces)."""
    context = model.shape.context
    last = [
        [((0,) * context + labels)[-context:] for labels in some] + [(0,) * context] * (beam - len(some))
        for some in readings
    ]
    known = model.embedding(torch.tensor(last)).flatten(2)  # (B, beam, context * embedding)
    return functional.log_softmax(model.output(torch.tanh(heard[:, None] + model.prediction(known))), -1)


def _grown(
    readings: list[Labels], scores: list[float], places: list[int], pieces: int, beam: int
) -> dict[Labels, float]:
    """The best of what the readings became; `places` count pieces within readings, scores fall."""
    grown: dict[Labels, float] = {}
    for score, place in zip(scores, places, strict=True):
        if score == _NEVER:
            break
        labels, label = readings[place // pieces], place % pieces
        key = (*labels, label) if label else labels
        have = grown.get(key)
        if have is not None:
            top, low = max(have, score), min(have, score)
            grown[key] = top + math.log1p(math.exp(low - top))
        else:
            grown[key] = score
    return dict(sorted(grown.items(), key=lambda item: -item[1])[:beam])
