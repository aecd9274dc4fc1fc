"""A folder with a small model of random weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from alexa_local.testing.language_model import write_small_model


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    return write_small_model(tmp_path / "small")
