"""The search against brute force on tiny tables, where every alignment can be counted."""

import itertools
from collections import defaultdict

import numpy as np
import pytest

from alexa_local.messages import SentenceGraph
from alexa_local.recognise.guide import END, START, Guide, State
from alexa_local.recognise.search import BLANK, BeamSearch, Scorer

STEPS, PIECES = 4, 3


def table(seed: int) -> np.ndarray:
    """log p(piece | step, last label): float32 (STEPS, PIECES contexts, PIECES)."""
    logits = np.random.default_rng(seed).normal(0, 1.5, (STEPS, PIECES, PIECES))
    return (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype(np.float32)


def brute_force(log_p: np.ndarray, most: int) -> dict[tuple[int, ...], float]:
    """Every reading's score, by walking every alignment with at most `most` labels a step."""
    totals: dict[tuple[int, ...], float] = defaultdict(lambda: -np.inf)
    runs = [run for n in range(most + 1) for run in itertools.product(range(1, PIECES), repeat=n)]
    for alignment in itertools.product(runs, repeat=STEPS):
        labels, score = (), 0.0
        for step, run in enumerate(alignment):
            for piece in (*run, BLANK):
                score += log_p[step, labels[-1] if labels else BLANK, piece]
                labels = (*labels, piece) if piece != BLANK else labels
        totals[labels] = np.logaddexp(totals[labels], score)
    return totals


def search(log_p: np.ndarray, beam: int, most: int, scorers: dict[str, Scorer] | None = None) -> BeamSearch:
    found = BeamSearch(beam, 1, labels_per_step=most, margin=1e9, alignment_margin=1e9, scorers=scorers)
    for step in range(STEPS):
        found.advance(lambda readings, step=step: np.stack([log_p[step, c[-1]] for c, _ in readings]))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_finds_what_brute_force_finds(seed: int) -> None:
    log_p = table(seed)
    wanted = brute_force(log_p, most=2)
    found = search(log_p, beam=4000, most=2).lattice(within=1e9)
    paths = found.n_best(4000)
    assert len(paths) == len(wanted)
    for path in paths:
        assert path.score == pytest.approx(wanted[path.labels], abs=1e-4)
    assert paths[0].labels == max(wanted, key=lambda labels: wanted[labels])
    assert found.total == pytest.approx(np.logaddexp.reduce(list(wanted.values())), abs=1e-4)


def test_a_beam_of_one_follows_certain_labels() -> None:
    log_p = np.full((STEPS, PIECES, PIECES), -20.0, np.float32)
    log_p[:, :, BLANK] = -0.01
    log_p[1, BLANK] = [-20, -20, -0.01]  # at step 1, with nothing read, label 2 is certain
    found = search(log_p, beam=1, most=2)
    assert (found.best.labels, found.best.steps) == ((2,), (1,))


def test_readings_that_nothing_tells_apart_are_followed_as_one() -> None:
    found = search(table(9), beam=4000, most=2)
    assert len(found) == PIECES  # the last label is all that matters


def test_all_readings_together_never_become_likelier() -> None:
    log_p, found, last = table(9), BeamSearch(3, context=1), 0.0
    for step in range(STEPS):
        found.advance(lambda readings, step=step: np.stack([log_p[step, c[-1]] for c, _ in readings]))
        lattice = found.lattice()
        assert lattice.total <= last + 1e-6
        scores = [path.score for path in lattice.n_best(10)]
        assert scores == sorted(scores, reverse=True)
        last = lattice.total
        assert 1 <= len(found) <= 3


def test_readings_far_below_the_best_are_dropped() -> None:
    log_p = np.full((STEPS, PIECES, PIECES), -30.0, np.float32)
    log_p[:, :, BLANK] = 0.0
    found = BeamSearch(8, context=1, margin=12.0)
    found.advance(lambda readings: np.stack([log_p[0, c[-1]] for c, _ in readings]))
    assert len(found) == 1
    assert found.best.labels == ()


@pytest.mark.parametrize("seed", range(5))
def test_a_search_that_settles_goes_on_from_its_best_reading(seed: int) -> None:
    found = search(table(seed), beam=4000, most=2)
    before = found.best
    found.settle()
    (only,) = found.lattice().n_best(10)
    assert (only.labels, only.steps) == (before.labels, before.steps) == (found.best.labels, found.best.steps)
    assert only.score <= before.score + 1e-6
    found.advance(lambda readings: np.stack([table(seed)[0, c[-1]] for c, _ in readings]))
    assert all(path.labels[: len(only.labels)] == only.labels for path in found.lattice().n_best(10))


def spell(word: str) -> tuple[int, ...]:
    return tuple(int(piece) for piece in word)


SENTENCES = SentenceGraph(((("12", 1), ("1", 2)), (("1", 3),), (("22", 3),), ()), frozenset({2, 3}))
"""The sentences 12 1, 1, and 1 22, in words spelled with the pieces 1 and 2."""


@pytest.mark.parametrize("seed", range(5))
def test_a_guide_keeps_the_search_within_its_sentences_and_changes_no_score(seed: int) -> None:
    log_p = table(seed)
    guided = search(log_p, beam=4000, most=2, scorers={"guide": Guide(SENTENCES, spell, PIECES)})
    wanted = brute_force(log_p, most=2)
    whole = {path.labels: path.score for path in guided.lattice(within=1e9).n_best(4000)}
    assert set(whole) == {(1, 2, 1), (1,), (1, 2, 2)}
    for labels, score in whole.items():
        assert score == pytest.approx(wanted[labels], abs=1e-4)


def may_end(guide: Guide, state: State) -> bool:
    return bool(guide.scores(state)[END] == 0.0)


def test_a_word_that_cannot_be_spelled_closes_its_sentences() -> None:
    guide = Guide(SENTENCES, lambda word: () if word == "22" else spell(word), PIECES)
    after_one = guide.next(START, 1)
    assert np.flatnonzero(np.isfinite(guide.scores(after_one))).tolist() == [END, 2]
    assert not may_end(guide, START)
    assert may_end(guide, after_one)
