"""Lattices of words: forward-backward, pruning, readings and the best that any of them could be."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.lattice import joined, n_best, oracle_errors, pruned, with_posteriors

WORDS = ("", "call", "mum", "tom", "o'clock")


def cut_sums(lattice: Lattice) -> list[float]:
    """What the posteriors of the arcs that cross from the first n nodes to the rest sum to, for every n."""
    return [
        sum(arc.posterior for arc in lattice.arcs if arc.start < cut <= arc.end)
        for cut in range(1, len(lattice.times_s))
    ]


def paths(lattice: Lattice, node: int = 0) -> list[list[LatticeArc]]:
    """Every path from a node to the end."""
    if node == len(lattice.times_s) - 1:
        return [[]]
    return [[arc, *rest] for arc in lattice.arcs if arc.start == node for rest in paths(lattice, arc.end)]


@st.composite
def lattices(draw: st.DrawFn) -> Lattice:
    """A small lattice through which some path leads."""
    nodes = draw(st.integers(2, 6))
    times = sorted(draw(st.lists(st.integers(0, 400), min_size=nodes - 1, max_size=nodes - 1)))
    times_s = [0.0, *(time / 100 for time in times)]
    spans = [(a, b) for a, b in itertools.combinations(range(nodes), 2)]
    chosen = draw(
        st.lists(st.tuples(st.sampled_from(spans), st.sampled_from(WORDS)), max_size=10, unique=True)
    )
    chosen += [((node, node + 1), WORDS[1]) for node in range(nodes - 1)]
    score = st.integers(-320, 32).map(lambda q: q / 32)
    arcs = [
        LatticeArc(a, b, word, times_s[a], times_s[b], draw(score), draw(score), draw(st.just(0.0) | score))
        for (a, b), word in dict.fromkeys(chosen)
    ]
    return with_posteriors(times_s, arcs)


@given(lattices())
def test_posteriors_are_those_of_all_paths(lattice: Lattice) -> None:
    every = paths(lattice)
    shares = np.exp([sum(arc.weight for arc in path) for path in every])
    for arc in lattice.arcs:
        passing = sum(share for share, path in zip(shares, every, strict=True) if arc in path)
        assert arc.posterior == pytest.approx(passing / shares.sum(), rel=1e-6)


@given(lattices(), st.floats(0, 1), st.integers(1, 12))
def test_a_pruned_lattice_is_a_lattice_with_the_same_best_path(
    lattice: Lattice, least: float, most: int
) -> None:
    smaller = pruned(lattice, least, most)
    assert cut_sums(smaller) == pytest.approx([1.0] * (len(smaller.times_s) - 1))

    def best(one: Lattice) -> float:
        return max(sum(arc.weight for arc in path) for path in paths(one))

    def arcs(one: Lattice) -> set[LatticeArc]:
        return {replace(arc, start=0, end=0, posterior=0.0) for arc in one.arcs}

    assert arcs(smaller) <= arcs(lattice)
    assert best(smaller) == pytest.approx(best(lattice))  # of two that are as likely either may stay
    longest = max(len(path) for path in paths(smaller))
    assert len(smaller.arcs) <= max(most, longest)


@given(lattices())
def test_readings_are_summed_over_their_paths(lattice: Lattice) -> None:
    wanted: dict[str, float] = {}
    for path in paths(lattice):
        text = " ".join(arc.word for arc in path if arc.word)
        score = sum(arc.weight for arc in path)
        wanted[text] = np.logaddexp(wanted.get(text, -np.inf), score)
    found = n_best(lattice, 10_000)
    assert {one.text: one.score for one in found} == pytest.approx(wanted, abs=1e-9)
    assert all(len(one.word_times_s) == len(one.text.split()) for one in found)
    assert n_best(lattice, 1)[0].text in wanted


def distance(a: list[str], b: list[str]) -> int:
    """Levenshtein's, as its definition says."""
    if not a or not b:
        return len(a) + len(b)
    return min(distance(a[1:], b[1:]) + (a[0] != b[0]), distance(a[1:], b) + 1, distance(a, b[1:]) + 1)


@given(lattices(), st.lists(st.sampled_from(WORDS[1:]), max_size=4))
def test_the_oracle_is_the_best_of_all_paths(lattice: Lattice, words: list[str]) -> None:
    texts = {tuple(arc.word for arc in path if arc.word) for path in paths(lattice)}
    assert oracle_errors(lattice, words) == min(distance(list(text), words) for text in texts)


@given(lattices(), lattices())
def test_two_lattices_in_a_row_have_the_readings_of_both(first: Lattice, second: Lattice) -> None:
    both = joined(first, second, 5.0)
    assert cut_sums(both) == pytest.approx([1.0] * (len(both.times_s) - 1))
    a, b = n_best(first, 1)[0], n_best(second, 1)[0]
    assert n_best(both, 10_000)[0].score >= a.score + b.score - 1e-6
    assert len(both.arcs) == len(first.arcs) + len(second.arcs)


def test_a_lattice_that_no_path_leads_through_is_refused() -> None:
    with pytest.raises(ValueError, match="no path"):
        with_posteriors((0.0, 1.0, 2.0), [LatticeArc(0, 1, "call", 0.0, 1.0, -1.0)])


def test_what_leads_nowhere_is_left_out() -> None:
    kept = LatticeArc(0, 2, "call", 0.0, 1.0, -1.0)
    made = with_posteriors((0.0, 1.0, 2.0), [LatticeArc(0, 1, "tom", 0.0, 1.0, -1.0), kept])
    assert [(arc.start, arc.end, arc.word, arc.posterior) for arc in made.arcs] == [(0, 1, "call", 1.0)]
    assert made.times_s == (0.0, 2.0)
