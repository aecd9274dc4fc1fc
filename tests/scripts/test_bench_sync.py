"""scripts/bench sync: the measure itself, in a size for every day."""

import json
import random

import numpy as np
import pytest

from alexa_local.recognise.lattice_wire import to_bytes
from alexa_local.testing.mosquitto import find_mosquitto
from alexa_local.testing.pipeline import lattice_of
from scripts.benchmarks import rerank, sync

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")

LATTICES = [to_bytes(lattice_of(text)) for text in ("stop", "turn on the light")]


def test_of_two_hundred_requests_none_is_lost_or_doubled_by_twenty_cuts() -> None:
    figures, spent = sync.run(LATTICES, 200, 20, random.Random(1), ahead=100)
    assert (figures.requests, figures.cuts) == (200, 20)
    assert (figures.lost, figures.doubled) == (0, 0)
    assert figures.bytes_per_request > 100 and spent.sent >= 200 and spent.repeated >= 100


def test_the_last_line_has_its_keys(monkeypatch, capsys) -> None:
    monkeypatch.setattr(rerank, "sounds", lambda *_: iter([("stop", np.zeros(16_000, np.int16))]))
    monkeypatch.setattr(rerank, "heard", lambda clips: [rerank.Heard(["stop"], "stop", LATTICES[0])])
    assert sync.main(["--requests", "6", "--cuts", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[-1]).keys() == {"requests", "cuts", "lost", "doubled", "bytes_per_request"}
    assert "Opus" in lines[1] and "3000 bytes" in lines[1]
