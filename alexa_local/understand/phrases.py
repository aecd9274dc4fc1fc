"""Which names a recogniser should hear more readily, each kind after the words that announce it.

The announcing words are read off the sentences themselves: whatever comes before {contact} in a template
announces a contact. So a new template, the owner's too, needs nothing here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice

from hassil.expression import TextChunk

from alexa_local.messages import PhraseClass
from alexa_local.understand.catalogue import ENTRY_TYPES, Catalogue, Contact
from alexa_local.understand.grammar import Group, SlotValue, built_in_grammar
from alexa_local.understand.graph import ANY, WordGraph, build_graph
from alexa_local.understand.owner import OwnerIntents

KINDS: Mapping[str, tuple[str, ...]] = {
    "timer": ("running_timer",),
    "device": ("switchable", "device", "light", "cover", "thermostat"),
    "room": ("room",),
    "scene": ("scene",),
    "list": ("list",),
    "contact": ("contact",),
    "music": ("music",),
}
"""Slot types by kind of name; of too many phrases the last are left out, so the small kinds come first."""

MOST_WORDINGS = 2000
"""Phrases that are read off an owner's sentences for one slot or one intent; a template can have millions."""

_WORDS = 3
_BEGINNING, _UNKNOWN = "^", "?"
_NAME = TextChunk("zzname")
_COLOURLESS = frozenset(["the", "my", "our", "your", "a", "an", "me", "to", "for", "of", "in", "on", "and"])
"""Words that announce nothing by themselves: "call my" does, "my" does not."""


class KnownPhrases:
    """What may be said in one home: built once for the owner's intents, asked whenever a name changes."""

    def __init__(self, owner: OwnerIntents | None = None) -> None:
        announced = dict(_built_in_announcers())
        self._own: tuple[PhraseClass, ...] = ()
        self._contacts: tuple[tuple[Contact, ...], PhraseClass] | None = None
        if owner:
            graph = _graph([group for group in owner.grammar.groups if not group.closed], owner)
            for name, words in _announcers(graph).items():
                announced[name] = announced.get(name, frozenset()) | words
            self._own = (*_own_slots(owner, announced), *_own_words(graph))
        announced["running_timer"] = announced["timer_name"]
        self._after = {
            kind: frozenset[str]().union(*(announced.get(name, ()) for name in types))
            for kind, types in KINDS.items()
        }

    def of(self, catalogue: Catalogue) -> tuple[PhraseClass, ...]:
        """The names of the home, and what the owner's open intents say, by kind; no kind without a name."""
        found = [*self._own, *(self._class(kind, catalogue) for kind in KINDS)]
        return tuple(each for each in found if each.phrases)

    def _class(self, kind: str, catalogue: Catalogue) -> PhraseClass:
        """The names of one kind; an address book that is the same object as before need not be read again."""
        if kind == "contact" and self._contacts and self._contacts[0] is catalogue.contacts:
            return self._contacts[1]
        said = dict.fromkeys(words for name in KINDS[kind] for words, _ in catalogue.entries_of(name))
        made = PhraseClass(kind, tuple(said), self._after[kind])
        if kind == "contact":
            self._contacts = catalogue.contacts, made
        return made


@cache
def _built_in_announcers() -> Mapping[str, frozenset[str]]:
    return _announcers(_graph(built_in_grammar().groups, None))


def _graph(groups: Sequence[Group], owner: OwnerIntents | None) -> WordGraph:
    """The sentences, with one word for every name, number and time: only what announces them matters."""
    built_in = built_in_grammar()
    grammar = built_in.joined(owner.grammar) if owner else built_in
    any_name = {name: (SlotValue(_NAME, name),) for name in (*built_in.types, *ENTRY_TYPES)}
    return build_graph(groups, grammar.rules, any_name | dict(owner.grammar.types if owner else {}))


def _announcers(graph: WordGraph) -> dict[str, frozenset[str]]:
    """For each slot type, the words that come right before it; "" is a sentence's beginning."""
    before = _WordsBefore(graph)
    found: dict[str, set[str]] = defaultdict(set)
    for node, arcs in enumerate(graph.arcs):
        begun = {arc.tag for arc in arcs if arc.to >= 0} - before.tags(node)
        for name in {graph.tags[tag].type for tag in begun} - {""}:
            found[name] |= before(node)
    return {name: frozenset(words) for name, words in found.items()}


