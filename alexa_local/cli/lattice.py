"""`alexa-local lattice show` and `last`: the readings of a file or of the last request, and their picture."""

from __future__ import annotations

import argparse
from math import exp
from pathlib import Path
from typing import Any

from alexa_local.errors import UsageError
from alexa_local.messages import Lattice


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add lattice show and lattice last."""
    text = "Look into lattices: all readings of a request, as `alexa-local transcribe --lattice` writes them."
    lattice = commands.add_parser("lattice", help=text, description=text)
    inner = lattice.add_subparsers(title="commands", metavar="COMMAND", required=True)
    text = "Print the likeliest readings of a lattice with their scores, and draw it."
    show = inner.add_parser("show", help=text, description=text, parents=[common])
    show.add_argument("file", metavar="FILE", type=Path, help="a lattice: .json or .lat")
    text = "The same of the last spoken request, which the daemon remembers for a minute, in memory alone."
    last = inner.add_parser("last", help=text, description=text, parents=[common])
    for parser, run in ((show, _show), (last, _last)):
        parser.add_argument(
            "--out", metavar="PICTURE", type=Path, help="draw it into this .svg, .png or .dot file"
        )
        parser.add_argument(
            "--nbest", metavar="N", type=int, default=10, help="how many readings (default: 10)"
        )
        parser.set_defaults(run=run)


def _show(arguments: argparse.Namespace) -> int:
    from alexa_local.recognise.lattice_files import read_lattice

    return _tell(read_lattice(arguments.file), arguments)


def _last(arguments: argparse.Namespace) -> int:
    from alexa_local.cli.control import ask_daemon
    from alexa_local.recognise.lattice_files import from_json

    return _tell(from_json(ask_daemon(arguments, "lattice")["lattice"]), arguments)


def _tell(lattice: Lattice, arguments: argparse.Namespace) -> int:
    from alexa_local.recognise.lattice import n_best, total
    from alexa_local.recognise.lattice_picture import draw

    if arguments.nbest < 1:
        raise UsageError("--nbest takes a number from 1 on.")
    print(f"{len(lattice.times_s)} nodes, {len(lattice.arcs)} arcs, {lattice.times_s[-1]:.2f} s")
    print("     score  probability  reading")
    together = total(lattice)
    for one in n_best(lattice, arguments.nbest):
        print(f"{one.score:10.3f}  {exp(one.score - together):11.3f}  {one.text or '(nothing)'}")
    if arguments.out:
        draw(lattice, arguments.out)
    return 0
