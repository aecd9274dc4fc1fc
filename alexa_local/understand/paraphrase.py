"""Requests in words that no sentence of the home has: the network says what is meant, a sentence the rest.

The network's intent chooses the sentences, its slots choose the words that matter; what is left of the
request is then compared with those sentences alone. So values, names and fixed slots come about in one way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from alexa_local.messages import Hypothesis
from alexa_local.understand.grammar import Grammar, SlotValue
from alexa_local.understand.graph import WordGraph, all_words, build_graph
from alexa_local.understand.match import FILLERS, Match, Matcher
from alexa_local.understand.reading import FLAGS, Read, RequestReader

LEAST_SURE = 0.6
"""Probability from which an intent is acted on."""

LEAST_SURE_STRICT = 0.9
"""The same for what is hard to undo."""

SURELY_NOTHING = 0.9
"""Probability of being out of scope from which a misheard sentence is no request after all."""

_SAME: Mapping[str, str] = {
    **dict.fromkeys(("switchable", "light", "cover", "thermostat", "scene"), "device"),
    **{"running_timer": "timer_name", "few": "timer_name", "any": "text"},
    **{"more_duration": "duration", "plain_degrees": "degrees"},
}
_LOOSE = frozenset({"text", "music", "timer_name"})
"""Slot types whose words may be taken for others'."""


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
        self._reader, self._grammar, self._types = reader, grammar, types
        self._names = {kind: frozenset(names.get(kind, ())) for kind in FLAGS}
        self._languages: dict[str, _Language] = {}
        self._strict = {group.intent for group in grammar.groups if group.strict}
        self._known = {group.intent for group in grammar.groups if not group.closed}

    def read(self, text: str) -> Read:
        """What the network makes of a text."""
        return self._reader.read(text, self._names)

    def find(
        self, readings: Sequence[Hypothesis], is_good: Callable[[Match], bool]
    ) -> tuple[Match, Hypothesis, float] | None:
        """The first reading that the network is sure of and for whose intent a sentence fits.

        Args:
            readings: the likeliest first.
            is_good: whether the words that fill a sentence's slots were heard well enough.

        Returns:
            the sentence, the reading, and the network's probability of the intent.
        """
        for hypothesis in readings:
            read = self.read(hypothesis.text)
            sure = read.intents[read.intent]
            least = LEAST_SURE_STRICT if read.intent in self._strict else LEAST_SURE
            if read.intent not in self._known or sure < least:
                continue
            match = self._language(read.intent).find(read, is_good)
            if match is not None:
                return match, hypothesis, sure
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
        """The nearest sentence that fills all slots that the network found, with the words that fill them."""
        spans = read.spans()
        inside = {at for _, first, end in spans for at in range(first, end)}
        own = self._words - FILLERS
        kept = [word for at, word in enumerate(read.words) if at in inside or word in own]
        wanted = {name for name, _, _ in spans if name not in _LOOSE}
        for texts in ([" ".join(kept)], [" ".join(read.words)]):
            for match in self._matcher.nearest(texts, most=4)[0]:
                filled = {_SAME.get(step.tag.type, step.tag.type) for step in match.steps if step.tag.slot}
                if wanted <= filled and is_good(match):
                    return match
        return None

    @cached_property
    def _graph(self) -> WordGraph:
        return build_graph(self._groups, self._grammar.rules, self._types)

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self._graph, self._grammar.before, self._grammar.after)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(all_words(self._graph))
