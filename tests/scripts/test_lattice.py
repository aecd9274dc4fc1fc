"""What `scripts/evaluate lattice` says of lattices."""

from pathlib import Path

import numpy as np
import pytest

from alexa_local.messages import Hypothesis
from alexa_local.recognise.lattice_wire import to_bytes
from scripts.evaluation import lattice
from scripts.evaluation.manifest import Row
from tests.recognise.test_lattice_files import SMALL


def test_best_and_luckiest_readings_and_sizes_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lattice, "encoded_bytes", lambda samples: len(samples) / 10)
    clips = [
        (Row(name, Path(name), labels), np.zeros(32_000, np.int16))
        for name, labels in [("a", {"text": "Call mum!"}), ("b", {"text": "call tom"}), ("c", {})]
    ]
    rows: list[dict] = []
    found = lattice.measure(clips, lambda _: ([Hypothesis("call tim", -1.0)], SMALL), rows.append)
    size = len(to_bytes(SMALL))
    assert found.summary() == {
        "clips": 3,
        "wer": 50.0,
        "oracle_wer": 25.0,  # mum is in the lattice, tom is not
        "bytes_median": size,
        "opus_ratio": round(3200 / size, 1),
    }
    assert [row.get("oracle_edits") for row in rows] == [0, 1, None]
    assert (found.without_text, found.not_encoded) == (1, 0)


def test_no_clips_are_no_reason_to_fail() -> None:
    assert lattice.measure([], lambda _: ([], SMALL), lambda row: None).summary()["clips"] == 0


def test_where_opus_cannot_be_made_its_nominal_rate_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lattice, "encoded_bytes", lambda samples: None)
    clip = Row("a", Path("a"), {}), np.zeros(32_000, np.int16)
    found = lattice.measure([clip], lambda _: ([Hypothesis("", 0.0)], SMALL), lambda row: None)
    assert found.summary()["opus_ratio"] == round(6000 / len(to_bytes(SMALL)), 1)
    assert "reckoned: 1" in "\n".join(found.lines())
