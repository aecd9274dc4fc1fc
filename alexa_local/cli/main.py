"""From the words on the command line to an exit code: which command it is, and how its errors look."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from alexa_local import __version__
from alexa_local.cli import (
    bias,
    control,
    devices,
    doctor,
    files,
    housekeeping,
    lattice,
    models,
    music,
    outbox,
    privacy,
    run,
    setup,
    top,
    understand,
    voices,
    wake_word,
)
from alexa_local.cli.logs import set_up_logging
from alexa_local.errors import AlexaLocalError, UsageError

_INTERRUPTED, _BROKEN_PIPE = 128 + 2, 128 + 13


class _Parser(argparse.ArgumentParser):
    """Wrong words are an error like every other: one line, and an exit code of its own."""

    def __init__(self, *args: Any, options_anywhere: bool = False, **kwargs: Any) -> None:
        """Make a parser.

        Args:
            *args: as argparse has them.
            options_anywhere: options may also stand between the words of a list, as in `NAME --again FILE`.
            **kwargs: as argparse has them.
        """
        super().__init__(*args, **kwargs)
        self._options_anywhere = options_anywhere

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as always, or the options first; that asks this again for either part."""
        if not self._options_anywhere:
            return super().parse_known_args(args, namespace)
        self._options_anywhere = False
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._options_anywhere = True

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}. See `{self.prog} --help`.")


def make_parser() -> argparse.ArgumentParser:
    """The parser; each command puts its function from arguments to exit code into `run`."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", metavar="FILE", help="the configuration (see packaging/config.yaml)")
    common.add_argument("-v", "--verbose", action="count", default=0, help="log more; twice for everything")
    parser = _Parser(
        prog="alexa-local",
        description="A speech assistant that lives on a small board and keeps working without a network.",
    )
    parser.add_argument("--version", action="version", version=f"alexa-local {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=_Parser)
    asking = (top, understand, bias, devices, models, lattice, outbox, privacy, voices, wake_word, doctor)
    for module in (run, control, music, files, *asking, setup, housekeeping):
        module.add_commands(commands, common)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit code (see `alexa_local.errors`)."""
    try:
        arguments = make_parser().parse_args(argv)
        arguments.log = set_up_logging(arguments.verbose)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except AlexaLocalError as error:
        print(f"alexa-local: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # such as `alexa-local events | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the final flush fails no more
        return _BROKEN_PIPE
