"""How well phrases fit: the likeliest way of all, as trying every way tells."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from alexa_local.recognise.networks import log_softmax
from alexa_local.wake.alignment import LONGEST_WAIT_STEPS, Alignments

PIECES, CONTEXT = 5, 2


def joint(step: int, context: tuple[int, ...]) -> np.ndarray:
    """Any log-probabilities, the same for the same question: float32 (pieces,)."""
    rng = np.random.default_rng([step, *context])
    return log_softmax(rng.normal(0, 2, PIECES).astype(np.float32))


def brute(phrase: tuple[int, ...], free: list[float], last: int) -> float:
    """The best way whose last piece is written in the step `last`: nats a piece."""
    contexts = [((0,) * CONTEXT + phrase[:said])[said:] for said in range(len(phrase) + 1)]
    best = -np.inf
    for steps in itertools.combinations_with_replacement(range(last + 1), len(phrase)):
        waits = np.diff(steps)
        if steps[-1] != last or (len(waits) and waits.max() > LONGEST_WAIT_STEPS):
            continue
        score, said = free[steps[0]], 0
        for step in range(steps[0], last + 1):
            while said < len(phrase) and steps[said] == step:
                score += joint(step, contexts[said])[phrase[said]]
                said += 1
            score += joint(step, contexts[said])[0]
        best = max(best, score)
    return (best - free[last + 1]) / len(phrase)


@pytest.mark.parametrize("phrases", [[(1,)], [(1, 2)], [(3, 3, 1), (2, 4)], [(1, 2, 3), (4,)]])
def test_every_score_is_that_of_the_best_of_all_ways(phrases) -> None:
    alignments = Alignments(phrases, CONTEXT)
    free = np.cumsum([0.0, *np.random.default_rng(1).uniform(-3, 0, 8)]).tolist()
    for step in range(8):
        log_p = np.stack([joint(step, context) for context in alignments.contexts])
        scores, _ = alignments.step(log_p, free[step], free[step + 1])
        assert scores == pytest.approx([brute(phrase, free, step) for phrase in phrases], abs=1e-4)


def likely(pieces: dict[int, float]) -> np.ndarray:
    """Log-probabilities with a few likely pieces, float32 (pieces,)."""
    logits = np.full(PIECES, -20.0, np.float32)
    for piece, logit in pieces.items():
        logits[piece] = logit
    return log_softmax(logits)


def run(phrase: tuple[int, ...], says: dict[int, int], steps: int) -> list[tuple[float, int]]:
    """Scores and beginnings where the sounds say those pieces at those steps, and blank at all others."""
    alignments = Alignments([phrase], CONTEXT)
    found = []
    for step in range(steps):
        said = [piece for at, piece in says.items() if at < step]
        row = []
        for context in alignments.contexts:
            is_next = step in says and context[-1] == (said[-1] if said else 0)
            row.append(likely({says[step]: 0.0}) if is_next else likely({0: 0.0}))
        score, began = alignments.step(np.stack(row), 0.0, 0.0)
        found.append((float(score[0]), int(began[0])))
    return found


def test_a_phrase_that_is_said_scores_nothing_less_than_the_best_and_tells_where_it_began() -> None:
    found = run((1, 2), {3: 1, 5: 2}, 8)
    assert max(found)[0] == pytest.approx(0.0, abs=1e-3) and found.index(max(found)) == 5
    assert found[5][1] == 3


def test_a_phrase_torn_apart_by_a_long_wait_does_not_fit() -> None:
    found = run((1, 2), {1: 1, 2 + LONGEST_WAIT_STEPS: 2}, 6 + LONGEST_WAIT_STEPS)
    assert max(found)[0] < -3.0


def test_reset_forgets_the_beginning_of_a_phrase() -> None:
    alignments = Alignments([(1, 2)], CONTEXT)
    first, second = (np.stack([likely({piece: 0.0}) for _ in alignments.contexts]) for piece in (1, 2))
    alignments.step(first, 0.0, 0.0)
    alignments.reset()
    scores, _ = alignments.step(second, 0.0, 0.0)
    assert scores[0] < -3.0
