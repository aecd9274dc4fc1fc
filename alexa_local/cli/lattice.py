"""`alexa-local lattice show`: the readings in a lattice's file, and its picture."""

from __future__ import annotations

import argparse
from math import exp
from pathlib import Path
from typing import Any

from alexa_local.errors import UsageError


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add lattice show."""
    text = "Look into lattices: all readings of a request, as `alexa-local transcribe --lattice` writes them."
    lattice = commands.add_parser("lattice", help=text, description=text)
    inner = lattice.add_subparsers(title="commands", metavar="COMMAND", required=True)
    text = "Print the likeliest readings of a lattice with their scores, and draw it."
    show = inner.add_parser("show", help=text, description=text, parents=[common])
    show.add_argument("file", metavar="FILE", type=Path, help="a lattice: .json or .lat")
    show.add_argument("--out", metavar="PICTURE", type=Path, help="draw it into this .svg, .png or .dot file")
    show.add_argument("--nbest", metavar="N", type=int, default=10, help="how many readings (default: 10)")
    show.set_defaults(run=_show)


def _show(arguments: argparse.Namespace) -> int:
    from alexa_local.recognise.lattice import n_best, total
    from alexa_local.recognise.lattice_files import read_lattice
    from alexa_local.recognise.lattice_picture import draw

    if arguments.nbest < 1:
        raise UsageError("--nbest takes a number from 1 on.")
    lattice = read_lattice(arguments.file)
    print(f"{len(lattice.times_s)} nodes, {len(lattice.arcs)} arcs, {lattice.times_s[-1]:.2f} s")
    print("     score  probability  reading")
    together = total(lattice)
    for one in n_best(lattice, arguments.nbest):
        print(f"{one.score:10.3f}  {exp(one.score - together):11.3f}  {one.text or '(nothing)'}")
    if arguments.out:
        draw(lattice, arguments.out)
    return 0
