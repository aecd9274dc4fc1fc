"""Requests in words that no sentence of the home has: the network says what is meant, a sentence the rest.

The network's intent chooses the sentences, and its slots the words that fill one of them; what else was said
only tells which. So values, names and slots that a sentence sets by itself come about in one way.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import inf

from alexa_local.messages import Hypothesis
from alexa_local.understand.grammar import Grammar, SlotValue
from alexa_local.understand.graph import ANY, Arc, WordGraph, all_words, build_graph
from alexa_local.understand.match import FILLERS, Match, Step
from alexa_local.understand.reading import FLAGS, TAG_OF_TYPE, Read, RequestReader
from alexa_local.understand.sound import Vocabulary, weight

LEAST_SURE = 0.75
"""Probability from which an intent is acted on."""

LEAST_SURE_STRICT = 0.9
"""The same for what is hard to undo."""

SURELY = 0.9
"""Probability from which the network is right and not a sentence that is far from what was heard."""

MOST_SPANS = 4
UNSAID_COST, FILLER_COST = 1.0, 0.1
"""Of a sentence's own words that were not said."""

DEAREST = 6.0
"""A sentence of which more was not said is not meant."""

NEARLY = 0.3
"""Costs that differ by less are the same."""

WORST_WORD = 0.4
"""Differing letters for each letter of a word that fills a slot."""

_REMEMBERED = 16
"""Texts that are not read again: a speculative request's readings mostly are the final one's too."""

_LOOSE = frozenset({"text", "music", "timer_name"})
"""Slot types whose words may be taken for others'."""


@dataclass(frozen=True)
class Found:
    """A sentence for one of the readings, and how sure that is, 0 to 1."""

    match: Match
    hypothesis: Hypothesis
    confidence: float


class Paraphrases:
    """The network beside the sentences of one home."""

    def __init__(
        self,
        reader: RequestReader,
        grammar: Grammar,
        types: Mapping[str, tuple[SlotValue, ...]],
        names: Mapping[str, Sequence[str]],
    ) -> None:
        """Take the home's language.

        Args:
            reader: the network.
            grammar: its sentences.
            types: all ways to fill a slot, the home's names among them.
            names: what is said for the home's names, by slot type.
        """
        self._grammar, self._types = grammar, types
        known = {kind: frozenset(names.get(kind, ())) for kind in FLAGS}
        self._read = lru_cache(_REMEMBERED)(lambda text: reader.read(text, known))
        self._languages: dict[str, _Language] = {}
        self._strict = {group.intent for group in grammar.groups if group.strict}
        self._known = {group.intent for group in grammar.groups if not group.closed}

    def read(self, text: str) -> Read:
        """What the network makes of a text."""
        return self._read(text)

    def find(self, readings: Sequence[Hypothesis], is_good: Callable[[Match], bool]) -> Found | None:
        """The first reading that the network is sure of and for whose intent a sentence fits.

        Args:
            readings: the likeliest first.
            is_good: whether the words that fill a sentence's slots were heard well enough.
        """
        for hypothesis in readings:
            read = self.read(hypothesis.text)
            sure = read.intents[read.intent]
            least = LEAST_SURE_STRICT if read.intent in self._strict else LEAST_SURE
            if read.intent not in self._known or sure < least:
                continue
            match = self._language(read.intent).find(read, is_good)
            if match is not None:
                return Found(match, hypothesis, sure)
        return None

    def _language(self, intent: str) -> _Language:
        if intent not in self._languages:
            self._languages[intent] = _Language(intent, self._grammar, self._types)
        return self._languages[intent]


class _Language:
    """The sentences of one intent."""

    def __init__(self, intent: str, grammar: Grammar, types: Mapping[str, tuple[SlotValue, ...]]) -> None:
        self._groups = tuple(group for group in grammar.groups if group.intent == intent)
        self._grammar, self._types = grammar, types

    def find(self, read: Read, is_good: Callable[[Match], bool]) -> Match | None:
        """The sentence that the slots fill, with as few unsaid words as possible; None if there is none."""
        spans = [Span(name, read.words[first:end]) for name, first, end in read.spans()][:MOST_SPANS]
        sure = [span for span in spans if span.name not in _LOOSE]
        for wanted in (spans, sure) if sure != spans else (spans,):
            match = fill(self._graph, self._vocabulary, wanted, frozenset(read.words))
            if match is not None and is_good(match):
                return match
        return None

    @cached_property
    def _graph(self) -> WordGraph:
        return build_graph(self._groups, self._grammar.rules, self._types)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(list(all_words(self._graph)))


