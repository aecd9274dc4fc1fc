"""Changes single settings in a configuration file's text, so that comments and all else stay as they are.

Each change is tried as the smallest edit first; what counts is that the text, read again, says what it said
before plus that change. A file too unusual for that is left alone, and its owner told what to write.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from alexa_local.errors import ConfigError

Value = str | int | bool | tuple[str, ...]

_PLAIN = re.compile(r"[A-Za-z0-9/](?:[\w ./+-]*[\w./+-])?")
"""Text that needs no quotes anywhere in YAML, unless it looks like a number or the like."""


def edit(text: str, changes: Mapping[str, Value]) -> str:
    """The text with settings changed.

    Args:
        text: a configuration that could be loaded; "" for a new one.
        changes: new values by key, such as "audio.input_device".

    Raises:
        ConfigError: the file is written in a way that cannot be changed safely; names what to write by hand.
    """
    for key, value in changes.items():
        text = _edit_one(text, key, value)
    return text


def _edit_one(text: str, key: str, value: Value | list[str]) -> str:
    before = _data(text)
    section, name = key.split(".")
    wanted = copy.deepcopy(before)
    value = list(value) if isinstance(value, tuple) else value
    wanted[section] = {**(wanted.get(section) or {}), name: value}
    if before == wanted and type((before.get(section) or {}).get(name)) is type(value):
        return text
    written = _written(value)
    for candidate in _candidates(text, section, name, written):
        try:
            if _data(candidate) == wanted:
                return candidate
        except yaml.YAMLError:
            continue
    raise ConfigError(
        f"The configuration cannot be changed without rewriting it. Write `{name}: {written}` "
        f"in its section `{section}` yourself."
    )


def _candidates(text: str, section: str, name: str, written: str) -> Iterator[str]:
    """Texts that may be what is wanted, the one nearest to how the file is written first."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        yield f"{_ended(text)}{section}:\n  {name}: {written}\n"
        return
    for header, node in root.value:
        if header.value == section:
            yield from _in_section(text, header, node, name, written)
            return
    if root.flow_style:
        yield from _in_braces(text, root, f"{section}: {{{name}: {written}}}")
    yield f"{_ended(text)}\n{section}:\n  {name}: {written}\n"


def _in_section(text: str, header: yaml.Node, node: yaml.Node, name: str, written: str) -> Iterator[str]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    for key, value in pairs:
        if key.value == name:
            yield _replaced(text, value, written)
            return
    if isinstance(node, yaml.MappingNode) and node.flow_style:
        yield from _in_braces(text, node, f"{name}: {written}")
        return
    if isinstance(node, yaml.ScalarNode) and node.value:  # `null` or `~`, written out
        text = text[: node.start_mark.index] + text[node.end_mark.index :]
    column = pairs[0][0].start_mark.column if pairs else 2
    line = f"{' ' * column}{name}: {written}\n"
    began = _line_end(text, header.start_mark.index)
    shown = re.compile(rf"^[ \t]*#[ \t]*{re.escape(name)}:.*$", re.MULTILINE).search(text, began)
    if shown:  # below the comment that explains the setting
        at = _line_end(text, shown.start())
        yield _ended(text[:at]) + line + text[at:]
    yield _ended(text[:began]) + line + text[began:]


def _replaced(text: str, value: yaml.Node, written: str) -> str:
    start, end = value.start_mark.index, value.end_mark.index
    space = " " if text[start - 1 : start] == ":" else ""
    line_break = "\n" if text[start:end].endswith("\n") else ""
    return f"{text[:start]}{space}{written}{line_break}{text[end:]}"


def _in_braces(text: str, node: yaml.MappingNode, written: str) -> Iterator[str]:
    at = node.start_mark.index + 1
    yield f"{text[:at]}{written}{', ' if node.value else ''}{text[at:]}"


def _line_end(text: str, index: int) -> int:
    """The index after the line that holds `index`."""
    found = text.find("\n", index)
    return len(text) if found < 0 else found + 1


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _data(text: str) -> dict[str, Any]:
    data = yaml.safe_load(text)
    return data if isinstance(data, dict) else {}


def _written(value: Value | list[str]) -> str:
    """A value as it is written behind a key, in braces too."""
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    plain = isinstance(value, str) and _PLAIN.fullmatch(value) and yaml.safe_load(value) == value
    style = None if plain or not isinstance(value, str) else '"'
    dumped: str = yaml.safe_dump(value, allow_unicode=True, default_style=style, width=1 << 20)
    return dumped.removesuffix("\n").removesuffix("\n...")
