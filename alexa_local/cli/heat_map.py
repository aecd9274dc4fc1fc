"""Rows of shares over time, drawn: with block characters for a terminal, or as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

_SHADES = " ░▒▓█"
_CELL, _ROW, _LEFT, _TOP, _NAME = 9, 18, 12, 44, 190
"""Pixels: a step's width, a row's height, the margins, and the width of the names."""


@dataclass(frozen=True)
class HeatMap:
    """What to draw.

    Attributes:
        names: one a row.
        rows: float32 (names, steps), shares from 0 to 1.
        step_s: seconds of one step.
    """

    names: tuple[str, ...]
    rows: NDArray[np.float32]
    step_s: float


def as_text(drawn: HeatMap, columns: int) -> str:
    """Lines of at most so many cells beside the names; a cell shows the largest share of its steps."""
    steps = drawn.rows.shape[1]
    each = max(1, math.ceil(steps / columns))
    padded = np.pad(drawn.rows, ((0, 0), (0, -steps % each)))
    cells = padded.reshape(len(drawn.names), -1, each).max(axis=2, initial=0.0)
    wide = min(30, max(map(len, drawn.names), default=0))
    lines = []
    for name, row in zip(drawn.names, cells, strict=True):
        shown = "".join(_SHADES[min(len(_SHADES) - 1, math.ceil(4 * share - 0.2))] for share in row)
        lines.append(f"{name[:wide]:<{wide}} |{shown}| {row.max(initial=0.0):4.0%}")
    seconds = f"0 s{'':{max(1, cells.shape[1] - 9)}}{steps * drawn.step_s:.1f} s"
    return "\n".join([*lines, f"{'':{wide}}  {seconds}"])


def as_svg(drawn: HeatMap, title: str) -> str:
    """A picture: a row a phrase, a column a step, a tick every half second."""
    steps = drawn.rows.shape[1]
    width = _LEFT + _NAME + steps * _CELL + 40
    height = _TOP + len(drawn.names) * _ROW + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{_LEFT}" y="24" font-size="15">{escape(title)}</text>',
    ]
    for number, (name, row) in enumerate(zip(drawn.names, drawn.rows, strict=True)):
        y = _TOP + number * _ROW
        parts.append(f'<text x="{_LEFT}" y="{y + 13}">{escape(name[:28])}</text>')
        parts += [
            f'<rect x="{_LEFT + _NAME + step * _CELL}" y="{y}" width="{_CELL}" height="{_ROW - 2}" '
            f'fill="#1f4e9c" fill-opacity="{share:.3f}"/>'
            for step, share in enumerate(row.tolist())
            if share >= 0.001
        ]
    bottom = _TOP + len(drawn.names) * _ROW
    for half in range(int(steps * drawn.step_s / 0.5) + 1):
        x = _LEFT + _NAME + half * 0.5 / drawn.step_s * _CELL
        parts.append(f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{bottom + 5}" stroke="black"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{half * 0.5:g} s</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
