"""The sentences of all intents as parsed templates, before any name of a home is filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any

import yaml
from hassil.expression import Expression, ListReference, RuleReference
from hassil.expression import Group as ExpressionGroup
from hassil.parse_expression import parse_sentence
from hassil.sample import sample_expression

WILDCARDS: Mapping[str, int] = {"any": 0, "few": 3}
"""Slot types that take any words: name -> how many at most (0: no limit)."""


@dataclass(frozen=True)
class SlotValue:
    """One way to fill a slot: what is said for it, and its value (None: the words themselves)."""

    said: Expression
    value: Any = None


@dataclass(frozen=True)
class Group:
    """Sentences that mean the same.

    Attributes:
        intent: the intent's name.
        sentences: parsed templates.
        fixed: slots that these sentences set by themselves.
        strict: nearly every letter must be right.
        closed: when one of these sentences is the nearest of all, it is taken however far it is.
    """

    intent: str
    sentences: tuple[Expression, ...] = field(repr=False)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    strict: bool = False
    closed: bool = False


@dataclass(frozen=True)
class Grammar:
    """What one file of intents says.

    Attributes:
        groups: the sentences with their meaning.
        rules: templates by name, for <name>.
        types: ways to fill a slot by type, for {type} and {type:slot}.
        before: what people say ahead of a request, as it is said, such as "can you please".
        after: what people say behind one.
        about: one line for each intent.
    """

    groups: tuple[Group, ...]
    rules: Mapping[str, Expression]
    types: Mapping[str, tuple[SlotValue, ...]]
    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    about: Mapping[str, str] = field(default_factory=dict)

    def joined(self, other: Grammar) -> Grammar:
        """Both grammars in one; rules and types of `other` win over those of the same name."""
        return Grammar(
            self.groups + other.groups,
            {**self.rules, **other.rules},
            {**self.types, **other.types},
            self.before | other.before,
            self.after | other.after,
            {**self.about, **other.about},
        )


def parse_template(text: str) -> Expression:
    """A template in hassil's notation, in lower case; raises hassil's ParseError where it is malformed."""
    return parse_sentence(re.sub(r"\{[^}]*\}|<[^>]*>|[^{<]+", _lower_words, text)).expression


def _lower_words(match: re.Match[str]) -> str:
    """Names of slots and rules keep their capitals."""
    return match[0] if match[0][0] in "{<" else match[0].lower()


def names_as_values(entries: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, tuple[SlotValue, ...]]:
    """The home's names by slot type, each as (what is said, the value), as ways to fill a slot."""
    return {
        name: tuple(SlotValue(parse_template(said), value) for said, value in pairs)
        for name, pairs in entries.items()
    }


def references(expression: Expression) -> list[ListReference | RuleReference]:
    """All {slots} and <rules> of a template, in order."""
    if isinstance(expression, ListReference | RuleReference):
        return [expression]
    if isinstance(expression, ExpressionGroup):
        return [found for item in expression.items for found in references(item)]
    return []


def slot_type_and_name(reference: ListReference) -> tuple[str, str]:
    """{type:slot} names both; {slot} is a slot of the type of that name."""
    return reference.list_name, reference.slot_name


def slot_types(grammar: Grammar, intent: str, slot: str) -> list[str]:
    """The types that may fill a slot of an intent, in the order of its sentences."""

    def inside(expression: Expression) -> Iterator[str]:
        for reference in references(expression):
            if isinstance(reference, RuleReference):
                yield from inside(grammar.rules[reference.rule_name])
            elif slot_type_and_name(reference)[1] == slot:
                yield slot_type_and_name(reference)[0]

    groups = [group for group in grammar.groups if group.intent == intent]
    return list(dict.fromkeys(each for group in groups for s in group.sentences for each in inside(s)))


def phrases(template: str, most: int = 500) -> frozenset[str]:
    """Everything that a small template without slots can say."""
    samples = islice(sample_expression(parse_template(template)), most)
    return frozenset(words for sample in samples if (words := " ".join(sample.split())))


@cache
def built_in_grammar() -> Grammar:
    """The sentences that the assistant knows by itself, from `intents.yaml`."""
    text = resources.files(__package__).joinpath("intents.yaml").read_text(encoding="utf-8")
    content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    groups = []
    for name, intent in content["intents"].items():
        for part in intent.get("data", [intent]):
            sentences = tuple(parse_template(sentence) for sentence in part["sentences"])
            groups.append(Group(name, sentences, part.get("set", {}), intent.get("strict", False)))
    return Grammar(
        tuple(groups),
        {name: parse_template(text) for name, text in content["rules"].items()},
        {name: (SlotValue(parse_template(text)),) for name, text in content["types"].items()},
        phrases(content["before"]),
        phrases(content["after"]),
        {name: intent["about"] for name, intent in content["intents"].items()},
    )
