"""Templates become one graph of words: every path from the start to an end is a sentence that can be said.

hassil's expressions are first unrolled into a small automaton of word pieces, blanks and empty steps (a
template such as light[s] has pieces that are no words); then the pieces between blanks are joined, which
leaves arcs that carry whole words and no empty steps. Nodes with the same future are shared, so that twenty
sentences that end in a time of day hold its words once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hassil.expression import Alternative, Expression, ListReference, Permutation, RuleReference, TextChunk
from hassil.expression import Sequence as ExpressionSequence

from alexa_local.understand.grammar import WILDCARDS, Group, SlotValue, slot_type_and_name

ANY = "*"
"""The word of an arc that takes any word."""

_BLANK = " "
_NO_TAG = 0


@dataclass(frozen=True)
class Tag:
    """What the words of an arc fill.

    Attributes:
        slot: name of the slot, "" for words that fill none.
        type: name of the slot's type.
        value: the slot's value; None when it is made of the words.
        wild: the slot takes any words.
    """

    slot: str = ""
    type: str = ""
    value: Any = None
    wild: bool = False


@dataclass(frozen=True, slots=True)
class Arc:
    """From a node to the next with one word; `to` is -1 for an arc that stays where it is."""

    word: str
    tag: int
    to: int


@dataclass
class WordGraph:
    """Nodes are numbers; node 0 is where every sentence starts.

    Attributes:
        arcs: the arcs that leave each node, in the order of their words.
        ends: for each node, the number of the group whose sentence may end there, -1 for none.
        tags: the tags that arcs name by number.
        groups: the groups that `ends` names by number.
    """

    groups: Sequence[Group]
    arcs: list[list[Arc]] = field(default_factory=lambda: [[]])
    ends: list[int] = field(default_factory=lambda: [-1])
    tags: list[Tag] = field(default_factory=lambda: [Tag()])


@dataclass
class _Pieces:
    """An automaton of word pieces: steps[node] lists (piece, tag, next); "" is an empty step."""

    steps: list[list[tuple[str, int, int]]] = field(default_factory=list)

    def node(self) -> int:
        self.steps.append([])
        return len(self.steps) - 1

    def step(self, source: int, piece: str, tag: int = _NO_TAG, target: int | None = None) -> int:
        end = self.node() if target is None else target
        self.steps[source].append((piece, tag, end))
        return end


class _Unroller:
    """Writes expressions into an automaton of pieces."""

    def __init__(
        self,
        pieces: _Pieces,
        rules: Mapping[str, Expression],
        types: Mapping[str, Sequence[SlotValue]],
        tags: list[Tag],
    ) -> None:
        self._pieces = pieces
        self._rules = rules
        self._types = types
        self._tags = tags
        self._tag_numbers = {_hashable(tag): number for number, tag in enumerate(tags)}

    def add(self, expression: Expression, start: int, tag: int = _NO_TAG) -> int:
        """Continues from `start` with all that the expression can say; gives the node behind it."""
        if isinstance(expression, TextChunk):
            return self._text(expression.text, start, tag)
        if isinstance(expression, Alternative):
            end = self._pieces.node()
            for item in expression.items:
                self._pieces.step(self.add(item, start, tag), "", target=end)
            return end
        if isinstance(expression, Permutation):
            return self._any_order(expression.items, start, tag)
        if isinstance(expression, ExpressionSequence):
            for item in expression.items:
                start = self.add(item, start, tag)
            return start
        if isinstance(expression, RuleReference):
            return self.add(self._rules[expression.rule_name], start, tag)
        if isinstance(expression, ListReference):
            return self._slot(*slot_type_and_name(expression), start)
        raise TypeError(f"Unknown part of a template: {expression!r}")

    def _text(self, text: str, start: int, tag: int) -> int:
        for piece in re.findall(r"\s+|\S+", text):
            start = self._pieces.step(start, _BLANK if piece.isspace() else piece, tag)
        return start

    def _any_order(self, items: Sequence[Expression], start: int, tag: int) -> int:
        """A node for each subset of the items that has been said."""
        everything = (1 << len(items)) - 1
        nodes = {0: start} | {subset: self._pieces.node() for subset in range(1, everything + 1)}
        for subset, node in nodes.items():
            for number, item in enumerate(items):
                if not subset >> number & 1:
                    self._pieces.step(self.add(item, node, tag), "", target=nodes[subset | 1 << number])
        return nodes[everything]

    def _slot(self, type_name: str, slot: str, start: int) -> int:
        if type_name in WILDCARDS:
            return self._wildcard(slot, type_name, start)
        end = self._pieces.node()
        for choice in self._types[type_name]:
            tag = self._tag(Tag(slot, type_name, choice.value))
            self._pieces.step(self.add(choice.said, start, tag), "", target=end)
        return end

    def _wildcard(self, slot: str, type_name: str, start: int) -> int:
        tag = self._tag(Tag(slot, type_name, wild=True))
        node = start
        end = self._pieces.node()
        for _ in range(WILDCARDS[type_name] or 1):
            node = self._pieces.step(node, ANY, tag)
            if not WILDCARDS[type_name]:
                self._pieces.step(node, ANY, tag, target=node)
            self._pieces.step(node, "", target=end)
        return end

    def _tag(self, tag: Tag) -> int:
        key = _hashable(tag)
        number = self._tag_numbers.get(key)
        if number is None:
            number = self._tag_numbers[key] = len(self._tags)
            self._tags.append(tag)
        return number


def _hashable(tag: Tag) -> tuple[str, str, str, bool]:
    return tag.slot, tag.type, repr(tag.value), tag.wild


class _Joiner:
    """Joins the pieces of one group into words and shares nodes that have the same future."""

    def __init__(self, pieces: _Pieces, end: int, group: int, graph: WordGraph) -> None:
        self._pieces = pieces
        self._end = end
        self._group = group
        self._graph = graph
        self._done: dict[int, int] = {}
        self._shared: dict[object, int] = {}

    def node_for(self, piece_node: int) -> int:
        """The graph's node with the future of a node of pieces (which stands between two words)."""
        known = self._done.get(piece_node)
        if known is not None:
            return known
        arcs, ends = self.arcs_from(piece_node)
        key = (tuple(sorted(arcs, key=lambda arc: (arc.word, arc.tag, arc.to))), ends)
        node = self._shared.get(key)
        if node is None:
            node = self._shared[key] = len(self._graph.arcs)
            self._graph.arcs.append(list(key[0]))
            self._graph.ends.append(self._group if ends else -1)
        self._done[piece_node] = node
        return node

    def arcs_from(self, piece_node: int) -> tuple[set[Arc], bool]:
        """The words that may come next, and whether the sentence may end here."""
        arcs: set[Arc] = set()
        ends = False
        seen = set()
        open_states: list[tuple[int, str, int]] = [(piece_node, "", _NO_TAG)]
        while open_states:
            state = open_states.pop()
            if state in seen:
                continue
            seen.add(state)
            node, word, tag = state
            if node == self._end:
                if word:
                    arcs.add(Arc(word, tag, self.node_for(node)))
                else:
                    ends = True
            for piece, piece_tag, target in self._pieces.steps[node]:
                if piece == "":
                    open_states.append((target, word, tag))
                elif piece == _BLANK:
                    if word:
                        arcs.add(Arc(word, tag, self.node_for(target)))
                    else:
                        open_states.append((target, "", _NO_TAG))
                elif piece == ANY:
                    if not word:
                        arcs.add(Arc(ANY, piece_tag, -1 if target == piece_node else self.node_for(target)))
                else:
                    open_states.append((target, word + piece, tag if word else piece_tag))
        return arcs, ends


