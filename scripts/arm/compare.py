"""What both machines found, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEATURE_TOLERANCE, ENCODER_TOLERANCE = 1e-3, 2e-2
"""How far features (nats) and the encoder's outputs may be apart: another order of rounding, which int8
activations amplify, and nothing more."""

WAKE_TOLERANCE = 0.02
"""How far the wake word's scores, 0 to 1, may be apart."""


@dataclass(frozen=True)
class Found:
    """What one machine made of the sounds.

    Attributes:
        transcribed: the lines of `transcribe --json`.
        woken: the lines of `wake --json`.
        readings: what `lattice show` prints.
        numbers: what `scripts.arm.probe` writes.
    """

    transcribed: str
    woken: str
    readings: str
    numbers: Mapping[str, NDArray[np.float32]]


def faults(here: Found, there: Found) -> Iterator[str]:
    """Everything in which they differ, a line each."""
    yield from _words(here.transcribed, there.transcribed)
    yield from _wakes(here.woken, there.woken)
    if best_reading(here.readings) != best_reading(there.readings):
        yield f"lattice: {best_reading(there.readings)!r} instead of {best_reading(here.readings)!r}"
    for kind, limit in (("features", FEATURE_TOLERANCE), ("encoder", ENCODER_TOLERANCE)):
        apart = largest_difference(here.numbers, there.numbers, kind)
        if not apart <= limit:
            yield f"{kind}: {apart:.2g} apart, more than {limit:g}"


def texts(transcribed: str) -> list[str]:
    """The best reading of each line of `transcribe --json`."""
    return [json.loads(line)["text"] for line in transcribed.splitlines()]


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