class _WordsBefore:
    """What may be said right before a node, as far as it tells something."""

    def __init__(self, graph: WordGraph) -> None:
        self._graph = graph
        self._leading_to: dict[int, set[tuple[int, str, int]]] = defaultdict(set)
        for node, arcs in enumerate(graph.arcs):
            for arc in arcs:
                if arc.to >= 0:
                    self._leading_to[arc.to].add((node, arc.word, arc.tag))
        self._known: dict[tuple[int, int], frozenset[tuple[str, ...]]] = {}

    def __call__(self, node: int) -> set[str]:
        """The words, at most _WORDS of them; what only articles and the like announce is left out."""
        found: set[str] = set()
        for words in self._ways(node, _WORDS):
            known = words[1:] if words[0] in (_BEGINNING, _UNKNOWN) else words
            if not _COLOURLESS.issuperset(known):
                found.add(" ".join(known))
            elif words[0] == _BEGINNING:
                found |= {" ".join((*way, *known)) for way in _beginnings()}
        return found

    def tags(self, node: int) -> set[int]:
        """What the words that lead to a node fill: what a node in the middle of a name goes on with."""
        return {tag for _, _, tag in self._leading_to[node]}

    def _ways(self, node: int, words: int) -> frozenset[tuple[str, ...]]:
        if node == 0:
            return frozenset({(_BEGINNING,)})
        if not words:
            return frozenset({()})
        known = self._known.get((node, words))
        if known is None:
            ways: set[tuple[str, ...]] = set()
            for source, word, _ in self._leading_to[node]:
                if word in (ANY, _NAME.text):
                    ways.add((_UNKNOWN,))
                else:
                    ways |= {(*way, word) for way in self._ways(source, words - 1)}
            known = self._known[node, words] = frozenset(ways)
        return known


@cache
def _beginnings() -> frozenset[tuple[str, ...]]:
    """How what begins a sentence may itself be announced: by nothing, or "can you" and the like."""
    return frozenset({(), *(tuple(words.split()[-2:]) for words in built_in_grammar().before)})


def _own_slots(owner: OwnerIntents, announced: Mapping[str, frozenset[str]]) -> Iterator[PhraseClass]:
    """The values of an owner's slots, in every wording."""
    rules = {**built_in_grammar().rules, **owner.grammar.rules}
    for name, values in owner.grammar.types.items():
        wordings = build_graph([Group("", tuple(value.said for value in values))], rules, {})
        said = dict.fromkeys(islice(_runs(wordings, 0), MOST_WORDINGS))
        yield PhraseClass(f"slot {name}", tuple(said), announced.get(name, frozenset()))


def _own_words(graph: WordGraph) -> Iterator[PhraseClass]:
    """The words of an owner's sentences between their slots: how they begin, and how they go on."""
    before = _WordsBefore(graph)
    beginnings = frozenset(" ".join(way) for way in _beginnings())
    runs = tuple(dict.fromkeys(islice(_runs(graph, 0), MOST_WORDINGS)))
    yield PhraseClass("sentence", runs, beginnings)
    inner = {arc.to for arcs in graph.arcs for arc in arcs if graph.tags[arc.tag].slot and arc.to > 0}
    for node in sorted(inner):
        runs = tuple(dict.fromkeys(run for run in islice(_runs(graph, node), MOST_WORDINGS) if " " in run))
        yield PhraseClass(f"sentence {node}", runs, frozenset(before(node)))


def _runs(graph: WordGraph, node: int, said: tuple[str, ...] = ()) -> Iterator[str]:
    """The words from a node to the next slot or to an end."""
    is_whole = graph.ends[node] >= 0
    for arc in graph.arcs[node]:
        if arc.word == ANY or graph.tags[arc.tag].slot:
            is_whole = True
        else:
            yield from _runs(graph, arc.to, (*said, arc.word))
    if is_whole and said:
        yield " ".join(said)
