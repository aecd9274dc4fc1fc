"""What the board's bench found: a table, and two plots as SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from scripts.benchmarks.svg import LEFT, TOP, WIDTH, Axes, colour, framed, legend

_LONGEST_MS = 10_000.0
_AXES = Axes((0.0, _LONGEST_MS), (0.0, 1.0))


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
    drawn = [
        _AXES.line(_steps(sorted(one["latencies_ms"]), one["commands"]), number)
        for number, one in enumerate(found.values())
    ]
    drawn += legend([name.replace("_", " ") for name in found], LEFT + WIDTH - 150, TOP + 200)
    seconds = [1000.0 * second for second in range(0, 11, 2)]
    drawn += _AXES.marks(seconds, (0.0, 0.5, 1.0), (lambda ms: f"{ms / 1000:.0f} s", "{:.0%}".format))
    return framed("Commands done, by the time since their last word", drawn)


def parts_plot(shares_pct: Mapping[str, float]) -> str:
    """What each part used of the whole core, as bars."""
    drawn = []
    most = max(shares_pct.values(), default=1.0) or 1.0
    for row, (name, share) in enumerate(sorted(shares_pct.items(), key=lambda one: -one[1])):
        y = TOP + 10 + 24 * row
        width = (WIDTH - 240) * share / most
        drawn.append(f'<text x="{LEFT + 150}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
        drawn.append(f'<rect x="{LEFT + 160}" y="{y}" width="{width:.1f}" height="16" fill="{colour(0)}"/>')
        drawn.append(f'<text x="{LEFT + 166 + width:.0f}" y="{y + 13}">{share:g} %</text>')
    return framed("Percent of the whole core, by part (the last minute)", drawn)


def _steps(latencies_ms: Sequence[float], commands: int) -> list[tuple[float, float]]:
    """The corners of a staircase: (ms, share of all commands)."""
    points, share = [(0.0, 0.0)], 0.0
    for done, ms in enumerate(latencies_ms, start=1):
        points.append((min(ms, _LONGEST_MS), share))
        share = done / commands
        points.append((min(ms, _LONGEST_MS), share))
    return [*points, (_LONGEST_MS, share)]


def _shown(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, (int, float)) else str(value)
