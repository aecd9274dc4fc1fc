"""`alexa-local bias`: what the names of the household do to the recogniser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from alexa_local.cli.bias_check import add_check


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add bias and its subcommands."""
    text = "See what the names of the household do to the recogniser."
    parser = commands.add_parser("bias", help=text, description=text)
    parts = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_check(parts, common)
    _add_show(parts, common)


def _add_show(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add show to the subcommands of bias."""
    text = "Draw the attention of a recording over the catalogue: phrases down, time across."
    parser = commands.add_parser("show", help=text, description=text, parents=[common])
    parser.add_argument("file", metavar="FILE", type=Path, help="a sound file")
    parser.add_argument("--contacts", metavar="FILE", type=Path, help="an address book, for its names")
    parser.add_argument("--phrase", action="append", default=[], help="one more phrase; may be repeated")
    parser.add_argument("--top", type=int, default=12, metavar="N", help="phrases shown (12)")
    parser.add_argument("--out", metavar="FILE.svg", type=Path, help="write a picture too")
    parser.add_argument("--json", action="store_true", help="one JSON object with the shares")
    parser.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    from alexa_local.cli.bias_show import show

    return show(arguments)
