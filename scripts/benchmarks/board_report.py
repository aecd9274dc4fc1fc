"""What the board's bench found: a table, and two plots as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT, _LEFT, _TOP = 640, 300, 60, 40
_COLOURS = ("#1f77b4", "#ff7f0e", "#7f7f7f")
_LONGEST_MS = 10_000.0


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """A column for each way, a row for each figure; Markdown."""
    names = list(found)
    lines = [f"| | {' | '.join(name.replace('_', ' ') for name in names)} |", f"|---{'|---' * len(names)}|"]
    figures = [key for key, value in found[names[0]].items() if not isinstance(value, (dict, list))]
    for key in figures:
        lines.append(f"| {key} | {' | '.join(_shown(found[name][key]) for name in names)} |")
    parts = sorted({part for one in found.values() for part in one["part_shares_pct"]})
    for part in parts:
        shares = (found[name]["part_shares_pct"].get(part) for name in names)
        lines.append(f"| % of the whole core: {part} | {' | '.join(map(_shown, shares))} |")
    return "\n".join(lines) + "\n"


def latency_plot(found: Mapping[str, Mapping[str, Any]]) -> str:
    """How many of the commands that were spoken were done after how long, a line for each way."""
    drawn = []
    for number, (name, one) in enumerate(found.items()):
        points = _steps(sorted(one["latencies_ms"]), one["commands"])
        line = " ".join(f"{_x(ms):.1f},{_y(share):.1f}" for ms, share in points)
        colour = _COLOURS[number % len(_COLOURS)]
        drawn.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        label = f'<text x="{_LEFT + _WIDTH - 150}" y="{_TOP + 200 + 18 * number}" fill="{colour}">'
        drawn.append(f"{label}{escape(name.replace('_', ' '))}</text>")
    for second in range(0, 11, 2):
        x = _x(1000.0 * second)
        drawn.append(f'<text x="{x:.0f}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">{second} s</text>')
    for share in (0.0, 0.5, 1.0):
        drawn.append(f'<text x="{_LEFT - 8}" y="{_y(share) + 4:.0f}" text-anchor="end">{share:.0%}</text>')
    return _framed("Commands done, by the time since their last word", drawn)


def parts_plot(shares_pct: Mapping[str, float]) -> str:
    """What each part used of the whole core, as bars."""
    drawn = []
    most = max(shares_pct.values(), default=1.0) or 1.0
    for row, (name, share) in enumerate(sorted(shares_pct.items(), key=lambda one: -one[1])):
        y = _TOP + 10 + 24 * row
        width = (_WIDTH - 240) * share / most
        drawn.append(f'<text x="{_LEFT + 150}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
        drawn.append(
            f'<rect x="{_LEFT + 160}" y="{y}" width="{width:.1f}" height="16" fill="{_COLOURS[0]}"/>'
        )
        drawn.append(f'<text x="{_LEFT + 166 + width:.0f}" y="{y + 13}">{share:g} %</text>')
    return _framed("Percent of the whole core, by part (the last minute)", drawn)


def _steps(latencies_ms: Sequence[float], commands: int) -> list[tuple[float, float]]:
    """The corners of a staircase: (ms, share of all commands)."""
    points, share = [(0.0, 0.0)], 0.0
    for done, ms in enumerate(latencies_ms, start=1):
        points.append((min(ms, _LONGEST_MS), share))
        share = done / commands
        points.append((min(ms, _LONGEST_MS), share))
    return [*points, (_LONGEST_MS, share)]


def _x(ms: float) -> float:
    return _LEFT + _WIDTH * ms / _LONGEST_MS


def _y(share: float) -> float:
    return _TOP + _HEIGHT * (1.0 - share)


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, (int, float)) else str(value)


def _framed(title: str, drawn: Sequence[str]) -> str:
    width, height = _LEFT + _WIDTH + 30, _TOP + _HEIGHT + 30
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            f'<text x="{_LEFT}" y="24" font-size="15">{escape(title)}</text>',
            f'<rect x="{_LEFT}" y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="#999"/>',
            *drawn,
            "</svg>\n",
        ]
    )
