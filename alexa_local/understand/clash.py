"""Where an owner's sentences mean something else already: a built-in intent, or another of theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from alexa_local.messages import Hypothesis
from alexa_local.understand.catalogue import Catalogue
from alexa_local.understand.grammar import built_in_grammar, names_as_values
from alexa_local.understand.graph import ANY, WordGraph, build_graph
from alexa_local.understand.owner import OwnerIntents
from alexa_local.understand.understander import OUT_OF_SCOPE, Understander

WALKS = 40
"""Sentences of each intent that are tried."""

_ANY_WORD = "something"


@dataclass(frozen=True)
class Clash:
    """A sentence of two meanings.

    Attributes:
        intent: the owner's intent that has the sentence.
        sentence: one that can be said for it.
        other: what else it means.
    """

    intent: str
    sentence: str
    other: str


def clashes(owner: OwnerIntents, catalogue: Catalogue) -> list[Clash]:
    """One clash for each pair of intents, found by trying sentences; the same ones every time."""
    built_in = Understander(catalogue)
    grammar = built_in_grammar().joined(owner.grammar)
    types = {**grammar.types, **names_as_values(catalogue.entries())}
    tried: dict[str, set[str]] = {}
    for group in owner.grammar.groups:
        graph = build_graph((group,), grammar.rules, types)
        tried.setdefault(group.intent, set()).update(_sentences(graph, Random(len(tried))))
    found: dict[tuple[str, str], Clash] = {}
    for intent, sentences in tried.items():
        for sentence in sorted(sentences):
            meaning = built_in.interpret([Hypothesis(sentence, 0.0)])
            others = [other for other, theirs in tried.items() if other != intent and sentence in theirs]
            if meaning.intent not in ("", OUT_OF_SCOPE) and meaning.confidence == 1.0:
                others.append(meaning.intent)
            for other in others:
                found.setdefault((intent, other), Clash(intent, sentence, other))
    return list(found.values())


def _sentences(graph: WordGraph, random: Random) -> Iterator[str]:
    """Sentences along random ways through a graph."""
    for _ in range(WALKS):
        node = 0
        words: list[str] = []
        while True:
            onward = [arc for arc in graph.arcs[node] if arc.to >= 0]
            if graph.ends[node] >= 0 and (not onward or random.random() < 1 / (1 + len(onward))):
                yield " ".join(words)
                break
            if not onward:
                break
            arc = random.choice(onward)
            words.append(_ANY_WORD if arc.word == ANY else arc.word)
            node = arc.to
