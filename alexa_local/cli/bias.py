"""`alexa-local bias`: what the names of the household do to the recogniser."""

from __future__ import annotations

import argparse
from typing import Any

from alexa_local.cli.bias_check import add_check
from alexa_local.cli.bias_show import add_show


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add bias and its subcommands."""
    text = "See what the names of the household do to the recogniser."
    parser = commands.add_parser("bias", help=text, description=text)
    parts = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_check(parts, common)
    add_show(parts, common)
