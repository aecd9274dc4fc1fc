"""A YAML document becomes dataclasses, or a list of everything that is wrong with it."""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

import yaml

_NULL = "tag:yaml.org,2002:null"
_EXPECTED = {bool: "`true` or `false`", int: "a whole number", float: "a number", str: "text", Path: "a path"}
_Section = TypeVar("_Section")
_Metadata = Mapping[str, Any]
_WRONG = object()
"""Stands for a value that was reported as a fault."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        file: the file it is in.
        line: counted from 1.
        key: the dotted key, such as "home.devices[2].kind"; "" for the whole document.
        text: what was expected, and what may have been meant.
    """

    file: Path
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key + ': ' if self.key else ''}{self.text}"


class Checker:
    """Checks one document; `faults` grows and nothing is raised, so that one look shows them all."""

    def __init__(self, file: Path) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._lines: dict[str, int] = {}

    def check(self, document: yaml.Node | None, section: type[_Section]) -> _Section | None:
        """The document as `section`, a dataclass; None when something in it is wrong."""
        if document is None:
            return section()
        value = self._section(document, section, "")
        return None if value is _WRONG else value

    def _fault(self, node: yaml.Node, key: str, text: str) -> Any:
        self.faults.append(Fault(self._file, node.start_mark.line + 1, key, text))
        return _WRONG

    def _pairs(self, node: yaml.Node, key: str) -> dict[str, yaml.Node] | None:
        """A mapping's values by key; None, with a fault, when it is no mapping."""
        if _is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._fault(node, key, f"expected `key: value` lines, not {_describe(node)}")
            return None
        pairs: dict[str, yaml.Node] = {}
        for name_node, value in node.value:
            name = str(name_node.value) if isinstance(name_node, yaml.ScalarNode) else "?"
            if name in pairs:
                self._fault(name_node, _join(key, name), "is given twice; keep one of them")
            pairs[name] = value
            self._lines[_join(key, name)] = name_node.start_mark.line + 1
        return pairs

    def _section(self, node: yaml.Node, cls: type, key: str) -> Any:
        pairs = self._pairs(node, key)
        if pairs is None:
            return _WRONG
        hints, fields = typing.get_type_hints(cls), {each.name: each for each in dataclasses.fields(cls)}
        for name in pairs.keys() - fields.keys():
            self._unknown(pairs[name], _join(key, name), name, list(fields))
        values: dict[str, Any] = {}
        for name, about in fields.items():
            if name in pairs and not _is_null(pairs[name]):  # an empty value is the default
                values[name] = self._value(pairs[name], hints[name], _join(key, name), about.metadata)
            elif about.default is dataclasses.MISSING and about.default_factory is dataclasses.MISSING:
                values[name] = self._fault(node, _join(key, name), "is missing")
        if any(value is _WRONG for value in values.values()):
            return _WRONG
        return self._whole(cls(**values), node, key)

    def _whole(self, section: Any, node: yaml.Node, key: str) -> Any:
        """Add what the section itself says is wrong with it, now that each of its fields is right."""
        problems = list(section.problems()) if hasattr(section, "problems") else []
        for name, text in problems:
            place = _join(key, name)
            line = self._lines.get(place, node.start_mark.line + 1)
            self.faults.append(Fault(self._file, line, place, text))
        return _WRONG if problems else section

    def _unknown(self, node: yaml.Node, key: str, name: str, known: list[str]) -> None:
        self.faults.append(
            Fault(
                self._file,
                self._lines[key],
                key,
                f"unknown key; {_suggest(name, known) or 'expected ' + _one_of(known)}",
            )
        )

    def _value(self, node: yaml.Node, hint: Any, key: str, metadata: _Metadata) -> Any:
        """One value of the type `hint`: a scalar, a section, or a tuple or mapping of them."""
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (Union, types.UnionType):  # only `X | None` is used; `none` and nothing at all mean None
            if isinstance(node, yaml.ScalarNode) and node.value == "none":
                return None
            return self._value(node, arguments[0], key, metadata)
        if origin is tuple:
            return self._items(node, arguments[0], key, metadata)
        if origin is not None and origin is not Literal:  # Mapping[str, X]
            return self._mapping(node, arguments[1], key, metadata)
        if dataclasses.is_dataclass(hint):
            return self._section(node, typing.cast(type, hint), key)
        return self._scalar(node, hint, key, metadata)

    def _items(self, node: yaml.Node, hint: Any, key: str, metadata: _Metadata) -> Any:
        if not isinstance(node, yaml.SequenceNode):
            return self._fault(node, key, f"expected a list (`- item` lines), not {_describe(node)}")
        values = tuple(
            self._value(item, hint, f"{key}[{index}]", metadata) for index, item in enumerate(node.value)
        )
        return _WRONG if any(value is _WRONG for value in values) else values

    def _mapping(self, node: yaml.Node, hint: Any, key: str, metadata: _Metadata) -> Any:
        pairs = self._pairs(node, key)
        if pairs is None:
            return _WRONG
        values = {name: self._value(item, hint, _join(key, name), metadata) for name, item in pairs.items()}
        return _WRONG if any(value is _WRONG for value in values.values()) else types.MappingProxyType(values)

    def _scalar(self, node: yaml.Node, hint: Any, key: str, metadata: _Metadata) -> Any:
        expected = _expected(hint, metadata)
        if not isinstance(node, yaml.ScalarNode) or _is_null(node):
            return self._fault(node, key, f"expected {expected}, not {_describe(node)}")
        try:
            value = _convert(node, hint)
            if isinstance(value, int | float) and not _in_range(value, metadata):
                raise ValueError
        except (ValueError, OverflowError, yaml.YAMLError):
            found = "a value that is not shown here" if metadata.get("secret") else f"`{_short(node.value)}`"
            near = _suggest(node.value, [str(one) for one in typing.get_args(hint)])
            return self._fault(node, key, f"expected {expected}, not {found}{'; ' + near if near else ''}")
        if isinstance(value, Path):
            return self._file.absolute().parent / value
        return value


def _convert(node: yaml.ScalarNode, hint: Any) -> Any:
    """A scalar as the type asked for; text keeps its spelling, so that `on` and `007` need no quotes."""
    if typing.get_origin(hint) is Literal:
        if node.value not in typing.get_args(hint):
            raise ValueError
        return node.value
    if hint is str:
        return node.value
    if hint is Path:
        if not node.value:
            raise ValueError
        return Path(os.path.expanduser(node.value))  # noqa: PTH111 - never fails, unlike Path.expanduser
    value = yaml.SafeLoader("").construct_object(node)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        raise ValueError
    return value


def _in_range(value: float, metadata: _Metadata) -> bool:
    return not math.isnan(value) and metadata.get("low", -math.inf) <= value <= metadata.get("high", math.inf)


def _expected(hint: Any, metadata: _Metadata) -> str:
    if typing.get_origin(hint) is Literal:
        return _one_of(typing.get_args(hint))
    limits = f" from {metadata['low']:g} to {metadata['high']:g}" if "low" in metadata else ""
    return _EXPECTED[hint] + limits


def _one_of(names: typing.Iterable[str]) -> str:
    return "one of " + ", ".join(f"`{name}`" for name in names)


def _suggest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""


def _describe(node: yaml.Node) -> str:
    if _is_null(node):
        return "nothing"
    if isinstance(node, yaml.ScalarNode):
        return "a single value"
    return "a list" if isinstance(node, yaml.SequenceNode) else "`key: value` lines"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key and name else key or name


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == _NULL
