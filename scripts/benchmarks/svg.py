"""Small plots as SVG: a frame with axes, and lines, points and bars in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP = 640, 300, 60, 40
COLOURS = ("#1f77b4", "#ff7f0e", "#7f7f7f", "#2ca02c", "#9467bd")


@dataclass(frozen=True)
class Axes:
    """Which values lie at the frame's edges: (left, right) and (bottom, top)."""

    across: tuple[float, float]
    up: tuple[float, float]

    def x(self, value: float) -> float:
        """Where a value lies, in pixels from the left."""
        return LEFT + WIDTH * (value - self.across[0]) / (self.across[1] - self.across[0])

    def y(self, value: float) -> float:
        """Where a value lies, in pixels from the top."""
        return TOP + HEIGHT * (1.0 - (value - self.up[0]) / (self.up[1] - self.up[0]))

    def line(self, points: Sequence[tuple[float, float]], number: int) -> str:
        """A line through values, in the colour of a number."""
        drawn = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        return f'<polyline points="{drawn}" fill="none" stroke="{colour(number)}" stroke-width="2"/>'

    def point(self, x: float, y: float, number: int, name: str = "") -> str:
        """A point, which tells its name where somebody points at it."""
        at = f'cx="{self.x(x):.1f}" cy="{self.y(y):.1f}"'
        return f'<circle {at} r="4" fill="{colour(number)}"><title>{escape(name)}</title></circle>'

    def label(self, x: float, y: float, name: str) -> str:
        """A name in the plot."""
        at = f'x="{self.x(x):.1f}" y="{self.y(y):.1f}"'
        return f'<text {at} text-anchor="middle" fill="#666">{escape(name)}</text>'

    def marks(
        self, across: Sequence[float], up: Sequence[float], tell: tuple[Callable[[float], str], ...]
    ) -> list[str]:
        """Values below the frame and beside it, told in the two ways."""
        foot = TOP + HEIGHT + 18
        below = [
            f'<text x="{self.x(value):.0f}" y="{foot}" text-anchor="middle">{tell[0](value)}</text>'
            for value in across
        ]
        beside = [
            f'<text x="{LEFT - 8}" y="{self.y(value) + 4:.0f}" text-anchor="end">{tell[1](value)}</text>'
            for value in up
        ]
        return [*below, *beside]


def colour(number: int) -> str:
    """The colour of a line, a point or a bar."""
    return COLOURS[number % len(COLOURS)]


def legend(names: Sequence[str], x: float, y: float) -> list[str]:
    """Names one below the other, each in its colour."""
    return [
        f'<text x="{x:.0f}" y="{y + 18 * number:.0f}" fill="{colour(number)}">{escape(name)}</text>'
        for number, name in enumerate(names)
    ]


def framed(title: str, drawn: Sequence[str]) -> str:
    """The whole picture."""
    width, height = LEFT + WIDTH + 30, TOP + HEIGHT + 30
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            f'<text x="{LEFT}" y="24" font-size="15">{escape(title)}</text>',
            f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>',
            *drawn,
            "</svg>\n",
        ]
    )
