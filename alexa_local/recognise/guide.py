"""Sentences that narrow the search: a graph of words, walked in word pieces.

A reading that the guide leads is scored by the model like any other, so both kinds can be compared; it is
only kept from leaving the sentences. The graph is unfolded into pieces, and made deterministic, only where
the search goes (composition and determinisation on the fly, as in Mohri, Pereira and Riley 2002).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import SentenceGraph

State = frozenset[tuple[int, tuple[int, ...]]]
"""Places in the graph: (the node that a word leads to, the pieces of that word that are still to come)."""

START: State = frozenset({(0, ())})


class Guide:
    """A sentence graph for one vocabulary of pieces."""

    def __init__(self, graph: SentenceGraph, spell: Callable[[str], tuple[int, ...]], pieces: int) -> None:
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

    def barred(self, state: State) -> NDArray[np.bool_]:
        """Which pieces may not come next, bool (pieces,); blank always may."""
        barred = np.ones(self._pieces, np.bool_)
        barred[[0, *self.steps(state)]] = False
        return barred

    def is_sentence(self, state: State) -> bool:
        """Whether a sentence may end here."""
        return any(not rest and node in self._ends for node, rest in state)
