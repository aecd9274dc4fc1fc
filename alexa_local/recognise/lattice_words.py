"""From the search's word pieces to a lattice of words.

Arcs of words are sums over all pieces and times in between. The same word written a step earlier or later is
the same arc: nodes that differ by no more than that become one, and the weights are set so that
forward-backward on the lattice still gives the posteriors that the search found: the weight of an arc is its
share of what passes its first node, times the change in what may come (weight pushing, Mohri 2009).
"""

from __future__ import annotations

import graphlib
import heapq
from collections import defaultdict
from collections.abc import Sequence
from math import exp, inf, log
from typing import NamedTuple

from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.lattice import with_posteriors
from alexa_local.recognise.lattice_pieces import Arc, PieceLattice, Token
from alexa_local.recognise.lattice_readings import log_add, log_sum
from alexa_local.recognise.networks import Pieces

ALIKE_STEPS = 2
"""Nodes in the same state of the search become one when they are no more of the encoder's steps apart."""

_END = -1
"""The node at the end, beside the tokens' numbers."""


class _Word(NamedTuple):
    """A word, or the beginning of one, from a token on.

    Attributes:
        start: the step of its first piece.
        end: that of its last.
        acoustic: natural log of what the networks say, summed over times.
        added: what each scorer adds.
    """

    start: int
    end: int
    acoustic: float
    added: tuple[float, ...]

    @property
    def weight(self) -> float:
        return self.acoustic + sum(self.added)

    def then(self, arc: Arc, end: int) -> _Word:
        """The same, an arc later."""
        added = tuple([a + b for a, b in zip(self.added, arc.added, strict=True)])
        return _Word(self.start, end, self.acoustic + arc.acoustic, added)


_Spelled = dict[tuple[int, tuple[int, ...]], _Word]
"""Words by the number of the token before them and their pieces."""

_Arcs = dict[tuple[int, int, str], _Word]
"""Words by node before, node after, and how they are written."""


def word_lattice(
    pieces: PieceLattice, names: Sequence[str], vocabulary: Pieces, step_s: float, length_s: float
) -> Lattice:
    """The lattice of words of a search.

    Args:
        pieces: the search's own lattice; there is a reading in it.
        names: the scorers' names; what others than "language" and "bias" add goes to the acoustic score.
        vocabulary: how the pieces are written.
        step_s: seconds of a step of the encoder.
        length_s: when the stream ended.
    """
    arcs = _words(pieces, vocabulary)
    before, after = _sums(arcs, pieces)
    total = before[_END]
    flows = {key: exp(before[key[0]] + word.weight + after[key[1]] - total) for key, word in arcs.items()}
    places = _places(pieces, [node for node in before if node != _END], flows)
    order = _order(flows, places, pieces)
    return _written(arcs, flows, _Merged(places, order, before, after), pieces, names, step_s, length_s)


def _words(pieces: PieceLattice, vocabulary: Pieces) -> _Arcs:
    """All words, summed over the times of their pieces."""
    spelled: dict[int, _Spelled] = {}
    arcs: _Arcs = {}
    final = _last_of_words(pieces, vocabulary)
    for token in pieces.tokens:
        here: _Spelled = {}
        for arc in pieces.arcs[token.number]:
            if vocabulary.starts_word(token.label) or arc.before.back is None:
                key = arc.before.number, (token.label,)
                _add(here, key, _Word(token.step, token.step, arc.acoustic, arc.added))
            else:
                for (origin, labels), word in spelled[arc.before.number].items():
                    _add(here, (origin, (*labels, token.label)), word.then(arc, token.step))
        spelled[token.number] = here
        if token.number in final:
            for (origin, labels), word in here.items():
                _add(arcs, (origin, token.number, vocabulary.text(labels)), word)
    for arc in pieces.ends:
        if arc.before.back is None:
            _add(arcs, (arc.before.number, _END, ""), _Word(0, -1, arc.acoustic, arc.added))
        for (origin, labels), word in spelled[arc.before.number].items():
            _add(arcs, (origin, _END, vocabulary.text(labels)), word.then(arc, word.end))
    return arcs


def _add(words: dict, key: tuple, new: _Word) -> None:  # type: ignore[type-arg]
    """Add a word; the times of the likelier way stay."""
    old = words.get(key)
    if old is None:
        words[key] = new
        return
    better = new if new.weight > old.weight else old
    total = log_add(new.weight, old.weight)
    words[key] = better._replace(acoustic=total - sum(better.added))


def _last_of_words(pieces: PieceLattice, vocabulary: Pieces) -> set[int]:
    """The numbers of the tokens after which another word begins."""
    return {
        arc.before.number
        for token in pieces.tokens
        if vocabulary.starts_word(token.label)
        for arc in pieces.arcs[token.number]
    }


