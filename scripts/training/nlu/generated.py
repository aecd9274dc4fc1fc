"""Requests drawn from the assistant's own templates, with what each of their words fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)

from alexa_local.understand.catalogue import ENTRY_TYPES
from alexa_local.understand.grammar import Grammar, built_in_grammar, slot_type_and_name
from alexa_local.understand.reading import TAG_OF_TYPE
from scripts.training import vocabulary as words

_AROUND = 0.25
_OPTIONAL = 0.35


@dataclass(frozen=True)
class Tagged:
    """A sentence; `tags` has each word's slot type, "" for none, with "B-" where one begins."""

    words: tuple[str, ...]
    tags: tuple[str, ...]


class Drawn:
    """Draws sentences of a grammar for ever: every group of an intent as often as every other's."""

    def __init__(self, random: Random, music: Sequence[str], grammar: Grammar | None = None) -> None:
        self._random, self._grammar = random, grammar or built_in_grammar()
        self._before, self._after = sorted(self._grammar.before), sorted(self._grammar.after)
        intents = sorted({group.intent for group in self._grammar.groups})
        self._groups = {i: [g for g in self._grammar.groups if g.intent == i] for i in intents}
        self._intents = [i for i in intents for _ in range(1 + min(7, len(self._sentences(i)) // 3))]
        self._names = _names(music)

    def _sentences(self, intent: str) -> list[Expression]:
        return [sentence for group in self._groups[intent] for sentence in group.sentences]

    def draw(self) -> tuple[str, Tagged]:
        """An intent and a sentence of it."""
        intent = self._random.choice(self._intents)
        pieces = self._draw(self._random.choice(self._sentences(intent)))
        if self._random.random() < _AROUND:
            pieces = [(self._random.choice(self._before) + " ", ""), *pieces]
        if self._random.random() < _AROUND:
            pieces = [*pieces, (" " + self._random.choice(self._after), "")]
        return intent, _tagged(pieces)

    def _draw(self, expression: Expression, tag: str = "") -> list[tuple[str, str]]:
        match expression:
            case TextChunk():
                return [(expression.text, tag)]
            case ListReference():
                return [("\0", ""), *self._filled(slot_type_and_name(expression)[0]), ("\0", "")]
            case RuleReference():
                return self._draw(self._grammar.rules[expression.rule_name], tag)
            case Alternative():
                return self._draw(self._chosen(expression), tag)
            case Permutation():
                return [
                    piece
                    for item in self._random.sample(expression.items, len(expression.items))
                    for piece in [*self._draw(item, tag), (" ", "")]
                ]
            case Group():
                return [piece for item in expression.items for piece in self._draw(item, tag)]
        raise TypeError(f"{type(expression).__name__} is no expression that can be drawn.")

    def _chosen(self, choice: Alternative) -> Expression:
        if choice.is_optional and self._random.random() > _OPTIONAL:
            return choice.items[-1]  # hassil appends the empty one
        return self._random.choice(choice.items)

    def _filled(self, slot_type: str) -> list[tuple[str, str]]:
        tag = TAG_OF_TYPE.get(slot_type, slot_type)
        if slot_type in self._names:
            return [(self._random.choice(self._names[slot_type]), tag)]
        if slot_type == "any":
            return [(self._some_text(), tag)]
        value = self._random.choice(self._grammar.types[slot_type])
        return [(text, tag) for text, _ in self._draw(value.said)]

    def _some_text(self) -> str:
        things = [self._random.choice(words.SHOPPING) for _ in range(self._random.choice((1, 1, 1, 2, 3)))]
        return self._random.choice([" and ".join(things), self._random.choice(words.MESSAGES)])


def _names(music: Sequence[str]) -> dict[str, Sequence[str]]:
    people = [*words.FIRST_NAMES, *("mum", "dad", "mom", "grandma", "my wife", "my boss", "the doctor")]
    people += [f"{first} {last}" for first, last in zip(words.FIRST_NAMES, words.LAST_NAMES, strict=False)]
    rooms = [*words.ROOMS, *words.OWNED_ROOMS]
    lights = [*words.LIGHTS, *(f"{room} {light}" for room in rooms[:30] for light in words.LIGHTS[:12])]
    covers = [*words.COVERS, *(f"{room} {cover}" for room in rooms[:30] for cover in words.COVERS[:6])]
    plugs = [*words.SWITCHES, *(f"{room} {plug}" for room in rooms[:30] for plug in words.SWITCHES[:9])]
    timers = [*words.TIMER_NAMES]
    names: dict[str, Sequence[str]] = {
        "light": lights,
        "switchable": [*lights, *plugs],
        "device": [*lights, *plugs, *covers],
        "cover": covers,
        "thermostat": ["thermostat", "heating", "heater", "radiator", "air conditioning"],
        "scene": words.SCENES,
        "lock": ["front door", "back door", "garage door", "garden gate", "gate", "cellar", "shed"],
        "room": rooms,
        "contact": people,
        "music": [*music, *words.BANDS, *words.SONGS, *words.PLAYLISTS],
        "list": [
            "shopping",
            "to do",
            "grocery",
            "groceries",
            "packing",
            "birthday",
            "hardware store",
            "wish",
        ],
        "timer_name": timers,
        "running_timer": timers,
        "few": [*timers, *words.SHOPPING[:80]],
    }
    missing = ENTRY_TYPES - names.keys()
    assert not missing, f"nothing to fill {missing} with"
    return names


def _tagged(pieces: Sequence[tuple[str, str]]) -> Tagged:
    """Pieces of text with their tags, to words; a word gets the tag of its first letter."""
    found: list[str] = []
    tags: list[str] = []
    word, word_tag, begins = "", "", True

    def close() -> None:
        nonlocal word, begins
        if word:
            found.append(word)
            tags.append(f"B-{word_tag}" if word_tag and begins else word_tag)
            begins = False
            word = ""

    for text, tag in pieces:
        if text == "\0":
            begins = True
            continue
        for letter in text:
            if letter == " ":
                close()
            else:
                if not word:
                    word_tag = tag
                word += letter
    close()
    return Tagged(tuple(found), tuple(tags))
