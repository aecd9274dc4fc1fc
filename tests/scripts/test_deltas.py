from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alexa_local.models import open_model
from alexa_local.testing.generations import write_model_folder
from scripts.benchmarks.deltas import least_bytes, main, move, next_generation
from tests.generations.small import network


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALEXA_LOCAL_MODELS", str(tmp_path))
    return write_model_folder(tmp_path / "small", {"net.tflite": network(), "other.bin": b"other"})


@pytest.mark.parametrize("run", [1, 16])
def test_about_the_share_moves_by_one_step(run: int) -> None:
    weights = np.random.default_rng(1).integers(-127, 128, 100_000).astype(np.int8)
    steps = move(weights, 0.1, run, np.random.default_rng(2)).astype(int) - weights
    assert set(np.unique(steps)) == {-1, 0, 1}
    assert 0.09 < np.mean(steps != 0) < 0.11


def test_the_next_generation_is_a_model_with_other_weights(model: Path, tmp_path: Path) -> None:
    weights = next_generation(model, tmp_path / "next", 0.5, 1)
    assert weights > 128 * 256
    new = open_model("next", tmp_path)
    assert new.path("net.tflite").read_bytes() != (model / "net.tflite").read_bytes()
    assert new.path("other.bin").read_bytes() == b"other"


def test_the_bound_is_the_entropy() -> None:
    assert least_bytes(8, 0.5, 1) == 1.5
    assert least_bytes(16, 0.5, 16) == 0.125 + 1


def test_the_table_has_a_row_for_each_share(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["small", "--shares", "0.1"]) == 0
    rows = capsys.readouterr().out.splitlines()[3:]
    assert len(rows) == 2 and all("| 10%" in row for row in rows)
    assert main(["none"]) == 66
