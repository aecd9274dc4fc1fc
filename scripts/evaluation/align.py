"""Forced alignment: when the recogniser's own networks most likely write each piece of a known text.

The likeliest way through the transducer's lattice of steps and labels (Graves 2012, section 2.4, with the
maximum for the sum): in step t, after u labels, either blank (on to step t + 1) or label u + 1 (same step).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE
from alexa_local.recognise.networks import Networks
from alexa_local.recognise.normalise import spoken_form

BLANK = 0
_FLUSH_FRAMES = 64


def label_steps(networks: Networks, frames: NDArray[np.float32], labels: tuple[int, ...]) -> list[int]:
    """The encoder's step at which each label is written on the likeliest way: one for each, rising.

    Args:
        networks: the recogniser's.
        frames: float32 (T, 64).
        labels: word pieces, without blanks.
    """
    size = networks.frames_per_step
    flush = np.full((_FLUSH_FRAMES, networks.bands), LOG_FLOOR + 1.0, np.float32)
    padded = np.concatenate([frames, flush])
    steps = len(padded) // size
    begun = (BLANK,) * networks.context
    contexts = [(begun + labels[:u])[-networks.context :] for u in range(len(labels) + 1)]
    best = np.full(len(labels) + 1, -np.inf)
    best[0] = 0.0
    came_by_label = np.zeros((steps, len(labels) + 1), np.bool_)
    states = networks.start()
    for step in range(steps):
        encoded, states = networks.encode(padded[step * size : (step + 1) * size], states)
        log_p = networks.log_probabilities(encoded, contexts)  # (U + 1, pieces)
        for u, label in enumerate(labels):
            by_label = best[u] + log_p[u, label]
            if by_label > best[u + 1]:
                best[u + 1], came_by_label[step, u + 1] = by_label, True
        best = best + log_p[:, BLANK]
    return _walked_back(came_by_label)


def _walked_back(came_by_label: NDArray[np.bool_]) -> list[int]:
    """The steps of the labels, from the last state of all to the first."""
    step, u = len(came_by_label) - 1, came_by_label.shape[1] - 1
    found: list[int] = []
    while u > 0 and step >= 0:
        if came_by_label[step, u]:
            found.append(step)
            u -= 1
        else:
            step -= 1
    return found[::-1]


def last_word_s(networks: Networks, samples: NDArray[np.int16], text: str) -> float | None:
    """Seconds at which the last piece of a text is written; None where the text cannot be spelled.

    Args:
        networks: the recogniser's.
        samples: int16 (N,), 16 kHz mono.
        text: what is said.
    """
    spelled = [networks.pieces.spell(word) for word in spoken_form(text).split()]
    if not spelled or not all(spelled):
        return None
    steps = label_steps(networks, log_mel(samples), tuple(piece for word in spelled for piece in word))
    if not steps:
        return None
    return (steps[-1] + 1) * networks.frames_per_step * FRAME_SAMPLES / SAMPLE_RATE
