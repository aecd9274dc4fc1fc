"""Results of `measure`, read again: word error rates, and how far apart two arms are on the same clips."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAIN = ("everyday", "rarer", "people")
"""The sets that every arm is measured on."""
DENSE = "d"
"""The arm that pruned and branching ones are held against."""
SHORTER = "c"
"""The arm that was trained half as long, likewise to the end."""
CURVE = "learning curve"
"""The idea of checkpoints along a training."""
DRAWS = 4000
"""Of clips with replacement, for an interval."""


@dataclass(frozen=True)
class Result:
    """One arm, as its last line tells; its sets from all of its lines.

    Attributes:
        name: what the report calls it.
        told: what the line tells: idea, from, steps, minutes, command, bytes, mmacs_per_s, zero, large_pct.
        each: words and wrong words of every clip of each set, int64 (2, clips).
    """

    name: str
    told: Mapping[str, Any]
    each: Mapping[str, NDArray[np.int64]]

    def wer(self, of: str) -> float | None:
        """Percent of a set's words; None where it was not measured."""
        if of not in self.each:
            return None
        words, edits = self.each[of].sum(1)
        return float(100 * edits / max(1, words))


@dataclass(frozen=True)
class Difference:
    """With an idea less without it, in percent of the words.

    Attributes:
        without: what is wrong without it.
        points: what it adds to that.
        low: 95 of 100 draws of clips lie between this
        high: and this.
    """

    without: float
    points: float
    low: float
    high: float

    @property
    def relative(self) -> float:
        """In percent of the wrong words without it."""
        return 100 * self.points / max(self.without, 1e-9)


def read_results(path: Path) -> dict[str, Result]:
    """The arms by name, in the order of their first lines."""
    found: dict[str, Result] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        each = {name: np.array(one["each"], np.int64) for name, one in told.pop("sets").items()}
        before = found[told["name"]].each if told["name"] in found else {}
        found[told["name"]] = Result(told["name"], told, {**before, **each})
    return found


def difference(without: Result, with_it: Result, of: str) -> Difference | None:
    """How much an idea changes a set, by a paired bootstrap over its clips; None where these differ."""
    if of not in without.each or of not in with_it.each:
        return None
    (words, before), (same, after) = without.each[of], with_it.each[of]
    if not np.array_equal(words, same):
        return None
    drawn = np.random.default_rng(0).integers(len(words), size=(DRAWS, len(words)))  # (DRAWS, clips)
    points = 100 * (after - before)[drawn].sum(1) / words[drawn].sum(1).clip(1)
    low, high = np.percentile(points, [2.5, 97.5])
    total = max(1, int(words.sum()))
    return Difference(
        float(100 * before.sum() / total),
        float(100 * (after - before).sum() / total),
        float(low),
        float(high),
    )
