"""Sentences that narrow the search: a graph of words, walked in word pieces.

A reading that the guide leads is scored by the model like any other, so both kinds can be compared; the
guide, a `Scorer` of the search, only bars what would leave the sentences. The graph is unfolded into pieces,
and made deterministic, only where the search goes (composition and determinisation on the fly, as in Mohri,
Pereira and Riley 2002).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import SentenceGraph

State = frozenset[tuple[int, tuple[int, ...]]]
"""Places in the graph: (the node that a word leads to, the pieces of that word that are still to come)."""

END = 0
"""Piece 0, blank to the transducer, stands for a sentence's end."""

START: State = frozenset({(0, ())})


class Guide:
    """A sentence graph for one vocabulary of pieces.

    Attributes:
        start: the state before the first piece.
    """

    start = START

    def __init__(
        self,
        graph: SentenceGraph,
        spell: Callable[[str], tuple[int, ...]],
        pieces: int,
    ) -> None:
        """Spell the graph's words.

        Args:
            graph: the sentences.
            spell: from a word to its pieces, the first of which begins a word; () when they cannot spell it.
            pieces: size of the vocabulary.
        """
        self._ends = graph.ends
        self._pieces = pieces
        self._arcs: list[Mapping[int, list[tuple[int, tuple[int, ...]]]]] = []
        for arcs in graph.arcs:
            by_first: dict[int, list[tuple[int, tuple[int, ...]]]] = defaultdict(list)
            for word, node in arcs:
                if spelled := spell(word):
                    by_first[spelled[0]].append((node, spelled[1:]))
            self._arcs.append(by_first)
        self._known: dict[State, dict[int, State]] = {}
        self._scores: dict[State, NDArray[np.float32]] = {}

    def most_after(self, state: State) -> float:
        """No piece adds anything: it may come, or not."""
        return 0.0

    def steps(self, state: State) -> dict[int, State]:
        """The pieces that may come next, and where each leads."""
        known = self._known.get(state)
        if known is None:
            following: dict[int, set[tuple[int, tuple[int, ...]]]] = defaultdict(set)
            for node, rest in state:
                if rest:
                    following[rest[0]].add((node, rest[1:]))
                else:
                    for piece, places in self._arcs[node].items():
                        following[piece].update(places)
            known = self._known[state] = {piece: frozenset(places) for piece, places in following.items()}
        return known

    def scores(self, state: State) -> NDArray[np.float32]:
        """0 for the pieces that may come next, and for an end that may be here; -inf for others."""
        known = self._scores.get(state)
        if known is None:
            known = self._scores[state] = np.full(self._pieces, -np.inf, np.float32)
            known[list(self.steps(state))] = 0.0
            if any(not rest and node in self._ends for node, rest in state):
                known[END] = 0.0
        return known

    def next(self, state: State, label: int) -> State:
        """Where a piece that may come next leads."""
        return self.steps(state)[label]
