"""Decides what a request means: which sentence of the home fits the readings best, or that none does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alexa_local.context import PRIVATE
from alexa_local.messages import Hypothesis, Interpretation
from alexa_local.understand.catalogue import Catalogue
from alexa_local.understand.grammar import (
    Group,
    built_in_grammar,
    names_as_values,
    parse_template,
    slot_types,
)
from alexa_local.understand.graph import build_graph
from alexa_local.understand.match import Match, Matcher
from alexa_local.understand.names import letters_joined
from alexa_local.understand.owner import OwnerIntents
from alexa_local.understand.paraphrase import SURELY, Found, Paraphrases
from alexa_local.understand.reading import RequestReader
from alexa_local.understand.spoken_values import CONVERTERS, NoSuchDay, clock_time, day, moment

_LOG = logging.getLogger(__name__)

MOST_WORDS = 60
"""A longer text is no request (the longest are messages)."""
MOST_READINGS = 8
OUT_OF_SCOPE = "OutOfScope"
"""The intent of what is said clearly enough, but is nothing that the assistant can do."""
IMPOSSIBLE = "Impossible"
"""The intent of a request for what there cannot be; its slot `what` says for what."""
CLEAR_LETTERS = 0.6
"""A misheard request is acted on when the next best meaning is at least so much farther."""
WORST_NUMBER = 0.21
"""Differing letters for each letter of a word of a number or a time."""
NUMERIC_TYPES = frozenset({*CONVERTERS, "time", "day"})
FAR = 0.1
"""Differing letters for each letter of a sentence from which the network is asked whether it was one."""
NATS_PER_LETTER = 2.0
"""How much less likely (natural log) a reading may be for each letter that it is nearer to a sentence."""


_BETWEEN = ("and", "then")
_MOST_REPEATED = 3
"""Words of a first request that a second one may go without."""

_NAMES_ONLY = frozenset({"UnknownDevice", "AddToList"})
"""Intents whose free text is a name or a thing, and no sentence."""

_ANSWER = "[for|at|to|in|on|by|it's|make it|about|the|a|my|the one in|in the] {{{type}:{slot}}} [please|one]"
_HESITATIONS = ("um", "uh", "well", "er", "yes")


@dataclass(frozen=True)
class Limits:
    """How far what was heard may be from a sentence.

    Attributes:
        relative: differing letters for each letter of the sentence.
        free_letters: letters of the sentence that allow no difference, so that short commands must be clear.
        worst_word: differing letters for each letter of any one word that fills a slot.
    """

    relative: float
    free_letters: float
    worst_word: float


OPEN = Limits(relative=0.25, free_letters=3.0, worst_word=0.4)
STRICT = Limits(relative=0.08, free_letters=3.0, worst_word=0.2)
WILD = Limits(relative=0.15, free_letters=2.0, worst_word=0.4)
"""For sentences with free text, which fit so many texts that their own words must be heard well."""
CLOSED = Limits(relative=0.6, free_letters=0.0, worst_word=9.0)


class Understander:
    """The language of one home; build a new one when its names change (less than a second).

    Args:
        catalogue: names of devices, rooms, people, music and lists.
        owner_intents: the owner's own intents.
        reader: the network that reads what no sentence fits; without, such requests are not understood.
        now: the clock, for "tomorrow" and "at seven".
    """

    def __init__(
        self,
        catalogue: Catalogue,
        owner_intents: OwnerIntents | None = None,
        reader: RequestReader | None = None,
        *,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._now = now
        grammar = built_in_grammar()
        if owner_intents is not None:
            grammar = grammar.joined(owner_intents.grammar)
        entries = catalogue.entries()
        types = {**grammar.types, **names_as_values(entries)}
        graph = build_graph(grammar.groups, grammar.rules, types)
        self._matcher = Matcher(graph, grammar.before, grammar.after)
        self.about = grammar.about
        self._grammar, self._types = grammar, types
        self._answer_languages: dict[tuple[str, str], Matcher | None] = {}
        self._paraphrases = None
        if reader is not None:
            said = {kind: [words for words, _ in pairs] for kind, pairs in entries.items()}
            self._paraphrases = Paraphrases(reader, grammar, types, said)

    def interpret(self, hypotheses: Sequence[Hypothesis]) -> Interpretation:
        """What the readings of one utterance mean; intent "" when no sentence is near enough."""
        readings = _distinct(hypotheses)
        found = self._exact(readings)
        if found is None and (both := self._two(readings, self._exact)) is not None:
            return both
        if found is None and readings:
            near = self._nearest(readings)
            if near is None or _is_far(near.match):
                if (both := self._two(readings[:1], self._nearest)) is not None:
                    return both
                near = self._paraphrased(readings, near)
            found = near
        return self._nothing(readings) if found is None else self._meaning(found)

    def answer(
        self, asked: Interpretation, slot: str, hypotheses: Sequence[Hypothesis]
    ) -> Interpretation | None:
        """What readings mean as the answer that fills a slot; None where they are no such answer."""
        language = self._answers(asked.intent, slot)
        readings = _distinct(hypotheses)
        if language is None or not readings:
            return None
        for hypothesis in readings:
            match = language.exact(hypothesis.text)
            if match is not None:
                return self._answered(asked, match, hypothesis)
        for hypothesis, matches in zip(readings, language.nearest([r.text for r in readings]), strict=True):
            match = next(filter(is_near_enough, matches), None)
            if match is not None:
                return self._answered(asked, match, hypothesis)
        return None

    def _answered(self, asked: Interpretation, match: Match, hypothesis: Hypothesis) -> Interpretation:
        found = self._meaning(Found(match, hypothesis, max(0.0, 1.0 - match.relative)))
        return replace(found, slots={**asked.slots, **found.slots})

    def _answers(self, intent: str, slot: str) -> Matcher | None:
        """What can be said to fill a slot of an intent; None where nothing can."""
        key = (intent, slot)
        if key not in self._answer_languages:
            types = slot_types(self._grammar, intent, slot)
            sentences = tuple(parse_template(_ANSWER.format(type=each, slot=slot)) for each in types)
            groups = (Group(intent, sentences),) if sentences else ()
            graph = build_graph(groups, self._grammar.rules, self._types) if groups else None
            is_said = graph is not None and bool(graph.arcs[0])
            self._answer_languages[key] = Matcher(graph, _HESITATIONS) if graph and is_said else None
        return self._answer_languages[key]

    def _paraphrased(self, readings: Sequence[Hypothesis], near: Found | None) -> Found | None:
        """What the network makes of readings whose nearest sentence is far or missing."""
        network = self._paraphrases
        if network is None:
            return near
        if near is None:
            return network.find(readings, is_well_filled)
        read = network.read(near.hypothesis.text)
        if read.intent == near.match.group.intent or read.intents[read.intent] < SURELY:
            return near
        return network.find([near.hypothesis], is_well_filled)

    def _nothing(self, readings: Sequence[Hypothesis]) -> Interpretation:
        """That it was not understood, or surely is nothing that can be done."""
        text = readings[0].text if readings else ""
        share = self._paraphrases.read(text).intents[""] if self._paraphrases and text else 0.0
        if share >= SURELY:
            return Interpretation(OUT_OF_SCOPE, {}, text, round(share, 3))
        return Interpretation("", {}, text, 0.0)

    def _meaning(self, found: Found) -> Interpretation:
        said, intent = found.hypothesis.text, found.match.group.intent
        _LOG.debug("%r is %s, %.1f letters off", said, intent, found.match.edits, extra=PRIVATE)
        try:
            slots = self._slots(found.match)
        except NoSuchDay as error:
            return Interpretation(IMPOSSIBLE, {"what": str(error)}, said, round(found.confidence, 3))
        return Interpretation(intent, slots, said, round(found.confidence, 3))

    def _exact(self, readings: Sequence[Hypothesis]) -> Found | None:
        """The likeliest reading that is a sentence word for word."""
        for hypothesis in readings:
            spellings = dict.fromkeys((hypothesis.text, letters_joined(hypothesis.text)))
            matches = [match for match in map(self._matcher.exact, spellings) if match]
            if matches:
                return Found(min(matches, key=_has_free_text), hypothesis, 1.0)
        return None

    def _two(
        self, readings: Sequence[Hypothesis], find: Callable[[Sequence[Hypothesis]], Found | None]
    ) -> Interpretation | None:
        """Two requests of one breath, each one that `find` finds: "turn on the lamp and play jazz"."""
        for hypothesis in readings:
            words = hypothesis.text.split()
            for at in (at for at, word in enumerate(words) if word in _BETWEEN):
                first = find([replace(hypothesis, text=" ".join(words[:at]))])
                if first is None or _is_far(first.match) or not _may_come_first(first):
                    continue
                rest = words[at + 2 :] if words[at + 1 : at + 2] == ["then"] else words[at + 1 :]
                for repeated in range(
                    min(at, _MOST_REPEATED) + 1
                ):  # "turn on the lamp and [turn on] the fan"
                    second = find([replace(hypothesis, text=" ".join(words[:repeated] + rest))])
                    if second is not None and _may_follow(second, repeated):
                        meant = self._meaning(first)
                        return replace(meant, text=hypothesis.text, also=(self._meaning(second),))
        return None

    def _nearest(self, readings: Sequence[Hypothesis]) -> Found | None:
        """The sentence and reading that together are likeliest, among those that are near enough."""
        if not readings:
            return None
        readings = _distinct([*readings, *(replace(r, text=letters_joined(r.text)) for r in readings)])
        best: tuple[float, Match, Hypothesis] | None = None
        for hypothesis, matches in zip(
            readings, self._matcher.nearest([r.text for r in readings]), strict=True
        ):
            behind = (readings[0].score - hypothesis.score) / NATS_PER_LETTER
            match = _acceptable(matches)
            if match is not None and (best is None or match.cost + behind < best[0]):
                best = match.cost + behind, match, hypothesis
        return None if best is None else Found(best[1], best[2], max(0.0, 1.0 - best[1].relative))

    def _slots(self, match: Match) -> dict[str, Any]:
        """Values of the slots of a match."""
        words: dict[str, list[str]] = {}
        tags = {}
        for step in match.steps:
            if step.tag.slot and step.word:
                words.setdefault(step.tag.slot, []).append(step.word)
                tags[step.tag.slot] = step.tag
        slots: dict[str, Any] = dict(match.group.fixed)
        times: dict[str, str] = {}
        for slot, tag in tags.items():
            said = " ".join(words[slot])
            if tag.value is not None:
                slots[slot] = tag.value
            elif tag.type in ("time", "day") or slot == "in":
                times[slot] = said
            elif slot == "items":
                slots[slot] = _items(said)
            else:
                slots[slot] = CONVERTERS.get(tag.type, str)(said)
        return slots | self._moments(times)

    def _moments(self, times: dict[str, str]) -> dict[str, Any]:
        """Times and days, which need each other and the clock."""
        now = self._now()
        if "in" in times:
            later = datetime.fromtimestamp(now.timestamp() + CONVERTERS["duration"](times["in"]))
            return {"time": f"{later:%H:%M}", "date": f"{later:%Y-%m-%d}"}
        said_time = clock_time(times["time"]) if "time" in times else None
        said_day = day(times["day"], now.date()) if "day" in times else None
        return dict(moment(said_time, said_day, now))


def _acceptable(matches: Sequence[Match]) -> Match | None:
    """The nearest sentence; a later one only behind such as have free text (which fits all) or are closed."""
    for number, match in enumerate(matches):
        if is_near_enough(match):
            return None if _is_ambiguous(match, matches[number + 1 :]) else match
        if not match.group.closed and not _has_free_text(match):
            return None  # something else was meant than the next sentence would do
    return None


def _is_ambiguous(match: Match, others: Sequence[Match]) -> bool:
    """Whether a misheard request is as near to another: "turn the fan" is neither on nor off."""
    if match.group.closed or match.edits < CLEAR_LETTERS:
        return False
    return any(
        other.cost - match.cost < CLEAR_LETTERS and other.group.intent != match.group.intent
        for other in others
        if not other.group.closed and not _has_free_text(other)
    )


def is_near_enough(match: Match) -> bool:
    """Whether a sentence is so near to what was heard that it may be acted on."""
    limits = _limits(match)
    if match.edits > limits.relative * max(match.letters - limits.free_letters, 0.0) + 1e-3:
        return False
    return is_well_filled(match)


def is_well_filled(match: Match) -> bool:
    """Whether each word that fills a slot was heard well."""
    limits = _limits(match)
    return all(
        step.cost <= _worst(step.tag.type, limits) * max(len(step.word), 2)
        for step in match.steps
        if step.tag.slot and not step.tag.wild
    )


def _is_far(match: Match) -> bool:
    """Whether a sentence is so far from what was heard that something else may be meant."""
    return match.relative > FAR and not match.group.closed


def _worst(slot_type: str, limits: Limits) -> float:
    """Numbers and times are not guessed: another number is always near."""
    return (
        min(limits.worst_word, WORST_NUMBER)
        if slot_type in NUMERIC_TYPES and limits is not CLOSED
        else limits.worst_word
    )


def _limits(match: Match) -> Limits:
    group: Group = match.group
    if group.strict:
        return STRICT
    if group.closed:
        return CLOSED
    return WILD if _has_free_text(match) else OPEN


def _may_follow(found: Found, repeated: int) -> bool:
    """Whether it can be the second of two; with all the words before a name repeated, it must be known."""
    return not _is_far(found.match) and not (repeated == _MOST_REPEATED and _has_free_text(found.match))


def _may_come_first(found: Found | None) -> bool:
    """Whether it can be the first of two requests: "and" is no part of its free text, if it has any."""
    return found is not None and (found.match.group.intent in _NAMES_ONLY or not _has_free_text(found.match))


def _has_free_text(match: Match) -> bool:
    return any(step.tag.wild for step in match.steps)


def _items(said: str) -> list[str]:
    """ "milk and eggs and some bread" is three things."""
    parts = [part.strip() for part in f" {said} ".replace(" and ", " | ").split("|")]
    bare = [part.removeprefix("some ").removeprefix("a ").removeprefix("an ").strip() for part in parts]
    return [part for part in bare if part]


def _distinct(hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
    """The best readings with different words, the likeliest first; what cannot be a request is left out."""
    best: dict[str, Hypothesis] = {}
    for hypothesis in sorted(hypotheses, key=lambda reading: -reading.score):
        words = hypothesis.text.lower().split()
        if 0 < len(words) <= MOST_WORDS:
            text = " ".join(words)
            best.setdefault(text, Hypothesis(text, hypothesis.score))
    return list(best.values())[:MOST_READINGS]
