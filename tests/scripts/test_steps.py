"""The benchmark of single steps, on tiny networks."""

import json
from pathlib import Path

import numpy as np
import pytest

from alexa_local.tflite import layers
from alexa_local.tflite.network import installed_runtimes
from alexa_local.tflite.writer import Graph
from scripts.benchmarks import steps

pytest.importorskip("flatbuffers", reason="writing models needs flatbuffers")


def tiny(path: Path, columns: int) -> Path:
    graph = Graph()
    x = graph.input("x", (1, columns))
    graph.output("y", layers.linear(graph, x, np.ones((4, columns), np.float32)))
    graph.save(path)
    return path


def test_every_file_is_measured_on_every_runtime(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "SWEEP_BYTES", 4096)
    files = [tiny(tmp_path / "small.tflite", 16), tiny(tmp_path / "large.tflite", 512)]
    assert steps.main([*map(str, files), "--rounds", "3", "--json"]) == 0
    costs = json.loads(capsys.readouterr().out)
    assert [(c["runtime"], c["file"]) for c in costs] == [
        (runtime, str(file)) for runtime in installed_runtimes() for file in files
    ]
    assert costs[0]["bytes"] < costs[1]["bytes"]
    assert [cost["multiply_adds"] for cost in costs[:2]] == [4 * 16, 4 * 512]
    assert all(cost["warm_us"] > 0 for cost in costs)
