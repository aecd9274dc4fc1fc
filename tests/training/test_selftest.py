"""The self-test that is put into a recogniser's folder: small, always the same, and passed by its maker."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is for training only")

from alexa_local.updates.selftest import try_model
from scripts.training import selftest

SHIPPED = Path(__file__).resolve().parents[2] / "firmware_models" / "asr-en"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped recogniser, without a self-test."""
    copy = shutil.copytree(SHIPPED, tmp_path / "asr-en")
    about = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    about.pop("selftest", None)
    about["files"].pop(selftest.FILE, None)
    (copy / selftest.FILE).unlink(missing_ok=True)
    (copy / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
    return copy


@pytest.mark.skipif(shutil.which("flite") is None, reason="the Debian package flite is missing")
def test_a_recogniser_passes_the_self_test_that_was_written_for_it_and_keeps_its_sentence(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    selftest.write_selftest(folder)
    try_model(folder)
    written = (folder / selftest.FILE).read_bytes()
    assert len(written) < 60_000
    about = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert about["selftest"] == {"file": selftest.FILE} and selftest.FILE in about["files"]
    monkeypatch.setattr(selftest, "speak", None)  # it has a sentence that is understood
    selftest.write_selftest(folder)
    assert (folder / selftest.FILE).read_bytes() == written


def test_what_networks_are_given_is_the_same_everywhere_and_in_range() -> None:
    pieces = selftest.known_input("pieces", (128,))
    assert pieces.dtype == np.int32 and pieces.min() > 0 and pieces.max() <= 16
    states = selftest.known_input("h0", (1, 384))
    assert states.dtype == np.float16 and states.shape == (1, 384) and np.abs(states).max() <= 1
    frames = selftest.known_input("frames", (8, 64)).astype(np.float32)
    assert frames.shape == (8, 64) and -12 < frames.min() < frames.max() < 0
