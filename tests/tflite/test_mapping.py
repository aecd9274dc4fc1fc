"""Weights stay in the file: mapped, read when they are needed, and never copied into memory of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from alexa_local.tflite import load
from alexa_local.tflite.writer import Graph

SMAPS = Path("/proc/self/smaps")
ROWS, WIDTH = 4096, 256
pytestmark = pytest.mark.skipif(not SMAPS.exists(), reason="this kernel does not tell what is mapped")


def wide_graph() -> Graph:
    """Four megabytes of weights."""
    graph = Graph()
    rows = graph.constant(np.random.default_rng(1).normal(size=(ROWS, WIDTH)))
    graph.output("row", graph.gather(rows, graph.input("index", (1,), "int32")))
    return graph


def mappings(path: Path) -> Iterator[dict[str, int]]:
    """Sizes in kB of each mapping of a file in this process."""
    for part in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", SMAPS.read_text()):
        if str(path) in part.partition("\n")[0]:
            yield {name: int(size) for name, size in re.findall(r"(?m)^(\w+): +(\d+) kB", part)}


def test_weights_are_the_file_s_own_pages(tmp_path: Path, runtime: str) -> None:
    path = tmp_path / "wide.tflite"
    wide_graph().save(path)
    network = load(path, runtime=runtime)
    assert network.run(index=np.array([ROWS // 2], np.int32))["row"].shape == (1, WIDTH)
    (one,) = mappings(path)
    assert one["Size"] * 1024 >= path.stat().st_size
    assert one["Anonymous"] == 0


def anonymous_kb() -> int:
    return int(re.findall(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())[0])


def test_a_network_more_of_the_same_file_costs_no_memory_for_its_weights(
    tmp_path: Path, runtime: str
) -> None:
    path = tmp_path / "wide.tflite"
    wide_graph().save(path)
    first = load(path, runtime=runtime)  # what it takes to load one for the first time
    before_kb = anonymous_kb()
    more = [load(path, runtime=runtime) for _ in range(8)]
    assert anonymous_kb() - before_kb < 4 * path.stat().st_size / 1024
    assert len(more) == 8 and first
