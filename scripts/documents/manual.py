"""The manual page, from the command line's own parser, so that neither has an option that the other lacks."""

from __future__ import annotations

import argparse
import datetime
import re
import textwrap
from collections.abc import Iterator

from alexa_local import __version__
from alexa_local.cli.main import make_parser
from scripts.documents.failures import by_code

_FILES = (
    ("/etc/alexa-local/config.yaml", "The service's configuration. Without it everything has its default."),
    ("~/.config/alexa-local/config.yaml", "The configuration of who runs it by hand; it comes first."),
    ("/var/lib/alexa-local", "The service's timers, alarms, lists and contacts."),
    ("~/.local/state/alexa-local", "The same, where a user runs it by hand."),
    ("/run/alexa-local/control.sock", "Where the commands reach the service; its group may."),
)
_VARIABLES = (
    ("ALEXA_LOCAL_CONFIG", "The configuration's path, where --config gives none."),
    ("ALEXA_LOCAL_TFLITE", "litert or tflite-runtime: what runs the models, where both are installed."),
)


def page(before: str = "") -> str:
    """The page as roff, dated today, or as `before` where it says what that said."""
    parser, dated = make_parser(), re.search(r"^\.TH \S+ 1 (\S+)", before)
    old = "\n".join([*_head(parser, dated[1] if dated else ""), *_commands(parser), *_tail(), ""])
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return old if old == before else "\n".join([*_head(parser, today), *_commands(parser), *_tail(), ""])


def commands_of(
    parser: argparse.ArgumentParser, prefix: str = ""
) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """(words, parser, summary) of every command that does something, such as "lattice show"."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            summaries = {each.dest: each.help or "" for each in action._choices_actions}
            for name, inner in action.choices.items():
                deeper = list(commands_of(inner, f"{prefix}{name} "))
                yield from deeper or [(prefix + name, inner, summaries[name])]


def _head(parser: argparse.ArgumentParser, date: str) -> Iterator[str]:
    yield f'.TH ALEXA\\-LOCAL 1 {date} "alexa\\-local {_plain(__version__)}" "User Commands"'
    yield ".SH NAME"
    yield "alexa\\-local \\- speech assistant that keeps working without a network"
    yield ".SH SYNOPSIS"
    yield ".B alexa\\-local"
    yield ".I COMMAND"
    yield "[\\fIARGUMENTS\\fR]"
    yield ".SH DESCRIPTION"
    yield _plain(parser.description or "")
    yield "Each command has \\fB\\-\\-help\\fR."
    yield ".SH COMMANDS"


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    found = list(commands_of(parser))
    shared = set.intersection(*(set(_options(command)) for _, command, _ in found))
    for words, command, summary in found:
        yield f".SS {_plain(words)}"
        yield f"\\fB{_plain(f'alexa-local {_usage(command)}')}\\fR"
        yield ".PP"
        yield _plain(summary)
        for names, action in _options(command).items():
            if names not in shared:
                yield from _argument(action)
    yield ".SH OPTIONS OF EVERY COMMAND"
    for names, action in _options(found[0][1]).items():
        if names in shared:
            yield from _argument(action)


def _options(command: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """What a command takes, by how it is written, without what needs no words."""
    return {
        " ".join(action.option_strings) or action.dest: action
        for action in command._actions
        if action.help and not isinstance(action, argparse._HelpAction)
    }


def _usage(command: argparse.ArgumentParser) -> str:
    """`lattice show [-h] FILE` as argparse words it, without the program's name and the help."""
    usage = " ".join(command.format_usage().split()).removeprefix("usage: alexa-local ")
    return usage.replace(" [-h]", "")


def _argument(action: argparse.Action) -> Iterator[str]:
    value = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    takes = "" if action.nargs == 0 else f" \\fI{_plain(value)}\\fR"
    yield ".TP"
    if action.option_strings:
        yield ", ".join(f"\\fB{_plain(one)}\\fR" for one in action.option_strings) + takes
    else:
        yield takes.strip()
    yield _plain(action.help or "")


def _tail() -> Iterator[str]:
    yield ".SH EXIT STATUS"
    yield from _listed([("0", "All is well."), *((str(code), text) for code, text in by_code())])
    yield ".SH FILES"
    yield from _listed(_FILES)
    yield ".SH ENVIRONMENT"
    yield from _listed(_VARIABLES)
    yield ".SH SEE ALSO"
    yield ".BR systemctl (1),"
    yield ".BR journalctl (1),"
    yield ".BR mosquitto (8)"


def _listed(rows: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> Iterator[str]:
    for name, text in rows:
        yield from (".TP", f"\\fB{_plain(name)}\\fR", _plain(text))


def _plain(text: str) -> str:
    """Text that roff takes for nothing but text, in short lines."""
    text = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    text = text.replace("`", "\\(ga").replace("~", "\\(ti").replace("^", "\\(ha")
    lines = textwrap.wrap(text, 78, break_long_words=False, break_on_hyphens=False)
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in lines)
