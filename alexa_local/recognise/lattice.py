"""Lattices of words: posteriors, pruning, the best readings, and how far from the truth even the best is.

Everything here works on `messages.Lattice`, wherever it comes from; `lattice_words` makes one from a search.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import exp, inf

from alexa_local.messages import Hypothesis, Lattice, LatticeArc
from alexa_local.recognise.lattice_readings import Ways, likeliest, log_sum


def n_best(lattice: Lattice, most: int) -> list[Hypothesis]:
    """The likeliest readings with different words, best first, each summed over its paths."""
    into: dict[int, list[Ways]] = defaultdict(list)
    for arc in lattice.arcs:
        words, times = ((arc.word,), ((arc.start_s, arc.end_s),)) if arc.word else ((), ())
        into[arc.end].append(Ways(words, times, [(arc.start, arc.weight)]))
    nodes = ((node, into[node]) for node in range(len(lattice.times_s)))
    return [Hypothesis(" ".join(words), one.score, one.times) for words, one in likeliest(nodes, most)]


def total(lattice: Lattice) -> float:
    """Natural log of all readings together."""
    return _sums(lattice.arcs, len(lattice.times_s) - 1)[0][-1]


def with_posteriors(times_s: Sequence[float], arcs: Iterable[LatticeArc]) -> Lattice:
    """A lattice of these arcs, with posteriors by forward-backward; what leads nowhere is left out.

    Nodes that no reading passes are left out too, and the others numbered anew. The weights stay.

    Args:
        times_s: the nodes' times.
        arcs: their posteriors do not matter.

    Raises:
        ValueError: no path leads from the first node to the last.
    """
    ordered = sorted(arcs, key=lambda arc: (arc.start, arc.end, arc.word))
    last = len(times_s) - 1
    before, after = _sums(ordered, last)
    if before[last] == -inf:
        raise ValueError("no path leads through the lattice")
    alive = [arc for arc in ordered if before[arc.start] > -inf and after[arc.end] > -inf]
    nodes = sorted({0, last}.union(*((arc.start, arc.end) for arc in alive)))
    number = {node: new for new, node in enumerate(nodes)}
    return Lattice(
        tuple(times_s[node] for node in nodes),
        tuple(
            replace(
                arc,
                start=number[arc.start],
                end=number[arc.end],
                posterior=exp(min(0.0, before[arc.start] + arc.weight + after[arc.end] - before[last])),
            )
            for arc in alive
        ),
    )


def _sums(ordered: Sequence[LatticeArc], last: int) -> tuple[list[float], list[float]]:
    """Natural log of all ways from the first node to each, and from each to the last."""
    into: dict[int, list[LatticeArc]] = defaultdict(list)
    out: dict[int, list[LatticeArc]] = defaultdict(list)
    for arc in ordered:
        into[arc.end].append(arc)
        out[arc.start].append(arc)
    before, after = [-inf] * (last + 1), [-inf] * (last + 1)
    before[0] = after[last] = 0.0
    for node in range(1, last + 1):
        before[node] = log_sum([before[arc.start] + arc.weight for arc in into[node]])
    for node in range(last - 1, -1, -1):
        after[node] = log_sum([after[arc.end] + arc.weight for arc in out[node]])
    return before, after


def pruned(lattice: Lattice, least: float = 0.0, most_arcs: int | None = None) -> Lattice:
    """A smaller lattice, with its posteriors reckoned anew; the likeliest path always stays.

    Args:
        lattice: the lattice.
        least: arcs with a smaller posterior go.
        most_arcs: the least likely arcs go until no more than these are left, but for the likeliest path.
    """
    best = set(_best_path(lattice))
    ranked = sorted(lattice.arcs, key=lambda arc: (arc not in best, -arc.posterior))
    kept = [arc for arc in ranked if arc in best or arc.posterior >= least]
    if most_arcs is not None:
        kept = kept[: max(most_arcs, len(best))]
    return lattice if len(kept) == len(ranked) else with_posteriors(lattice.times_s, kept)


def _best_path(lattice: Lattice) -> list[LatticeArc]:
    """The arcs of the likeliest path."""
    scores = [-inf] * len(lattice.times_s)
    back: dict[int, LatticeArc] = {}
    scores[0] = 0.0
    for arc in lattice.arcs:
        if scores[arc.start] + arc.weight > scores[arc.end]:
            scores[arc.end], back[arc.end] = scores[arc.start] + arc.weight, arc
    path, node = [], len(lattice.times_s) - 1
    while node in back:
        path.append(back[node])
        node = back[node].start
    return path[::-1]


def joined(first: Lattice, second: Lattice, later_s: float) -> Lattice:
    """Two lattices one after the other; the second's times are `later_s` later."""
    shift = len(first.times_s) - 1
    arcs = tuple(
        replace(
            arc,
            start=arc.start + shift,
            end=arc.end + shift,
            start_s=round(arc.start_s + later_s, 3),
            end_s=round(arc.end_s + later_s, 3),
        )
        for arc in second.arcs
    )
    times = tuple(max(first.times_s[-1], round(time_s + later_s, 3)) for time_s in second.times_s[1:])
    return Lattice(first.times_s + times, first.arcs + arcs)


def oracle_errors(lattice: Lattice, words: Sequence[str]) -> int:
    """The fewest wrong, missed and made-up words of any reading, by dynamic programming over the graph."""
    missed = list(range(len(words) + 1))
    fewest = [missed] + [[2 * len(words) + len(lattice.arcs) + 1] * len(missed)] * (len(lattice.times_s) - 1)
    for arc in lattice.arcs:
        here = _after(fewest[arc.start], arc.word, words)
        fewest[arc.end] = [min(pair) for pair in zip(fewest[arc.end], here, strict=True)]
    return fewest[-1][-1]


def _after(row: list[int], word: str, words: Sequence[str]) -> list[int]:
    """A row of Levenshtein's table, one recognised word later."""
    if not word:
        return row
    found = [row[0] + 1]
    for at, wanted in enumerate(words):
        found.append(min(row[at] + (wanted != word), row[at + 1] + 1, found[at] + 1))
    return found