@dataclass(frozen=True)
class Span:
    """Words that fill a slot of some type."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """Where a way through the graph has got to: a node, the spans that are used up, one that is begun."""

    node: int
    used: frozenset[int] = frozenset()
    span: int = -1
    at: int = 0


def fill(
    graph: WordGraph, vocabulary: Vocabulary, spans: Sequence[Span], said: frozenset[str]
) -> Match | None:
    """The cheapest sentence whose slots are filled by all of the spans and by nothing else (Dijkstra 1959).

    A sentence's own word costs nothing where it was said, wherever that was; a slot's words cost how
    differently they sound from the span's. Of sentences that cost nearly the same it is the one with most
    words that were said.

    Args:
        graph: the sentences.
        vocabulary: its words.
        spans: what fills slots, in any order.
        said: all words of the request.
    """
    number = {word: at for at, word in enumerate(vocabulary.words)}
    begun = _Place(0)
    queue: list[tuple[float, int, _Place]] = [(0.0, 0, begun)]
    best: dict[_Place, float] = {begun: 0.0}
    back: dict[_Place, tuple[_Place, Step]] = {}
    found: list[Match] = []
    count, dearest = 0, DEAREST
    while queue:
        cost, _, place = heapq.heappop(queue)
        if cost > best[place] or cost > dearest:
            continue
        if place.span < 0 and len(place.used) == len(spans) and graph.ends[place.node] >= 0:
            found.append(_match(graph, place, back))
            dearest = min(dearest, cost + NEARLY)
        for arc in graph.arcs[place.node]:
            for step, onward in _steps(graph, place, arc, spans, said, vocabulary, number):
                unsaid = FILLER_COST if arc.word in FILLERS else UNSAID_COST
                own = 0.0 if step.tag.slot or step.heard else unsaid
                total = cost + step.cost + own
                if total < best.get(onward, inf):
                    best[onward], back[onward] = total, (place, step)
                    count += 1
                    heapq.heappush(queue, (total, count, onward))
    return max(found, key=lambda match: sum(bool(step.heard) for step in match.steps), default=None)


def _steps(
    graph: WordGraph,
    place: _Place,
    arc: Arc,
    spans: Sequence[Span],
    said: frozenset[str],
    vocabulary: Vocabulary,
    number: Mapping[str, int],
) -> Iterator[tuple[Step, _Place]]:
    """What an arc may stand for: a word of the sentence's own, or the next word of a span."""
    tag, to = graph.tags[arc.tag], arc.to if arc.to >= 0 else place.node
    if not tag.slot:
        if place.span < 0 and arc.word != ANY:
            yield Step(arc.word, arc.word if arc.word in said else "", tag, 0.0), _Place(to, place.used)
        return
    kind = TAG_OF_TYPE.get(tag.type, tag.type)
    for at, span in enumerate(spans):
        is_begun = at == place.span
        if (place.span >= 0 and not is_begun) or at in place.used:
            continue
        if kind != span.name and not (kind == "text" and span.name in _LOOSE):
            continue
        heard = span.words[place.at if is_begun else 0]
        cost = 0.0 if arc.word == ANY else float(vocabulary.distances(heard)[number[arc.word]])
        if cost > WORST_WORD * max(len(heard), 2):
            continue
        after = (place.at if is_begun else 0) + 1
        ended = after == len(span.words)
        onward = _Place(to, place.used | {at}) if ended else _Place(to, place.used, at, after)
        yield Step(heard if arc.word == ANY else arc.word, heard, tag, cost), onward


def _match(graph: WordGraph, place: _Place, back: Mapping[_Place, tuple[_Place, Step]]) -> Match:
    steps: list[Step] = []
    group = graph.groups[graph.ends[place.node]]
    while place in back:
        place, step = back[place]
        steps.append(step)
    edits = sum(step.cost for step in steps if not step.tag.wild)
    letters = sum(weight(step.word) for step in steps if step.word and not step.tag.wild)
    return Match(group, tuple(reversed(steps)), edits, edits, letters)
