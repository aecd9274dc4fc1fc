"""The configuration's reference, from the dataclasses that the configuration is checked against."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union

from alexa_local.config import Config
from scripts.documents.blocks import table

_WORDS = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "path"}


def reference() -> str:
    """Every section with its settings, and after them what lists are made of."""
    return "\n\n".join([*_sections(), *_items()])


def _sections() -> Iterator[str]:
    told = _docstrings(Config)
    for name, hint in typing.get_type_hints(Config).items():
        yield f"## {name}\n\n{told[name]}\n\n{_settings(hint)}"


def _items() -> Iterator[str]:
    """What is nested: a device, a rule, a command."""
    for cls in _nested():
        heading = " ".join(inspect.getdoc(cls).split()) if cls.__doc__ else ""  # type: ignore[union-attr]
        yield f"## {_called(cls)}\n\n{heading}\n\n{_settings(cls)}"


def _nested() -> list[type]:
    found: list[type] = []
    for section in typing.get_type_hints(Config).values():
        for hint in typing.get_type_hints(section).values():
            for inner in (hint, *typing.get_args(hint)):
                if dataclasses.is_dataclass(inner) and inner not in found:
                    found.append(typing.cast(type, inner))
    return found


def _settings(cls: Any) -> str:
    hints, told = typing.get_type_hints(cls), _docstrings(cls)
    rows = [
        (f"`{each.name}`", _expected(hints[each.name], each.metadata), _default(each), told[each.name])
        for each in dataclasses.fields(cls)
    ]
    return table(("key", "value", "default", "what it is"), rows)


def _called(cls: type) -> str:
    """`EndpointRule` as "an endpoint rule": how tables name what is nested."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in cls.__name__.removesuffix("Settings"))
    return f"{'an' if words.strip()[0] in 'aeiou' else 'a'}{words}"


def _expected(hint: Any, metadata: Mapping[str, Any]) -> str:
    """What may be written as a value."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return f"{_expected(arguments[0], metadata)}, or nothing"
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in arguments)
    if origin is tuple:
        return f"list, each {_expected(arguments[0], {})}"
    if origin is not None:  # Mapping[str, X]
        return f"by name, {_expected(arguments[1], {})}"
    if dataclasses.is_dataclass(hint):
        called = _called(typing.cast(type, hint))
        return f"[{called}](#{called.replace(' ', '-')})"
    limits = f", {metadata['low']:g} to {metadata['high']:g}" if "low" in metadata else ""
    return _WORDS[hint] + limits


def _default(about: dataclasses.Field[Any]) -> str:
    if about.default_factory is not dataclasses.MISSING:
        value = about.default_factory()
    elif about.default is not dataclasses.MISSING:
        value = about.default
    else:
        return "needed"
    if isinstance(value, Mapping):
        return "<br>".join(f"`{name}`: {_rule(rule)}" for name, rule in value.items())
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, tuple) and value:
        return f"`[{', '.join(map(str, value))}]`"
    return "" if value in ("", None, ()) or dataclasses.is_dataclass(value) else f"`{value}`"


def _rule(rule: Any) -> str:
    """Only what differs from a rule's own defaults."""
    changed = {
        each.name: getattr(rule, each.name)
        for each in dataclasses.fields(rule)
        if getattr(rule, each.name) != each.default
    }
    return "`{" + ", ".join(f"{key}: {str(value).lower()}" for key, value in changed.items()) + "}`"


def _docstrings(cls: type) -> dict[str, str]:
    """The text under each field, which Python itself does not keep."""
    body = typing.cast(ast.ClassDef, ast.parse(inspect.getsource(cls)).body[0]).body
    told: dict[str, str] = {}
    for field, text in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            value = text.value if isinstance(text, ast.Expr) else None
            written = value.value if isinstance(value, ast.Constant) else ""
            told[field.target.id] = " ".join(str(written).split())
    return told
