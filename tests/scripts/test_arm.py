"""scripts/test-arm: what counts as the same on another machine."""

import json
from dataclasses import replace

import numpy as np
import pytest

from scripts.arm.compare import Found, faults

READINGS = "9 nodes, 9 arcs, 1.00 s\n     score  probability  reading\n    10.801        0.969  turn it on\n"
HERE = Found(
    transcribed=json.dumps({"text": "turn it on"}),
    woken=json.dumps({"detections": [{"start_s": 0.1, "end_s": 0.9, "score": 0.81}]}),
    readings=READINGS,
    numbers={"0 features": np.zeros((3, 64), np.float32), "0 encoder": np.full((1, 4), 12.7, np.float32)},
    runtime="litert",
)


def test_the_same_is_the_same() -> None:
    assert list(faults(HERE, HERE)) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"transcribed": json.dumps({"text": "turn it off"})}, "transcribe"),
        ({"transcribed": ""}, "transcribe"),
        ({"woken": json.dumps({"detections": []})}, "wake"),
        ({"woken": HERE.woken.replace("0.81", "0.7")}, "wake"),
        ({"readings": READINGS.replace("on\n", "off\n")}, "lattice"),
        ({"numbers": {**HERE.numbers, "0 encoder": np.full((1, 4), 12.9, np.float32)}}, "encoder"),
        ({"numbers": {**HERE.numbers, "0 features": np.full((3, 64), np.nan, np.float32)}}, "features"),
        ({"numbers": {"0 encoder": HERE.numbers["0 encoder"]}}, "features"),
    ],
)
def test_whatever_differs_is_told(change: dict, kind: str) -> None:
    assert [fault.split(":")[0] for fault in faults(HERE, replace(HERE, **change))] == [kind]


def test_rounding_is_no_difference() -> None:
    near = {**HERE.numbers, "0 encoder": np.full((1, 4), 12.65, np.float32)}
    woken = HERE.woken.replace("0.81", "0.815")
    assert list(faults(HERE, replace(HERE, numbers=near, woken=woken))) == []
