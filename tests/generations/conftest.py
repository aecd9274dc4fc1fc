"""Two generations of a small model of the writer's own: dense, sparse and float weights, and a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from alexa_local.generations.signing_key import SigningKey
from alexa_local.testing.generations import Published, make_generation, write_model_folder
from tests.generations.small import network

KEY = SigningKey.new()


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path, Published]:
    """The folders of generations 1 and 2, and the second one's packages."""
    table = np.random.default_rng(3).bytes(5000)
    old = write_model_folder(tmp_path / "1" / "small", {"net.tflite": network(), "table.npz": table})
    new_files = {
        "net.tflite": network(moved=0.1, float_moved=0.5),
        "table.npz": table[:2000] + b"new" + table[2000:],
    }
    new = write_model_folder(tmp_path / "2" / "small", new_files, 2)
    return old, new, make_generation("small", new, KEY, tmp_path / "packages", old)
