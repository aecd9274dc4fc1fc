"""The sentences of the owner's closed skills, for a recogniser that looks for them."""

from __future__ import annotations

from alexa_local.messages import SentenceGraph
from alexa_local.understand.catalogue import Catalogue
from alexa_local.understand.grammar import SlotValue, built_in_grammar
from alexa_local.understand.graph import ANY, build_graph
from alexa_local.understand.owner import OwnerIntents


def closed_sentences(owner: OwnerIntents | None) -> SentenceGraph | None:
    """All that can be said to the owner's intents that are closed and take no free text, if there are any.

    Sentences that name devices, people or music are left out: those names change while the program runs.
    """
    if owner is None:
        return None
    grammar = built_in_grammar().joined(owner.grammar)
    no_names: dict[str, tuple[SlotValue, ...]] = dict.fromkeys(Catalogue().entries(), ())
    arcs: list[tuple[tuple[str, int], ...]] = [()]
    ends: set[int] = set()
    for group in owner.grammar.groups:
        if not group.closed:
            continue
        graph = build_graph([group], grammar.rules, {**grammar.types, **no_names})
        if any(arc.word == ANY for leaving in graph.arcs for arc in leaving):
            continue
        base = len(arcs) - 1  # node 0 is shared, node n of this graph becomes base + n
        moved = [tuple((arc.word, base + arc.to) for arc in leaving) for leaving in graph.arcs]
        arcs[0] += moved[0]
        arcs += moved[1:]
        ends.update(base + node for node, group_there in enumerate(graph.ends) if node and group_there >= 0)
    return SentenceGraph(tuple(arcs), frozenset(ends)) if ends else None
