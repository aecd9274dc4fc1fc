"""Lattices of words against brute force on tiny tables, where every alignment can be counted."""

import itertools
from collections import defaultdict

import numpy as np
import pytest

from alexa_local.messages import Lattice
from alexa_local.recognise import lattice_words
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.lattice_words import word_lattice
from alexa_local.recognise.networks import Pieces
from alexa_local.recognise.search import BLANK, BeamSearch
from tests.recognise.test_lattice import cut_sums

VOCABULARY = Pieces(["", "\u2581a", "\u2581b", "c"])
STEPS, PIECES, MOST = 3, 4, 2


class LastTwo:
    """A language model that knows the last two labels."""

    start = (BLANK, BLANK)

    def __init__(self, seed: int) -> None:
        self._table = np.random.default_rng(seed).normal(-1, 1, (PIECES,) * 3).astype(np.float32)

    def scores(self, state: tuple[int, int]) -> np.ndarray:
        return self._table[state]

    def most_after(self, state: tuple[int, int]) -> float:
        return float(self._table[state].max())

    def next(self, state: tuple[int, int], label: int) -> tuple[int, int]:
        return state[1], label


def table(seed: int) -> np.ndarray:
    """log p(piece | step, last label): float32 (STEPS, PIECES contexts, PIECES)."""
    logits = np.random.default_rng(seed).normal(0, 1.5, (STEPS, PIECES, PIECES))
    return (logits - np.log(np.exp(logits).sum(-1, keepdims=True))).astype(np.float32)


def alignments(log_p: np.ndarray, language: LastTwo) -> dict[tuple[tuple[int, int], ...], float]:
    """The score of every alignment, a sequence of (label, step)."""
    scores = {}
    runs = [run for n in range(MOST + 1) for run in itertools.product(range(1, PIECES), repeat=n)]
    for chosen in itertools.product(runs, repeat=STEPS):
        written, score, state = [], 0.0, language.start
        for step, run in enumerate(chosen):
            for label in run:
                score += log_p[step, state[1], label] + language.scores(state)[label]
                state = language.next(state, label)
                written.append((label, step))
            score += log_p[step, state[1], BLANK]
        scores[tuple(written)] = float(score + language.scores(state)[BLANK])
    return scores


def words_of(alignment: tuple[tuple[int, int], ...]) -> list[tuple[str, int, int]]:
    """(word, first step, last step) of each word; the first piece of all begins a word in any case."""
    words: list[list] = []
    for label, step in alignment:
        if not words or VOCABULARY.starts_word(label):
            words.append([VOCABULARY.text((label,)), step, step])
        else:
            words[-1][0] += VOCABULARY.text((label,))
            words[-1][2] = step
    return [tuple(word) for word in words]


def search(seed: int) -> BeamSearch:
    log_p = table(seed)
    scorers = {"language": LastTwo(seed)}
    found = BeamSearch(10_000, 1, MOST, margin=1e9, alignment_margin=1e9, scorers=scorers)
    for step in range(STEPS):
        found.advance(lambda readings, step=step: np.stack([log_p[step, c[-1]] for c, _ in readings]))
    return found


def lattice(seed: int) -> Lattice:
    return word_lattice(search(seed).lattice(within=1e9), ["language"], VOCABULARY, 1.0, float(STEPS))


@pytest.fixture(params=[-1, lattice_words.ALIKE_STEPS])
def alike_steps(request, monkeypatch) -> int:
    monkeypatch.setattr(lattice_words, "ALIKE_STEPS", request.param)
    return request.param


