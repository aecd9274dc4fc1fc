"""The best readings of any acyclic graph, each summed over all its ways through the graph."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Sequence
from math import exp, inf, log1p
from typing import Any, NamedTuple


class Ways(NamedTuple):
    """Arcs that lead to one node and write the same there.

    Attributes:
        symbols: what they write, () for nothing.
        times: a time for each symbol.
        arcs: (node before, natural-log weight) of each.
    """

    symbols: tuple[Hashable, ...]
    times: tuple[Any, ...]
    arcs: Sequence[tuple[int, float]]


class Reading(NamedTuple):
    """What is known of a reading up to a node.

    Attributes:
        score: natural log of all its ways.
        single: of the likeliest one.
        times: that one's times.
    """

    score: float
    single: float
    times: tuple[Any, ...]


_Readings = dict[tuple[Any, ...], Reading]


def likeliest(
    nodes: Iterable[tuple[int, Sequence[Ways]]], most: int
) -> list[tuple[tuple[Any, ...], Reading]]:
    """The likeliest readings at the last of the nodes, best first.

    Args:
        nodes: each with the arcs that lead to it, in an order in which arcs lead on; the first has none.
        most: readings kept at each node; what a reading's weaker ways would add is lost where it is not kept.
    """
    known: dict[int, list[tuple[tuple[Any, ...], Reading]]] = {}
    found = [((), Reading(0.0, 0.0, ()))]
    for number, (node, ways) in enumerate(nodes):
        if number:
            found = _nlargest(most, _arriving(ways, known))
        known[node] = found
    return found


def _arriving(ways: Sequence[Ways], known: dict[int, list[tuple[tuple[Any, ...], Reading]]]) -> _Readings:
    """The readings at one node."""
    found: _Readings = {}
    for symbols, times, arcs in ways:
        together: _Readings = {}
        for before, weight in arcs:
            for written, one in known[before]:
                _add(together, written, Reading(one.score + weight, one.single + weight, one.times))
        for written, one in together.items():
            _add(found, written + symbols, Reading(one.score, one.single, one.times + times))
    return found


def _add(found: _Readings, written: tuple[Any, ...], new: Reading) -> None:
    old = found.get(written)
    if old is not None:
        better = new if new.single > old.single else old
        new = Reading(log_add(new.score, old.score), better.single, better.times)
    found[written] = new


def _nlargest(most: int, readings: _Readings) -> list[tuple[tuple[Any, ...], Reading]]:
    return heapq.nlargest(most, readings.items(), key=lambda item: item[1].score)


def log_add(a: float, b: float) -> float:
    """log(exp(a) + exp(b)); numpy's is slower for two numbers."""
    if a < b:
        a, b = b, a
    return a if b == -inf else a + log1p(exp(b - a))


def log_sum(values: Sequence[float]) -> float:
    """log of the sum of exp of each; -inf of none."""
    high = max(values, default=-inf)
    if high == -inf:
        return -inf
    return high + log1p(sum([exp(value - high) for value in values]) - 1.0)
