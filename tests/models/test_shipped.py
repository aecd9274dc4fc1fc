"""The models in the checkout: whole, and loadable by every runtime that is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from alexa_local.models import open_model
from alexa_local.tflite import load
from alexa_local.tflite.network import installed_runtimes

FOLDER = Path(__file__).resolve().parents[2] / "firmware_models"
NAMES = sorted(path.parent.name for path in FOLDER.glob("*/manifest.json"))


@pytest.mark.skipif(not NAMES, reason="no model has been trained yet")
@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_model_is_whole_and_loads(name: str, runtime: str) -> None:
    model = open_model(name, FOLDER)
    assert (model.folder / "CARD.md").is_file()
    for file in model.info["files"]:
        if file.endswith(".tflite"):
            assert load(model.path(file), runtime=runtime).outputs