@pytest.mark.parametrize("seed", range(6))
def test_all_paths_together_are_as_likely_as_all_alignments(seed: int, alike_steps: int) -> None:
    wanted = np.logaddexp.reduce(list(alignments(table(seed), LastTwo(seed)).values()))
    found = n_best(lattice(seed), 100_000)
    assert np.logaddexp.reduce([one.score for one in found]) == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_posteriors_of_words_at_their_times_are_those_of_the_alignments(seed: int, monkeypatch) -> None:
    monkeypatch.setattr(lattice_words, "ALIKE_STEPS", -1)
    scores = alignments(table(seed), LastTwo(seed))
    total = np.logaddexp.reduce(list(scores.values()))
    wanted: dict[tuple[str, int], float] = defaultdict(float)
    for alignment, score in scores.items():
        for word, _, last in words_of(alignment):
            wanted[word, last] += np.exp(score - total)
    found: dict[tuple[str, int], float] = defaultdict(float)
    made = lattice(seed)
    for arc in made.arcs:
        if arc.word and arc.end != len(made.times_s) - 1:
            found[arc.word, round(arc.end_s) - 1] += arc.posterior
    last: dict[str, float] = defaultdict(float)  # the last word's arc sums over its times
    for alignment, score in scores.items():
        if words := words_of(alignment):
            wanted[words[-1][0], words[-1][2]] -= np.exp(score - total)
            last[words[-1][0]] += np.exp(score - total)
    for key, posterior in wanted.items():
        assert found[key] == pytest.approx(posterior, abs=1e-4)
    for word, posterior in last.items():
        ends = [a.posterior for a in made.arcs if a.word == word and a.end == len(made.times_s) - 1]
        assert sum(ends) == pytest.approx(posterior, abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_readings_are_those_of_brute_force(seed: int, monkeypatch) -> None:
    monkeypatch.setattr(lattice_words, "ALIKE_STEPS", -1)
    wanted: dict[str, float] = defaultdict(lambda: -np.inf)
    for alignment, score in alignments(table(seed), LastTwo(seed)).items():
        text = " ".join(word for word, _, _ in words_of(alignment))
        wanted[text] = np.logaddexp(wanted[text], score)
    found = n_best(lattice(seed), 100_000)
    assert {one.text: one.score for one in found} == {
        k: pytest.approx(v, abs=1e-3) for k, v in wanted.items()
    }
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


@pytest.mark.parametrize("seed", range(6))
def test_posteriors_sum_to_one_across_any_cut_and_times_never_fall(seed: int, alike_steps: int) -> None:
    made = lattice(seed)
    assert cut_sums(made) == pytest.approx([1.0] * (len(made.times_s) - 1), abs=1e-9)
    assert all(arc.start < arc.end for arc in made.arcs)
    assert all(made.times_s[arc.start] <= made.times_s[arc.end] for arc in made.arcs)


@pytest.mark.parametrize("seed", range(6))
def test_the_scores_of_a_word_are_told_apart(seed: int, monkeypatch) -> None:
    """A reading of one piece has one path for each of its times; what the model of labels says is known."""
    monkeypatch.setattr(lattice_words, "ALIKE_STEPS", -1)
    language, made = LastTwo(seed), lattice(seed)
    last = len(made.times_s) - 1
    alone = next(arc for arc in made.arcs if (arc.start, arc.end, arc.word) == (0, last, "a"))
    wanted = language.scores((0, 0))[1] + language.scores((0, 1))[BLANK]
    assert alone.language == pytest.approx(wanted, abs=1e-5)
    assert alone.bias == 0.0


def test_words_a_step_apart_become_one() -> None:
    """Label 1 is written at step 0 or 1, and label 2 at step 2: two paths, one arc each for their words."""
    log_p = np.full((STEPS, PIECES, PIECES), -50.0, np.float32)
    log_p[:, :, BLANK] = -0.01
    log_p[0, BLANK, [BLANK, 1]] = np.log(0.5)
    log_p[1, BLANK, [BLANK, 1]] = [-50, 0]
    log_p[2, 1, [BLANK, 2]] = [-50, 0]
    found = BeamSearch(8, 1)
    for step in range(STEPS):
        found.advance(lambda readings, step=step: np.stack([log_p[step, c[-1]] for c, _ in readings]))
    made = word_lattice(found.lattice(), [], VOCABULARY, 1.0, float(STEPS))
    assert [(arc.word, arc.posterior) for arc in made.arcs] == [("a", 1.0), ("b", 1.0)]
    assert sum(arc.weight for arc in made.arcs) == pytest.approx(found.lattice().total)


def test_where_nothing_is_said_one_empty_path_leads_through() -> None:
    found = BeamSearch(8, 1)
    made = word_lattice(found.lattice(), [], VOCABULARY, 1.0, 0.0)
    assert [(arc.word, arc.posterior) for arc in made.arcs] == [("", 1.0)]
    assert made.times_s == (0.0, 0.0)
    assert [one.text for one in n_best(made, 5)] == [""]


@pytest.mark.parametrize("seed", range(20))
def test_a_token_that_matters_only_by_many_weak_ways_keeps_one(seed: int) -> None:
    """Each of its ways was below the limit, all together were not, and the way to it was lost."""
    made = word_lattice(search(seed).lattice(within=1.5), ["language"], VOCABULARY, 1.0, float(STEPS))
    assert cut_sums(made) == pytest.approx([1.0] * (len(made.times_s) - 1), abs=1e-9)
