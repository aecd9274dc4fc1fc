"""A lattice as a picture: graphviz's language, and its `dot` program for SVG and PNG."""

from __future__ import annotations

import subprocess
from pathlib import Path

from alexa_local.errors import LatticeError
from alexa_local.messages import Lattice

_TIMEOUT_S = 60


def to_dot(lattice: Lattice) -> str:
    """The lattice in graphviz's language; likely arcs are darker and thicker."""
    lines = ["digraph lattice {", "rankdir=LR; node [shape=circle fontsize=9]; edge [fontsize=11];"]
    lines += [f'{node} [label="{time_s:.2f}"];' for node, time_s in enumerate(lattice.times_s)]
    for arc in lattice.arcs:
        word = (arc.word or "\u03b5").replace("\\", "\\\\").replace('"', '\\"')
        grey = round(75 * (1 - arc.posterior))
        lines.append(
            f'{arc.start} -> {arc.end} [label="{word} {arc.posterior:.2f}" color=gray{grey} '
            f"fontcolor=gray{grey} penwidth={0.5 + 2 * arc.posterior:.2f}];"
        )
    return "\n".join([*lines, "}", ""])


def draw(lattice: Lattice, path: Path) -> None:
    """Draw a lattice into a .svg, .png or .dot file.

    Raises:
        LatticeError: graphviz is not there or fails, or the file's name or place does not do.
    """
    form = path.suffix.lower().removeprefix(".")
    if form not in ("svg", "png", "dot"):
        raise LatticeError(f"{path.name} does not tell a picture's form. End it in .svg, .png or .dot.")
    try:
        picture = to_dot(lattice).encode()
        if form != "dot":
            picture = _drawn(picture, form)
        path.write_bytes(picture)
    except OSError as error:
        raise LatticeError(f"{path} cannot be written ({error.strerror}). Choose another place.") from error


def _drawn(graph: bytes, form: str) -> bytes:
    try:
        done = subprocess.run(
            ["dot", f"-T{form}"], input=graph, capture_output=True, check=True, timeout=_TIMEOUT_S
        )
    except FileNotFoundError as error:
        raise LatticeError(
            "Graphviz, which draws lattices, is not there. Install it: `sudo apt install graphviz`."
        ) from error
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise LatticeError(
            f"Graphviz did not draw the lattice ({error}). Write it as .dot and try by hand."
        ) from error
    return done.stdout
