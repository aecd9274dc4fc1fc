"""The end-of-speech model: the same however it is fed, awake to voices and patient with silence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from alexa_local.errors import ModelError
from alexa_local.frontend import log_mel
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.models import models_folder, open_model
from alexa_local.recognise import EndOfSpeech
from scripts.training.wake.probe import probe_frames

pytestmark = pytest.mark.skipif(
    not (models_folder() / "end-of-speech").exists(), reason="no end-of-speech model has been trained yet"
)


@pytest.fixture(scope="module")
def ear() -> EndOfSpeech:
    return EndOfSpeech(open_model("end-of-speech"))


def trace(ear: EndOfSpeech, frames: np.ndarray, chunk: int) -> list[tuple[float, float, float]]:
    ear.reset()
    found = []
    for first in range(0, len(frames), chunk):
        ear.push(frames[first : first + chunk])
        found.append((ear.voice, ear.ended, ear.quiet_s))
    return found


@pytest.mark.parametrize("chunk", [1, 3, 60])
def test_two_chunkings_give_the_same_probabilities(ear: EndOfSpeech, chunk: int) -> None:
    frames = probe_frames(240)
    assert trace(ear, frames, chunk)[-1] == trace(ear, frames, 240)[-1]


def test_quiet_is_counted_in_seconds_from_the_last_voice(ear: EndOfSpeech) -> None:
    silence = np.full((100, 64), LOG_FLOOR, np.float32)
    (_, _, quiet_s), *_ = trace(ear, silence, 100)
    assert quiet_s == pytest.approx(1.0)
    ear.reset()
    assert (ear.voice, ear.ended, ear.quiet_s) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("level", [1, 30, 1000])
def test_steady_noise_alone_is_no_voice(ear: EndOfSpeech, level: int) -> None:
    noise = np.random.default_rng(0).normal(0, level, 4 * 16_000).astype(np.int16)
    voices = [voice for voice, _, _ in trace(ear, log_mel(noise), 4)[25:]]
    assert np.mean(np.array(voices) > 0.5) < 0.05


@pytest.mark.parametrize("samples", [np.zeros(16_000, np.int16), np.full(16_000, 32_767, np.int16)])
def test_extremes_give_probabilities(ear: EndOfSpeech, samples: np.ndarray) -> None:
    for voice, ended, _ in trace(ear, log_mel(samples), 4):
        assert 0 <= voice <= 1 and 0 <= ended <= 1


def test_it_is_as_small_as_promised() -> None:
    model = open_model("end-of-speech")
    assert sum(entry["bytes"] for entry in model.info["files"].values()) <= 50_000


def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "end-of-speech"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"files": {}}))
    with pytest.raises(ModelError):
        EndOfSpeech(open_model("end-of-speech", tmp_path))
