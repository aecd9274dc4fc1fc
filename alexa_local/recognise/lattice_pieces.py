"""What the search leaves behind: a graph of word pieces with times, its posteriors, and its best readings.

Every way of writing a piece (which piece, at which step of the encoder, in which state of the search) is one
token, however many readings lead to it, so an arc between two tokens stands for all the readings that pass
there (path merging with limited context: Prabhavalkar et al. 2021, arXiv 2012.06749, section 3; we keep the
time of each piece as well, and every merged arc instead of one a node).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from alexa_local.recognise.lattice_readings import Ways, likeliest, log_add, log_sum

POSTERIOR_NATS = 14.0
"""Tokens and arcs that are so much less likely than all readings together are left out."""


_END = -1
"""The number of the end, where that of a token is asked for."""


class Arc(NamedTuple):
    """One way from a token to the next.

    Attributes:
        before: the token that it comes from.
        acoustic: what the networks say, natural log: blanks while waiting, then the piece.
        added: what each scorer adds.
    """

    before: Token
    acoustic: float
    added: tuple[float, ...]

    @property
    def weight(self) -> float:
        """All of it."""
        return self.acoustic + sum(self.added)


class Waiting(NamedTuple):
    """A token whose readings have waited for their next piece.

    Attributes:
        token: the last piece.
        waited: the blanks since, natural log.
    """

    token: Token
    waited: float


class Source(NamedTuple):
    """Arcs into a token from all tokens of one reading; they are told apart only when they are asked for.

    Attributes:
        waiting: the tokens that the reading ends in.
        acoustic: natural log of the piece, and of the blanks that all of them share.
        added: what each scorer adds.
    """

    waiting: tuple[Waiting, ...]
    acoustic: float
    added: tuple[float, ...]

    def arcs(self) -> list[Arc]:
        """The arcs, one from each token."""
        return [Arc(token, waited + self.acoustic, self.added) for token, waited in self.waiting]


@dataclass(slots=True, eq=False)
class Token:
    """A piece that was written, at one step and in one state of the search.

    Attributes:
        number: tokens are numbered as they are made, so that arcs lead to higher numbers.
        label: the piece.
        step: the encoder's step.
        state: the state of the search after it.
        score: natural log of all readings up to here.
        back: the likeliest token before it; None at the beginning.
        sources: where its arcs come from.
    """

    number: int
    label: int
    step: int
    state: object
    score: float
    back: Token | None = None
    sources: list[Source] = field(default_factory=list)


@dataclass(frozen=True)
class Path:
    """A reading.

    Attributes:
        labels: word pieces, without blanks.
        steps: the encoder step at which each was written.
        score: natural-log probability, summed over the alignments that were kept, with what the scorers add.
    """

    labels: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()
    score: float = 0.0


def best_path(last: Token, score: float) -> Path:
    """The reading along the likeliest tokens."""
    chain = []
    token: Token | None = last
    while token is not None and token.back is not None:
        chain.append(token)
        token = token.back
    chain.reverse()
    return Path(tuple(token.label for token in chain), tuple(token.step for token in chain), score)


class PieceLattice:
    """All readings that end in one of some sources.

    Attributes:
        tokens: the tokens that matter, in order; the first is the beginning.
        arcs: for the number of each token, the arcs that lead to it.
        ends: the arcs that lead to the end.
        total: natural log of all readings together; -inf where there is none.
        after: for the number of each token, natural log of all ways from it to the end.
    """

    def __init__(self, sources: Sequence[Source], within: float = POSTERIOR_NATS) -> None:
        """Collect what leads to the ends.

        Args:
            sources: the readings' ends, with what ending is worth.
            within: how much less likely than all together an arc may be, in nats.
        """
        ends = [arc for source in sources for arc in source.arcs()]
        self.total = log_sum([arc.before.score + arc.weight for arc in ends])
        floor = self.total - within
        self.after: dict[int, float] = {}
        self.arcs: dict[int, list[Arc]] = {}
        self.tokens: list[Token] = []
        queue: list[tuple[int, Token]] = []
        self.ends = self._reach(ends, 0.0, floor, queue)
        while queue:
            token = heapq.heappop(queue)[1]
            self.tokens.append(token)
            arcs = [arc for source in token.sources for arc in source.arcs()]
            self.arcs[token.number] = self._reach(arcs, self.after[token.number], floor, queue)
        self.tokens.reverse()

    def _reach(
        self, arcs: list[Arc], after: float, floor: float, queue: list[tuple[int, Token]]
    ) -> list[Arc]:
        """Those of the arcs into one place that matter; tells the tokens they come from of the ways on.

        The likeliest one always does: a place may matter by many ways of which none does alone.
        """
        kept = []
        weights = [arc.weight + after for arc in arcs]
        scores = [arc.before.score + weight for arc, weight in zip(arcs, weights, strict=True)]
        floor = min(floor, max(scores, default=floor))
        for arc, weight, score in zip(arcs, weights, scores, strict=True):
            if score < floor:
                continue
            kept.append(arc)
            before = arc.before
            known = self.after.get(before.number)
            if known is None:
                heapq.heappush(queue, (-before.number, before))
            self.after[before.number] = weight if known is None else log_add(known, weight)
        return kept

    def n_best(self, most: int) -> list[Path]:
        """The likeliest readings with different pieces, best first, each summed over its alignments."""
        nodes: list[tuple[int, list[Ways]]] = []
        for token in self.tokens:
            arcs = [(arc.before.number, arc.weight) for arc in self.arcs[token.number]]
            nodes.append((token.number, [Ways((token.label,), (token.step,), arcs)]))
        nodes.append((_END, [Ways((), (), [(arc.before.number, arc.weight) for arc in self.ends])]))
        return [Path(labels, one.times, one.score) for labels, one in likeliest(nodes, most)]
