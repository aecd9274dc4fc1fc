"""What both machines found, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEATURE_TOLERANCE = 1e-3
"""How far features, in nats, may be apart."""

INT8_STEPS = 1.0
"""How far the encoder's outputs may be apart: so many steps of an int8 that just holds the largest of them.
Arm rounds activations to int8 by code of its own; what falls on the other side of a half is a step away."""

WAKE_TOLERANCE = 0.02
"""How far the wake word's scores, 0 to 1, may be apart."""


@dataclass(frozen=True)
class Found:
    """What one machine made of the sounds.

    Attributes:
        transcribed: the lines of `transcribe --json`.
        woken: the lines of `wake --json`.
        readings: what `lattice show` prints.
        numbers: what `probe.py` writes.
        runtime: the TFLite runtime that it used.
    """

    transcribed: str
    woken: str
    readings: str
    numbers: Mapping[str, NDArray[np.float32]]
    runtime: str


def faults(here: Found, there: Found) -> Iterator[str]:
    """Everything in which they differ, a line each."""
    yield from _words(here.transcribed, there.transcribed)
    yield from _wakes(here.woken, there.woken)
    if best_reading(here.readings) != best_reading(there.readings):
        yield f"lattice: {best_reading(there.readings)!r} instead of {best_reading(here.readings)!r}"
    for kind, limit in limits(here.numbers).items():
        apart = largest_difference(here.numbers, there.numbers, kind)
        if not apart <= limit:
            yield f"{kind}: {apart:.2g} apart, more than {limit:.2g}"


def texts(transcribed: str) -> list[str]:
    """The best reading of each line of `transcribe --json`."""
    return [json.loads(line)["text"] for line in transcribed.splitlines()]


def limits(here: Mapping[str, NDArray[np.float32]]) -> dict[str, float]:
    """How far the numbers of each kind may be apart from these."""
    largest = max(float(np.abs(value).max()) for name, value in here.items() if name.endswith(" encoder"))
    return {"features": FEATURE_TOLERANCE, "encoder": INT8_STEPS * largest / 127}


def largest_difference(
    here: Mapping[str, NDArray[np.float32]], there: Mapping[str, NDArray[np.float32]], kind: str
) -> float:
    """The largest difference of any number of a kind; infinite where there are not the same ones."""
    names = [name for name in here if name.endswith(f" {kind}")]
    if not names or any(name not in there or here[name].shape != there[name].shape for name in names):
        return float("inf")
    return max(float(np.abs(here[name] - there[name]).max()) for name in names)


def best_reading(readings: str) -> str:
    """The words of the first row under the heading of `lattice show`."""
    rows = readings.splitlines()[2:3]
    return rows[0].split(maxsplit=2)[2] if rows else ""


def _words(here: str, there: str) -> Iterator[str]:
    one, other = texts(here), texts(there)
    if len(one) != len(other):
        yield f"transcribe: {len(other)} results instead of {len(one)}"
    for wanted, found in zip(one, other, strict=False):
        if wanted != found:
            yield f"transcribe: {found!r} instead of {wanted!r}"


def _wakes(here: str, there: str) -> Iterator[str]:
    for wanted, found in zip(here.splitlines(), there.splitlines(), strict=True):
        one, other = json.loads(wanted)["detections"], json.loads(found)["detections"]
        near = len(one) == len(other) and all(
            abs(a["score"] - b["score"]) <= WAKE_TOLERANCE and a["end_s"] == b["end_s"]
            for a, b in zip(one, other, strict=True)
        )
        if not near:
            yield f"wake: {other} instead of {one}"