def _sums(arcs: _Arcs, pieces: PieceLattice) -> tuple[dict[int, float], dict[int, float]]:
    """Natural log of all ways to each node, and from each to the end; only nodes with both are in them."""
    into: dict[int, list[tuple[int, float]]] = defaultdict(list)
    out: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (start, end, _), word in arcs.items():
        into[end].append((start, word.weight))
        out[start].append((end, word.weight))
    first = pieces.tokens[0].number
    before = {first: 0.0}
    for node in [*sorted(set(into) - {_END}), _END]:
        before[node] = log_sum([before[start] + weight for start, weight in into[node]])
    after = {_END: 0.0}
    for node in sorted(out, reverse=True):
        after[node] = log_sum([after[end] + weight for end, weight in out[node]])
    return before, after


def _places(
    pieces: PieceLattice, nodes: list[int], flows: dict[tuple[int, int, str], float]
) -> dict[int, int]:
    """For each node the first of those that become one with it; no way leads from such a one back to it."""
    tokens = {token.number: token for token in pieces.tokens}
    groups: list[list[Token]] = []
    latest: dict[object, list[Token]] = {}
    for number in sorted(nodes):
        token = tokens[number]
        group = latest.get(token.state)
        if group is None or token.step - group[0].step > ALIKE_STEPS:
            group = latest[token.state] = []
            groups.append(group)
        group.append(token)
    places = {token.number: group[0].number for group in groups for token in group}
    places[_END] = _END
    while circle := _circle(flows, places):
        for number, place in places.items():
            if place in circle:
                places[number] = number
    return places


def _circle(flows: dict[tuple[int, int, str], float], places: dict[int, int]) -> set[int]:
    """Places that lead in a circle; none when no such are there."""
    leads: dict[int, set[int]] = defaultdict(set)
    for start, end, _ in flows:
        if places[start] == places[end]:
            return {places[start]}
        leads[places[end]].add(places[start])
    try:
        graphlib.TopologicalSorter(leads).prepare()
    except graphlib.CycleError as error:
        return set(error.args[1])
    return set()


def _order(
    flows: dict[tuple[int, int, str], float], places: dict[int, int], pieces: PieceLattice
) -> dict[int, int]:
    """New numbers for the places, along the arcs and by time."""
    steps = {token.number: token.step for token in pieces.tokens}
    left: dict[int, int] = defaultdict(int)
    leads: dict[int, set[int]] = defaultdict(set)
    for start, end, _ in flows:
        if places[end] not in leads[places[start]]:
            leads[places[start]].add(places[end])
            left[places[end]] += 1
    queue = [(-1, pieces.tokens[0].number)]
    order: dict[int, int] = {}
    while queue:
        place = heapq.heappop(queue)[1]
        order[place] = len(order)
        for following in leads[place]:
            left[following] -= 1
            if not left[following]:
                heapq.heappush(queue, (steps.get(following, 1 << 60), following))
    return order


class _Merged:
    """What passes the nodes that became one, and what may come after them."""

    def __init__(
        self,
        places: dict[int, int],
        order: dict[int, int],
        before: dict[int, float],
        after: dict[int, float],
    ) -> None:
        self.number = {node: order[place] for node, place in places.items()}
        self.passing = [-inf] * len(order)
        self.likeliest: list[tuple[float, int]] = [(-inf, 0)] * len(order)
        reached = [-inf] * len(order)
        for node, number in self.number.items():
            passes = before[node] + after[node]
            self.passing[number] = log_add(self.passing[number], passes)
            self.likeliest[number] = max(self.likeliest[number], (passes, node))
            reached[number] = log_add(reached[number], before[node])
        self.coming = [passing - to for passing, to in zip(self.passing, reached, strict=True)]
        self.total = before[_END]


def _written(
    arcs: _Arcs,
    flows: dict[tuple[int, int, str], float],
    merged: _Merged,
    pieces: PieceLattice,
    names: Sequence[str],
    step_s: float,
    length_s: float,
) -> Lattice:
    together: dict[tuple[int, int, str], tuple[float, float, _Word]] = {}
    for (start, end, word), one in arcs.items():
        key = merged.number[start], merged.number[end], word
        flow = flows[start, end, word]
        known, most, likeliest = together.get(key, (0.0, -1.0, one))
        together[key] = known + flow, max(most, flow), one if flow > most else likeliest
    steps = {token.number: token.step for token in pieces.tokens}
    times = [round((steps.get(node, 0) + 1) * step_s, 3) for _, node in merged.likeliest]
    times[0] = times[-1] = 0.0
    times[-1] = round(max(length_s, *times), 3)
    found = []
    for (start, end, word), (flow, _, one) in sorted(together.items()):
        if flow <= 0.0:
            continue
        times[end] = max(times[end], times[start])
        parts = dict(zip(names, one.added, strict=True))
        language, bias = parts.get("language", 0.0), parts.get("bias", 0.0)
        weight = log(flow) + merged.total - merged.passing[start]
        weight += merged.coming[start] - merged.coming[end]
        span = (round(one.start * step_s, 3), round((one.end + 1) * step_s, 3))
        found.append(LatticeArc(start, end, word, *span, weight - language - bias, language, bias))
    return with_posteriors(times, found)
