"""Sentences that a recogniser looks for beside all others: the owner's closed skills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hassil.expression import Expression

from alexa_local.messages import SentenceGraph
from alexa_local.understand.catalogue import Catalogue
from alexa_local.understand.grammar import Group, SlotValue, built_in_grammar, parse_template
from alexa_local.understand.graph import ANY, WordGraph, build_graph
from alexa_local.understand.owner import OwnerIntents


def known_sentences(owner: OwnerIntents | None, catalogue: Catalogue | None = None) -> SentenceGraph | None:
    """The owner's closed skills as one graph, without what takes free text; None when there are none."""
    groups = [group for group in owner.grammar.groups if group.closed] if owner else []
    if not owner or not groups:
        return None
    grammar = built_in_grammar().joined(owner.grammar)
    names = {
        name: tuple(SlotValue(parse_template(said), value) for said, value in entries)
        for name, entries in (catalogue or Catalogue()).entries().items()
    }
    return _joined(_graphs(groups, grammar.rules, {**grammar.types, **names}))


def _graphs(
    groups: Sequence[Group], rules: Mapping[str, Expression], types: Mapping[str, Sequence[SlotValue]]
) -> Iterator[WordGraph]:
    for group in groups:
        graph = build_graph([group], rules, types)
        if not any(arc.word == ANY for leaving in graph.arcs for arc in leaving):
            yield graph


def _joined(graphs: Iterator[WordGraph]) -> SentenceGraph | None:
    """The graphs with node 0 in common: node n of the next one becomes base + n."""
    arcs: list[tuple[tuple[str, int], ...]] = [()]
    ends: set[int] = set()
    for graph in graphs:
        base = len(arcs) - 1
        moved = [tuple((arc.word, base + arc.to) for arc in leaving) for leaving in graph.arcs]
        arcs = [arcs[0] + moved[0], *arcs[1:], *moved[1:]]
        ends.update(base + node for node, group in enumerate(graph.ends) if node and group >= 0)
    return SentenceGraph(tuple(arcs), frozenset(ends)) if ends else None
