"""Finds the sentence of a word graph that is nearest to what was heard.

A dynamic programme over (word heard, node of the graph), the Viterbi way: a word heard may stand for a word
of the graph (at the cost of how differently they sound), be too much, or be missing; two or three words heard
may be one ("cap a chino"). All readings of the n-best go through it together: readings with the same
beginning share the work, and all nodes are done at once with numpy.

Arcs are factored: nodes from which the same word leads to the same node form a hub, whose cost is the least
of its nodes', so that the costs of words are added once for a hub and not once for each of its nodes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

import numpy as np

from alexa_local.understand.graph import ANY, Arc, Group, Tag, WordGraph, all_words
from alexa_local.understand.sound import Vocabulary, weight

_FILLERS = "a an the uh um er oh well so like just please my some and okay hey to of"
FILLERS = frozenset(_FILLERS.split())
"""Words that change little when they are too much or missing."""
_NEGATIONS = "not don't never without except doesn't didn't isn't won't can't no"
NEGATIONS = frozenset(_NEGATIONS.split())
"""Words that turn a request into its opposite, so they are never overheard."""

FILLER_COST = 0.4
MISSING_EXTRA = 0.5
SPURIOUS_EXTRA = 0.8
NEGATION_COST = 8.0
NEGATION_CHANGED_COST = 4.0
FARTHEST = 12.0
"""Letters; a sentence farther than this is looked at only when it is closed."""
JOIN_COST = 0.3
WILD_COST = 0.35  # less than a filler's, or a filler within free text would be taken for too much
FIRST_WILD_COST = 1.2
SLOT_MISSING_FACTOR = 1.5
JOIN_RELATIVE_LIMIT = 0.34
MISSING_IN_A_ROW = 1
_NEVER = np.float32(1e6)
_WORD = attrgetter("word")


@dataclass(frozen=True)
class Step:
    """One word of the sentence that was found.

    Attributes:
        word: the sentence's word ("" for a word heard that it does not have, the word heard for a wildcard).
        heard: the words heard for it, "" when it was not heard.
        tag: what the word fills.
        cost: letters that differ.
    """

    word: str
    heard: str
    tag: Tag
    cost: float


@dataclass(frozen=True)
class Match:
    """A sentence of the graph with its distance from what was heard.

    Attributes:
        group: what the sentence means.
        steps: its words.
        cost: letters that differ, wildcards included; what the search made least.
        edits: letters that differ without the wildcards' cost.
        letters: the weight of the sentence's own words, in letters.
    """

    group: Group
    steps: tuple[Step, ...]
    cost: float
    edits: float
    letters: float

    @property
    def relative(self) -> float:
        """Differing letters for each letter of the sentence (0 is exact)."""
        return self.edits / max(self.letters, 1.0)


class _Trie:
    """The readings as one tree of words; node 0 is before the first word."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.parent = [-1]
        self.word = [""]
        self.said = [""]
        self.levels: list[list[int]] = [[0]]
        self.leaf: list[int] = []
        children: dict[tuple[int, str], int] = {}
        for text in texts:
            node = 0
            for depth, word in enumerate(text.split(), start=1):
                child = children.get((node, word))
                if child is None:
                    child = children[node, word] = len(self.parent)
                    self.parent.append(node)
                    self.word.append(word)
                    self.said.append(f"{self.said[node]} {word}".strip())
                    if depth == len(self.levels):
                        self.levels.append([])
                    self.levels[depth].append(child)
                node = child
            self.leaf.append(node)

    def joined(self, node: int, count: int) -> tuple[str, int]:
        """The last `count` words up to a node written as one, and the node before them (-1: cannot be)."""
        text = ""
        for _ in range(count):
            if node <= 0 or (self.word[node] in NEGATIONS and count > 1 and self.word[node] != "no"):
                return "", -1
            text = self.word[node] + text
            node = self.parent[node]
        return text, node


class _Table:
    """Costs of one search: for each node of the trie a row over the graph's nodes and one over its hubs."""

    def __init__(self, trie: _Trie, nodes: int, hubs: int) -> None:
        self.trie = trie
        self.cost = np.full((len(trie.parent), nodes), _NEVER, np.float32)
        self.hub = np.full((len(trie.parent), hubs), _NEVER, np.float32)