def build_graph(
    groups: Sequence[Group],
    rules: Mapping[str, Expression],
    types: Mapping[str, Sequence[SlotValue]],
) -> WordGraph:
    """All sentences of the groups in one graph; sentences that need a type without any name are left out."""
    graph = WordGraph(groups)
    start: set[Arc] = set()
    for number, group in enumerate(groups):
        pieces = _Pieces()
        unroller = _Unroller(pieces, rules, types, graph.tags)
        first, last = pieces.node(), pieces.node()
        for sentence in group.sentences:
            pieces.step(unroller.add(sentence, first), "", target=last)
        joiner = _Joiner(pieces, last, number, graph)
        arcs, _ = joiner.arcs_from(first)
        start |= arcs
    graph.arcs[0] = sorted(start, key=lambda arc: (arc.word, arc.tag, arc.to))
    return _without_dead_ends(graph)


def _without_dead_ends(graph: WordGraph) -> WordGraph:
    """Drops what cannot be finished, such as sentences about covers in a home that has none."""
    alive: dict[int, bool] = {}
    for node in range(1, len(graph.arcs)):  # nodes are numbered after all that follow them
        graph.arcs[node] = [arc for arc in graph.arcs[node] if arc.to < 0 or alive[arc.to]]
        alive[node] = graph.ends[node] >= 0 or any(arc.to >= 0 for arc in graph.arcs[node])
    graph.arcs[0] = [arc for arc in graph.arcs[0] if alive[arc.to]]
    return graph


def all_words(graph: WordGraph) -> Iterable[str]:
    """Every word that an arc carries, once."""
    return dict.fromkeys(arc.word for arcs in graph.arcs for arc in arcs if arc.word != ANY)
