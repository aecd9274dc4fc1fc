"""Checks an owner's intents file and collects all its faults, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from hassil.expression import Expression, ListReference, Permutation, RuleReference
from hassil.expression import Group as ExpressionGroup
from hassil.parser import ParseError

from alexa_local.understand.catalogue import ENTRY_TYPES, spoken_words
from alexa_local.understand.grammar import (
    WILDCARDS,
    Grammar,
    Group,
    SlotValue,
    built_in_grammar,
    parse_template,
    references,
    slot_type_and_name,
)

_TOP_KEYS = ("intents", "slots", "rules")
_INTENT_KEYS = ("sentences", "run", "publish", "reply", "closed", "strict")
_PUBLISH_KEYS = ("topic", "payload")
_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<"}
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_MOST_IN_ANY_ORDER = 6
_NAME = re.compile(r"^[A-Za-z_]\w*$")


class OwnerFile:
    """One file while it is read; `faults` grows with everything that is found wrong."""

    def __init__(self, path: Path, text: str) -> None:
        self.faults: list[str] = []
        self._path = path
        self._built_in = built_in_grammar()
        top = self._mapping(self._compose(text), "the file", _TOP_KEYS)
        self._intents = self._mapping(top.get("intents"), "intents")
        self._rule_nodes = self._mapping(top.get("rules"), "rules")
        self._slot_nodes = self._mapping(top.get("slots"), "slots")
        if not self._intents and not self.faults:
            self._fault(
                None, "intents", "no intent is defined; write `intents:` with at least one name below it"
            )
        self._rules = self._read_rules()
        self._types = self._read_slots()
        self._check_rules()

    def grammar(self) -> Grammar:
        """The sentences of all intents (those that could be read)."""
        groups = [self._read_intent(name, node) for name, node in self._intents.items()]
        return Grammar(tuple(groups), self._rules, self._types)

    def actions(self) -> dict[str, dict[str, Any]]:
        """What to do for each intent: run, topic, payload and reply, as far as they are there."""
        return {name: self._read_action(name, node) for name, node in self._intents.items()}

    # ── YAML with lines ──

    def _compose(self, text: str) -> yaml.Node | None:
        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f"line {mark.line + 1}: " if mark else ""
            problem = getattr(error, "problem", None) or str(error)
            self.faults.append(f"{line}this is not YAML: {problem}; put sentences in quotation marks")
            return None

    def _fault(self, node: yaml.Node | None, key: str, message: str) -> None:
        line = f"line {node.start_mark.line + 1}: " if node is not None else ""
        self.faults.append(f"{line}{key}: {message}")

    def _mapping(self, node: yaml.Node | None, key: str, allowed: Iterable[str] = ()) -> dict[str, yaml.Node]:
        """Keys and values of a mapping; doubles, unknown keys and other kinds of value are faults."""
        if node is None or _is_empty(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, key, "expected names with values (`name: value`)")
            return {}
        found: dict[str, yaml.Node] = {}
        for name_node, value in node.value:
            name = str(name_node.value)
            if name in found:
                self._fault(name_node, key, f"'{name}' is there twice; give one of them another name")
            elif allowed and name not in allowed:
                self._fault(
                    name_node,
                    key,
                    f"unknown key '{name}'; expected {_listed(allowed)}{_meant(name, allowed)}",
                )
            else:
                found[name] = value
        return found

    def _texts(self, node: yaml.Node | None, key: str) -> list[tuple[str, yaml.Node]]:
        """The texts of a list."""
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            if node is not None:
                self._fault(node, key, "expected a list (`[a, b]`, or a line with `- a` for each)")
            return []
        texts: list[tuple[str, yaml.Node]] = []
        for item in node.value:
            if isinstance(item, yaml.ScalarNode) and not _is_empty(item):
                texts.append((str(item.value), item))
            else:
                self._fault(item, key, "expected a text; put it in quotation marks")
        return texts

    def _text(self, node: yaml.Node, key: str) -> str:
        if isinstance(node, yaml.ScalarNode):
            return str(node.value)
        self._fault(node, key, "expected a text; put it in quotation marks")
        return ""

    # ── templates ──

    def _template(self, text: str, node: yaml.Node, key: str) -> Expression | None:
        """A parsed template whose slots, rules and brackets are all right."""
        problem = _unbalanced(text)
        if problem:
            self._fault(node, key, f"{problem} in '{text}'")
            return None
        try:
            expression = parse_template(text) if text.strip() else None
        except (ParseError, AssertionError, ValueError) as error:
            self._fault(node, key, f"'{text}' cannot be read: {error}")
            return None
        if expression is None:
            self._fault(node, key, "the sentence is empty")
            return None
        good = [self._known(reference, node, key) for reference in references(expression)]
        if any(len(part.items) > _MOST_IN_ANY_ORDER for part in _permutations(expression)):
            self._fault(
                node, key, f"more than {_MOST_IN_ANY_ORDER} parts in any order; use fewer or (one|other)"
            )
            return None
        return expression if all(good) else None

    def _known(self, reference: ListReference | RuleReference, node: yaml.Node, key: str) -> bool:
        if isinstance(reference, RuleReference):
            rules = {*self._rule_nodes, *self._built_in.rules}
            if reference.rule_name not in rules:
                self._fault(
                    node, key, f"unknown rule <{reference.rule_name}>{_meant(reference.rule_name, rules)}"
                )
                return False
            return True
        name, _ = slot_type_and_name(reference)
        types = {*self._slot_nodes, *self._built_in.types, *ENTRY_TYPES, *WILDCARDS}
        if name in types:
            return True
        advice = _meant(name, types) or "; define it under `slots`, or write {any:" + name + "} for any words"
        self._fault(node, key, f"unknown slot {{{name}}}{advice}")
        return False

    def _read_rules(self) -> dict[str, Expression]:
        rules = {}
        for name, node in self._rule_nodes.items():
            expression = self._template(self._text(node, f"rules.{name}"), node, f"rules.{name}")
            if name in self._built_in.rules:
                self._fault(node, f"rules.{name}", "is the name of a built-in rule; choose another")
            elif expression is not None:
                rules[name] = expression
        return rules

    def _check_rules(self) -> None:
        for name in list(self._rules):
            if name in _reachable(name, self._rules):
                self._fault(
                    self._rule_nodes[name], f"rules.{name}", "refers to itself; say it without <" + name + ">"
                )

    def _read_slots(self) -> dict[str, tuple[SlotValue, ...]]:
        types = {}
        for name, node in self._slot_nodes.items():
            key = f"slots.{name}"
            if name in self._built_in.types or name in ENTRY_TYPES or name in WILDCARDS:
                self._fault(node, key, "is the name of a built-in type; choose another")
            elif not _NAME.match(name):
                self._fault(node, key, "a slot's name has letters, digits and _ only")
            else:
                types[name] = tuple(self._slot_values(node, key))
        return types

    def _slot_values(self, node: yaml.Node, key: str) -> Iterator[SlotValue]:
        """A template, a list of templates (the value is what was said), or value: templates."""
        if isinstance(node, yaml.MappingNode):
            for value, said in self._mapping(node, key).items():
                several = isinstance(said, yaml.SequenceNode)
                texts = self._texts(said, f"{key}.{value}") if several else [(self._text(said, key), said)]
                yield from self._values(texts or [], f"{key}.{value}", value)
        elif isinstance(node, yaml.SequenceNode):
            yield from self._values(self._texts(node, key), key, None)
        elif _is_empty(node):
            self._fault(node, key, "has no values; give a list such as [small, large]")
        else:
            yield from self._values([(self._text(node, key), node)], key, None)

    def _values(self, texts: list[tuple[str, yaml.Node]], key: str, value: str | None) -> Iterator[SlotValue]:
        for text, node in texts:
            plain = not set(text) & set("[](){}<>|;")
            expression = self._template(spoken_words(text) if plain else text, node, key)
            if expression is None:
                continue
            if any(isinstance(reference, ListReference) for reference in references(expression)):
                self._fault(node, key, f"a slot cannot hold another slot: '{text}'; use a <rule>")
                continue
            yield SlotValue(expression, text if plain and value is None else value)

    # ── intents ──

    def _read_intent(self, name: str, node: yaml.Node) -> Group:
        key = f"intents.{name}"
        if name in {group.intent for group in self._built_in.groups}:
            self._fault(node, key, "is the name of a built-in intent; choose another")
        parts = self._mapping(node, key, _INTENT_KEYS)
        if "sentences" not in parts:
            self._fault(node, key, "has no `sentences`; give a list of what people say")
        sentences = [
            self._template(text, where, f"{key}.sentences[{number}]")
            for number, (text, where) in enumerate(self._texts(parts.get("sentences"), f"{key}.sentences"))
        ]
        flags = {flag: self._truth(parts.get(flag), f"{key}.{flag}") for flag in ("closed", "strict")}
        return Group(name, tuple(sentence for sentence in sentences if sentence is not None), {}, **flags)

    def _truth(self, node: yaml.Node | None, key: str) -> bool:
        text = "false" if node is None else str(node.value).lower()
        if text not in _TRUTH:
            self._fault(node, key, f"'{text}' is neither true nor false")
        return _TRUTH.get(text, False)

    def _read_action(self, name: str, node: yaml.Node) -> dict[str, Any]:
        key = f"intents.{name}"
        parts = {} if not isinstance(node, yaml.MappingNode) else {k.value: v for k, v in node.value}
        if parts and not {"run", "publish", "reply"} & parts.keys():
            self._fault(node, key, "does nothing; give `run`, `publish` or `reply`")
        action: dict[str, Any] = {}
        if "run" in parts:
            if isinstance(parts["run"], yaml.ScalarNode):
                self._fault(
                    parts["run"], f"{key}.run", "expected a list, the program and each argument by itself"
                )
            else:
                action["run"] = tuple(text for text, _ in self._texts(parts["run"], f"{key}.run"))
        if "publish" in parts:
            action |= self._read_publish(parts["publish"], f"{key}.publish")
        if "reply" in parts:
            action["reply"] = self._text(parts["reply"], f"{key}.reply")
        self._check_placeholders(name, parts)
        return action

    def _read_publish(self, node: yaml.Node, key: str) -> dict[str, str]:
        parts = self._mapping(node, key, _PUBLISH_KEYS)
        if "topic" not in parts:
            self._fault(node, key, "has no `topic`; write {topic: home/coffee, payload: '{slots}'}")
        return {name: self._text(part, f"{key}.{name}") for name, part in parts.items()}

    def _check_placeholders(self, name: str, parts: dict[str, yaml.Node]) -> None:
        """Every {slot} of an action must be a slot of one of the sentences."""
        known = {"slots"} | self._slots_said(parts.get("sentences"))
        for part in ("run", "publish", "reply"):
            for text in _scalars(parts.get(part)):
                for slot in re.findall(r"\{(\w+)\}", text.value):
                    if slot not in known:
                        self._fault(
                            text,
                            f"intents.{name}.{part}",
                            f"no sentence has a slot {{{slot}}}{_meant(slot, known)}",
                        )

    def _slots_said(self, sentences: yaml.Node | None) -> set[str]:
        """The slots that some sentence can fill, by itself or through a rule."""
        rules = {**self._built_in.rules, **self._rules}
        slots: set[str] = set()
        for sentence in _scalars(sentences):
            slots |= set(re.findall(r"\{(?:\w+:)?(\w+)\}", sentence.value))
            for rule in _reachable_from(re.findall(r"<(\w+)>", sentence.value), rules):
                slots |= {
                    found.slot_name for found in references(rules[rule]) if isinstance(found, ListReference)
                }
        return slots


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _scalars(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _scalars(value)


def _permutations(expression: Expression) -> Iterator[Permutation]:
    if isinstance(expression, ExpressionGroup):
        if isinstance(expression, Permutation):
            yield expression
        for item in expression.items:
            yield from _permutations(item)


def _reachable(name: str, rules: dict[str, Expression]) -> set[str]:
    """The rules that a rule leads to."""
    direct = (
        [r.rule_name for r in references(rules[name]) if isinstance(r, RuleReference)]
        if name in rules
        else []
    )
    return _reachable_from(direct, rules)


def _reachable_from(names: Iterable[str], rules: dict[str, Expression]) -> set[str]:
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in seen and name in rules:
            seen.add(name)
            waiting += [r.rule_name for r in references(rules[name]) if isinstance(r, RuleReference)]
    return seen


def _unbalanced(text: str) -> str:
    """What is wrong with the brackets of a template, "" for nothing."""
    waiting: list[tuple[str, int]] = []
    for column, character in enumerate(text, start=1):
        if character in _BRACKETS.values():
            waiting.append((character, column))
        elif character in _BRACKETS:
            if not waiting or waiting[-1][0] != _BRACKETS[character]:
                return f"'{character}' at character {column} closes nothing that is open"
            waiting.pop()
    if waiting:
        return f"'{waiting[-1][0]}' at character {waiting[-1][1]} is never closed"
    empty = re.search(r"\(\s*\)|\[\s*\]|\{\s*\}|<\s*>", text)
    return f"'{empty[0]}' is empty" if empty else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _meant(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""