class Matcher:
    """A word graph laid out for the search; holds no state but a cache of word distances."""

    def __init__(self, graph: WordGraph, before: Iterable[str] = (), after: Iterable[str] = ()) -> None:
        self._graph = graph
        self._before = frozenset(before)
        self._after = sorted(after, key=len, reverse=True)
        self._vocabulary = Vocabulary(list(all_words(graph)))
        self._any = len(self._vocabulary.words)
        self._distances: dict[str, np.ndarray] = {}
        self._lay_out()

    def nearest(self, texts: Sequence[str], most: int = 3) -> list[list[Match]]:
        """The nearest sentences of different groups for each text, the nearest first."""
        trie = _Trie(texts)
        self._distances.clear()
        table = _Table(trie, len(self._graph.arcs), len(self._hub_starts))
        table.cost[0, 0] = 0.0
        self._skip_words(table, [0])
        for level in trie.levels[1:]:
            self._advance(table, level)
        return [self._best_ends(table, leaf, most) for leaf in trie.leaf]

    # ── layout ──

    def _lay_out(self) -> None:
        """Writes the graph's arcs as arrays sorted by where they lead, their sources gathered in hubs."""
        each = self._arcs_of_nodes()
        is_first = np.append(True, (each[1:, :4] != each[:-1, :4]).any(axis=1))
        self._to, self._label, self._tag, self._loop = each[is_first, :4].T.astype(np.int64)
        sources, firsts = each[:, 4].copy(), np.flatnonzero(is_first)
        hubs: dict[bytes, int] = {}  # by their nodes' numbers, int32
        self._arc_hub = np.fromiter(
            (
                hubs.setdefault(sources[first:end].tobytes(), len(hubs))
                for first, end in pairwise((*firsts, len(each)))
            ),
            np.int64,
        )
        self._hub_nodes = np.frombuffer(b"".join(hubs), np.int32).astype(np.int64)
        self._hub_starts = np.cumsum([0, *(len(hub) // sources.itemsize for hub in hubs)])[:-1]
        self._to_nodes, self._to_starts = np.unique(self._to, return_index=True)
        self._missing = self._missing_costs()
        self._extra = np.where((self._label == self._any) & (self._loop == 0), FIRST_WILD_COST, 0.0)
        self._extra = self._extra.astype(np.float32)
        ends = np.array(self._graph.ends)
        self._end_nodes = np.flatnonzero(ends >= 0)
        self._end_groups = ends[self._end_nodes]
        is_closed = np.array([group.closed for group in self._graph.groups], bool)
        self._end_closed = is_closed[self._end_groups]

    def _arcs_of_nodes(self) -> np.ndarray:
        """int32, shape (arcs of all nodes, 5): where to, word, tag, whether it stays, and from where."""
        position = {word: number for number, word in enumerate(self._vocabulary.words)} | {ANY: self._any}
        numbers = (
            number
            for node, arcs in enumerate(self._graph.arcs)
            for arc in arcs
            for number in (arc.to if arc.to >= 0 else node, position[arc.word], arc.tag, arc.to < 0, node)
        )
        each = np.fromiter(numbers, np.int32).reshape(-1, 5)
        return each[np.lexsort(each.T[::-1])]

    def _missing_costs(self) -> np.ndarray:
        """float32, shape (arcs,): the cost of a word of the sentence that was not heard."""
        by_label = np.array(
            [
                FILLER_COST if word in FILLERS else weight(word) + MISSING_EXTRA
                for word in self._vocabulary.words
            ]
            + [_NEVER],
            np.float32,
        )
        return by_label[self._label] * np.where(self._tag > 0, SLOT_MISSING_FACTOR, 1.0).astype(np.float32)

    def _arcs_with(self, node: int, word: str) -> Iterator[Arc]:
        """The arcs that leave a node with a word that was heard as it is."""
        arcs = self._graph.arcs[node]
        for at in range(bisect_left(arcs, word, key=_WORD), len(arcs)):
            if arcs[at].word != word:
                return
            yield arcs[at]

    def exact(self, text: str) -> Match | None:
        """The sentence that was heard word for word, if there is one without a wildcard."""
        words = text.split()
        ways: dict[int, tuple[tuple[str, int], ...]] = {}
        for position in range(len(words) + 1):
            if position == 0 or " ".join(words[:position]) in self._before:
                ways.setdefault(0, ())
            found = self._end_here(ways, " ".join(words[position:]))
            if found is not None:
                return found
            if position < len(words) and not ways:
                continue
            word = words[position] if position < len(words) else ""
            ways = {
                arc.to: (*way, (word, arc.tag))
                for node, way in reversed(ways.items())
                for arc in self._arcs_with(node, word)
            }
        return None

    def _end_here(self, ways: Mapping[int, tuple[tuple[str, int], ...]], rest: str) -> Match | None:
        """A finished sentence, when only politeness follows."""
        if rest and rest not in self._after:
            return None
        ends = [node for node in ways if self._graph.ends[node] >= 0]
        if not ends:
            return None
        node = min(ends, key=lambda end: self._graph.ends[end])
        steps = tuple(Step(word, word, self._graph.tags[tag], 0.0) for word, tag in ways[node])
        letters = sum(weight(word) for word, _ in ways[node])
        return Match(self._graph.groups[self._graph.ends[node]], steps, 0.0, 0.0, letters)

    # ── search ──

    def _word_costs(self, word: str) -> np.ndarray:
        """float32, shape (words + 1,): a heard word's cost for each word of the graph, and for a wildcard."""
        known = self._distances.get(word)
        if known is None:
            costs = self._vocabulary.distances(word)
            if word in NEGATIONS:
                costs = np.where(costs > 0, costs + np.float32(NEGATION_CHANGED_COST), costs)
            known = self._distances[word] = np.append(costs, np.float32(WILD_COST))
        return known

    def _joined_costs(self, word: str) -> np.ndarray | None:
        """Costs of words heard apart that may be one; None when no word is near."""
        costs = self._word_costs(word).copy()
        costs[self._any] = _NEVER
        if costs.min() > JOIN_RELATIVE_LIMIT * weight(word):
            return None
        return costs + np.float32(JOIN_COST)

    def _advance(self, table: _Table, level: Sequence[int]) -> None:
        """Fills the rows of trie nodes that are equally deep."""
        trie = table.trie
        parents = [trie.parent[node] for node in level]
        words = [trie.word[node] for node in level]
        costs = np.stack([self._word_costs(word) for word in words])  # (rows, words + 1)
        through = table.hub[parents][:, self._arc_hub] + costs[:, self._label] + self._extra  # (rows, arcs)
        for row, node in enumerate(level):
            for count in (2, 3):
                text, start = trie.joined(node, count)
                joined = self._joined_costs(text) if start >= 0 else None
                if joined is not None:
                    np.minimum(
                        through[row], table.hub[start][self._arc_hub] + joined[self._label], out=through[row]
                    )
        reached = table.cost[parents] + np.array([[_spurious(word)] for word in words], np.float32)
        arrived = np.minimum.reduceat(through, self._to_starts, axis=1)
        reached[:, self._to_nodes] = np.minimum(reached[:, self._to_nodes], arrived)
        for row, node in enumerate(level):
            if trie.said[node] in self._before:
                reached[row, 0] = 0.0
        table.cost[level] = reached
        self._skip_words(table, level)

    def _skip_words(self, table: _Table, level: Sequence[int]) -> None:
        """Lets words of the sentence be missing, a few in a row, and closes the hubs."""
        for _ in range(MISSING_IN_A_ROW):
            table.hub[level] = self._hubs(table.cost[level])
            arrived = np.minimum.reduceat(
                table.hub[level][:, self._arc_hub] + self._missing, self._to_starts, axis=1
            )
            rows = table.cost[level]
            rows[:, self._to_nodes] = np.minimum(rows[:, self._to_nodes], arrived)
            table.cost[level] = rows
        table.hub[level] = self._hubs(table.cost[level])

    def _hubs(self, costs: np.ndarray) -> np.ndarray:
        return np.minimum.reduceat(costs[:, self._hub_nodes], self._hub_starts, axis=1)

    # ── results ──

    def _best_ends(self, table: _Table, leaf: int, most: int) -> list[Match]:
        """The nearest sentences for one reading, each traced back to its words."""
        costs = table.cost[leaf][self._end_nodes]
        stops = np.full(len(costs), leaf)
        text = table.trie.said[leaf]
        for phrase in self._after:
            if text.endswith(" " + phrase):
                stop = leaf
                for _ in phrase.split():
                    stop = table.trie.parent[stop]
                shorter = table.cost[stop][self._end_nodes]
                stops = np.where(shorter < costs, stop, stops)
                costs = np.minimum(costs, shorter)
        found: list[Match] = []
        groups: set[int] = set()
        order = np.argsort(costs, kind="stable")
        closed = order[self._end_closed[order]][:1]  # is always looked at: it may be all that is near enough
        for end in [*order[costs[order] < FARTHEST], *closed]:
            group = int(self._end_groups[end])
            if group not in groups and (len(groups) < most or self._end_closed[end]):
                groups.add(group)
                found.append(
                    self._trace(table, int(stops[end]), int(self._end_nodes[end]), float(costs[end]))
                )
                if len(groups) >= most and not len(closed):
                    break
        return found

    def _trace(self, table: _Table, heard: int, node: int, cost: float) -> Match:
        """Goes the best way back to the start."""
        group = self._graph.groups[self._graph.ends[node]]
        steps: list[Step] = []
        while not (node == 0 and (heard == 0 or table.trie.said[heard] in self._before)):
            step, heard, node = self._step_back(table, heard, node)
            steps.append(step)
        steps.reverse()
        edits = sum(step.cost for step in steps if not step.tag.wild)
        letters = sum(weight(step.word) for step in steps if step.word and not step.tag.wild)
        return Match(group, tuple(steps), cost, edits, letters)

    def _step_back(self, table: _Table, heard: int, node: int) -> tuple[Step, int, int]:
        """The last step of the best way to a cell of the table, and the cell before it."""
        trie = table.trie
        low, high = np.searchsorted(self._to, [node, node + 1])
        arcs = slice(low, high)
        labels, hubs = self._label[arcs], self._arc_hub[arcs]
        choices: list[tuple[float, int, str, int]] = []  # cost, arc (-1: none), words heard, trie node before
        if heard > 0:
            word, before = trie.word[heard], trie.parent[heard]
            choices.append((float(table.cost[before][node]) + _spurious(word), -1, word, before))
        if high > low:
            missing = table.hub[heard][hubs] + self._missing[arcs]
            choices.append((float(missing.min()), int(missing.argmin()), "", heard))
            for count in (1, 2, 3):
                text, before = trie.joined(heard, count)
                word_costs = None
                if before >= 0:
                    word_costs = self._word_costs(text) if count == 1 else self._joined_costs(text)
                if word_costs is not None:
                    through = table.hub[before][hubs] + word_costs[labels] + self._extra[arcs]
                    choices.append((float(through.min()), int(through.argmin()), text, before))
        total, arc, text, before = min(choices, key=lambda choice: choice[0])
        if arc < 0:
            return Step("", text, self._graph.tags[0], _spurious(text)), before, node
        hub = int(hubs[arc])
        word = ANY if labels[arc] == self._any else self._vocabulary.words[labels[arc]]
        tag = self._graph.tags[self._tag[low + arc]]
        cost = total - float(table.hub[before][hub])
        return (
            Step(text if word == ANY else word, text, tag, cost),
            before,
            self._cheapest(table, before, hub),
        )

    def _cheapest(self, table: _Table, heard: int, hub: int) -> int:
        end = self._hub_starts[hub + 1] if hub + 1 < len(self._hub_starts) else len(self._hub_nodes)
        nodes = self._hub_nodes[self._hub_starts[hub] : end]
        return int(nodes[table.cost[heard][nodes].argmin()])


def _spurious(word: str) -> float:
    """The cost of a word heard that the sentence does not have."""
    if word in NEGATIONS:
        return NEGATION_COST
    return FILLER_COST if word in FILLERS else weight(word) + SPURIOUS_EXTRA
