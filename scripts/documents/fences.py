"""What documents show in fences and code spans: commands with their output, settings, words."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)[ ]?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_OPERATORS = frozenset({"|", "||", "&&", ";", "&", ">", "2>&1"})
_ANYTHING = "…"


@dataclass(frozen=True)
class Fence:
    """One fence.

    Attributes:
        document: the file.
        line: where it begins, counted from 1.
        language: the first word after the marks, such as "console".
        note: the words after that, such as "needs=root".
        text: what is in it.
    """

    document: Path
    line: int
    language: str
    note: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}"

    @property
    def needs(self) -> str:
        """What it takes to run it beyond the program itself; "" for nothing."""
        return self.note.removeprefix("needs=") if self.note.startswith("needs=") else ""

    def commands(self) -> list[tuple[str, list[str]]]:
        """Each command after `$ `, with the lines of output that are shown under it."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found:
                found[-1][1].append(line)
        return found


def fences(document: Path) -> list[Fence]:
    """All fences of a document that name a language."""
    text = document.read_text()
    return [
        Fence(document, text.count("\n", 0, found.start()) + 1, found[1], found[2].strip(), found[3])
        for found in _FENCE.finditer(text)
    ]


def shows(expected: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether output is as shown; `…` stands for anything within a line, and alone for any lines."""
    pattern = "".join(
        r"(?:.*\n)*" if line == _ANYTHING else ".*".join(map(re.escape, line.split(_ANYTHING))) + r"\n"
        for line in expected
    )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in printed)) is not None


def calls(document: Path, program: str) -> Iterator[tuple[str, list[str]]]:
    """(what is written, the words after the program's name) for each use of a program in a document."""
    text = document.read_text()
    shown = [line for one in fences(document) for line, _ in one.commands()]
    for written in [*shown, *_SPAN.findall(_FENCE.sub("", text))]:
        for words in _simple_commands(written):
            if words and Path(words[0]).name == program:
                yield written, words[1:]


def unknown_words(words: Sequence[str], parser: argparse.ArgumentParser) -> list[str]:
    """The commands and options among the words that the parser does not have."""
    unknown, words = [], list(words)
    inner = _subcommands(parser)
    while inner and words and not words[0].startswith("-") and not _is_placeholder(words[0]):
        if words[0] not in inner:
            return [words[0]]
        parser = inner[words.pop(0)]
        inner = _subcommands(parser)
    for word in words:
        name = word.split("=")[0]
        if re.match(r"--?[a-z]", name) and name not in parser._option_string_actions:
            unknown += [] if set(name) == {"-", "v"} else [name]  # -vv
    return unknown


def _subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _simple_commands(line: str) -> Iterator[list[str]]:
    """The commands that a shell's line is made of, without sudo; none where it is not a shell's."""
    try:
        lexer = shlex.shlex(re.sub(r"[\[\]]", " ", line), posix=True, punctuation_chars="|&;")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return
    command: list[str] = []
    for word in [*words, ";"]:
        if word in _OPERATORS:
            yield command[1:] if command[:1] == ["sudo"] else command
            command = []
        else:
            command.append(word)


def _is_placeholder(word: str) -> bool:
    return word == _ANYTHING or word.isupper()
