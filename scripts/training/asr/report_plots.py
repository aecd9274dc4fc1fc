"""The report's plots: words wrong against sparsity, against compute and against minutes of training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scripts.benchmarks.svg import LEFT, TOP, WIDTH, Axes, framed, legend
from scripts.training.asr.results import CURVE, DENSE, MAIN, SHORTER, Result

Results = Mapping[str, Result]
MOST = 103.0
"""Percent of the dense model's wrong words: what pruning and branching may cost."""


def plots(results: Results) -> dict[str, str]:
    """The plots by their files' names."""
    sparse = [one for one in results.values() if one.name == DENSE or one.name.startswith("sparse")]
    cheap = [one for one in results.values() if one in sparse or one.name.startswith("branches")]
    by_zeros = [(100 * one.told.get("zero", 0.0), one) for one in sparse]
    by_work = [(one.told["mmacs_per_s"], one) for one in cheap if "mmacs_per_s" in one.told]
    relative = "Words wrong, in percent of the dense model's,"
    return {
        "REPORT-sparsity.svg": _relative_plot(
            f"{relative} by percent of the encoder's weights that are zero", by_zeros, (0.0, 100.0)
        ),
        "REPORT-compute.svg": _relative_plot(
            f"{relative} by million multiply-adds a second", by_work, (0.0, 70.0)
        ),
        "REPORT-minutes.svg": _minutes_plot(results),
    }


def _relative_plot(title: str, placed: Sequence[tuple[float, Result]], across: tuple[float, float]) -> str:
    """A line for each set through arms that have a place, and one at the most that may be lost."""
    lines = []
    for of in MAIN:
        rates = {one.name: rate for _, one in placed if (rate := one.wer(of)) is not None}
        base = rates.get(DENSE)
        points = [(at, rates[one.name], one.name) for at, one in placed if one.name in rates] if base else []
        lines.append(sorted((at, 100 * rate / (base or 1), name) for at, rate, name in points))
    tens = math.ceil(max([120.0, *(y for points in lines for _, y, _ in points)]) / 10)
    axes = Axes(across, (80.0, 10.0 * tens))
    drawn = [axes.line([(across[0], MOST), (across[1], MOST)], len(MAIN))]
    drawn += [axes.label(at, 82.0 + 3 * (row % 3), one.name) for row, (at, one) in enumerate(placed)]
    for number, points in enumerate(lines):
        drawn += _through(axes, points, number)
    drawn += legend((*MAIN, f"{MOST - 100:g} % more than dense"), LEFT + WIDTH - 150, TOP + 30)
    steps = [across[0] + (across[1] - across[0]) * part / 10 for part in range(11)]
    percents = [10.0 * ten for ten in range(8, tens + 1)]
    drawn += axes.marks(steps, percents, ("{:.0f}".format, "{:.0f} %".format))
    return framed(title, drawn)


def _minutes_plot(results: Results) -> str:
    """Words wrong along the training."""
    axes = Axes((0.0, 400.0), (0.0, 100.0))
    drawn: list[str] = []
    for number, of in enumerate(MAIN):
        points = [
            (float(one.told["minutes"]), rate, one.name)
            for one in along(results)
            if (rate := one.wer(of)) is not None
        ]
        drawn += _through(axes, points, number)
    drawn += legend(MAIN, LEFT + WIDTH - 150, TOP + 110)
    drawn += axes.marks(range(0, 401, 100), range(0, 101, 20), ("{:.0f} min".format, "{:.0f} %".format))
    return framed("Words wrong, by minutes of training on two cores", drawn)


def _through(axes: Axes, points: Sequence[tuple[float, float, str]], number: int) -> list[str]:
    """A line through points, which tell their names."""
    line = [axes.line([(x, y) for x, y, _ in points], number)] if len(points) > 1 else []
    return line + [axes.point(x, y, number, name) for x, y, name in points]


def along(results: Results) -> list[Result]:
    """The arms of the curve over time, the shortest first."""
    wanted = [
        one for one in results.values() if one.told.get("idea") == CURVE or one.name in (SHORTER, DENSE)
    ]
    return sorted(wanted, key=lambda one: float(one.told["minutes"]))
