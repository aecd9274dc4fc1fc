from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from alexa_local.tflite.network import Network, installed_runtimes, load
from alexa_local.tflite.writer import Graph


@pytest.fixture(params=installed_runtimes())
def runtime(request: pytest.FixtureRequest) -> str:
    """Each TFLite runtime in turn that is installed here and runs with this numpy."""
    return str(request.param)


@pytest.fixture
def loaded(tmp_path: Path, runtime: str) -> Callable[[Graph], Network]:
    """Writes a graph to a file and loads it into the runtime under test."""

    def write_and_load(graph: Graph) -> Network:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.tflite"
        graph.save(path)
        return load(path, runtime=runtime)

    return write_and_load
