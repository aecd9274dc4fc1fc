"""From scores to probabilities, and from how probable on a voice counts as somebody's.

A logistic regression on the score and the amount of speech, as is usual (Brümmer and du Preez 2006), from
speakers who were kept out of training; people of the same recordings only are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.speaker.embedding import LEAST_SPEECH_S, MOST_SPEECH_S
from scripts.training.speaker.judge import Trials

KNOWN_PCT, SURE_PCT = 1.0, 0.1
"""So many strangers may pass each threshold, percent."""

_STEPS = 60
_RIDGE = 1e-3
Values = NDArray[np.float64]


def calibration(trials: Sequence[Trials]) -> dict[str, Any]:
    """What the manifest says: slope and offset, each a constant and a part for the log of the seconds.

    Every set of trials counts the same, and voices of people as much as those of strangers.
    """
    features, labels, weights = [], [], []
    for one in trials:
        for scores, label in ((one.own[:, None], 1.0), (one.others, 0.0)):
            speech_s = np.broadcast_to(one.speech_s[:, None], scores.shape)
            features.append(_features(scores.ravel(), speech_s.ravel()))
            labels.append(np.full(scores.size, label))
            weights.append(np.full(scores.size, 1.0 / scores.size))
    fitted = _fit(np.concatenate(features), np.concatenate(labels), np.concatenate(weights))
    strangers = [probabilities(one.others, one.speech_s, fitted) for one in trials]
    return {
        "slope": [round(float(value), 4) for value in fitted[:2]],
        "offset": [round(float(value), 4) for value in fitted[2:]],
        "known_probability": _passed_by(strangers, KNOWN_PCT),
        "sure_probability": _passed_by(strangers, SURE_PCT),
    }


def probabilities(scores: NDArray[np.float32], speech_s: NDArray[np.float32], fitted: Values) -> Values:
    """Of scores (N, P) of voices with so many seconds (N,) of speech."""
    features = _features(scores.ravel(), np.broadcast_to(speech_s[:, None], scores.shape).ravel())
    return (1.0 / (1.0 + np.exp(-features @ fitted))).reshape(scores.shape)


def _features(scores: NDArray[np.float32], speech_s: NDArray[np.float32]) -> Values:
    """(N, 4): the score, the score times the log of the seconds, 1, the log."""
    amount = np.log(np.clip(speech_s, LEAST_SPEECH_S, MOST_SPEECH_S)).astype(np.float64)
    return np.stack([scores, scores * amount, np.ones_like(amount), amount], axis=1)


def _fit(features: Values, labels: Values, weights: Values) -> Values:
    """Logistic regression by Newton's method, (4,)."""
    fitted = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        guess = 1.0 / (1.0 + np.exp(-features @ fitted))
        slope = features.T @ (weights * (guess - labels)) + _RIDGE * fitted
        curve = (features * (weights * guess * (1 - guess))[:, None]).T @ features
        fitted -= 0.7 * np.linalg.solve(curve + _RIDGE * np.eye(len(fitted)), slope)
    return fitted


def _passed_by(strangers: Sequence[Values], percent: float) -> float:
    """The probability that so many of the strangers reach, each set counting the same."""
    values = np.concatenate([one.ravel() for one in strangers])
    weights = np.concatenate([np.full(one.size, 1.0 / one.size) for one in strangers])
    order = np.argsort(-values)
    above = np.cumsum(weights[order]) / len(strangers)
    return round(float(values[order][np.searchsorted(above, percent / 100)]), 4)
