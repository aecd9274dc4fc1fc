"""Voices as vectors: the same however the sound is cut, on every runtime, and nothing for silence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from alexa_local.errors import ModelError
from alexa_local.frontend import log_mel
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.models import models_folder, open_model
from alexa_local.speaker import SpeakerEmbedder
from alexa_local.speaker.embedding import LEAST_LEVEL, levelled
from alexa_local.tflite.network import VARIABLE, installed_runtimes
from scripts.training.wake.probe import probe_frames

shipped = pytest.mark.skipif(
    not (models_folder() / "speaker").exists(), reason="no speaker model has been trained yet"
)


@pytest.fixture(scope="module")
def embedder() -> SpeakerEmbedder:
    return SpeakerEmbedder(open_model("speaker"))


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """The cosine of two embeddings."""
    return float(one @ other)


def voice(embedder: SpeakerEmbedder, frames: np.ndarray, chunk: int = 10_000) -> np.ndarray:
    embedder.reset()
    for first in range(0, len(frames), chunk):
        embedder.push(frames[first : first + chunk])
    found = embedder.embedding()
    assert found is not None
    return found


@shipped
@pytest.mark.parametrize("chunk", [1, 7, 20, 93])
def test_however_the_sound_is_cut_the_voice_is_the_same(embedder: SpeakerEmbedder, chunk: int) -> None:
    frames = probe_frames(233)
    whole = voice(embedder, frames)
    speech_s = embedder.speech_s
    assert similarity(voice(embedder, frames, chunk), whole) > 0.999
    assert embedder.speech_s == pytest.approx(speech_s, rel=0.01)


@shipped
def test_asking_before_the_end_changes_nothing_at_the_end(embedder: SpeakerEmbedder) -> None:
    frames = probe_frames(233)
    whole = voice(embedder, frames)
    embedder.reset()
    embedder.push(frames[:111])
    assert embedder.embedding() is not None
    embedder.push(frames[111:])
    found = embedder.embedding()
    assert found is not None
    np.testing.assert_allclose(found, whole, atol=0.02)


@shipped
@pytest.mark.parametrize("runtime", installed_runtimes())
def test_every_runtime_gives_the_vector_of_the_manifest(
    runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, runtime)
    model = open_model("speaker")
    found = voice(SpeakerEmbedder(model), probe_frames())
    assert np.linalg.norm(found) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(found, model.info["parity"]["embedding"], atol=0.01)


@shipped
@pytest.mark.parametrize("frames", [np.zeros((0, 64)), np.full((500, 64), LOG_FLOOR), probe_frames(20)])
def test_without_enough_speech_there_is_no_vector(embedder: SpeakerEmbedder, frames: np.ndarray) -> None:
    embedder.reset()
    embedder.push(frames.astype(np.float32))
    assert embedder.embedding() is None and embedder.speech_s < 0.3


@shipped
@pytest.mark.parametrize("samples", [np.zeros(100, np.int16), np.zeros(32_000, np.int16)])
def test_a_recording_of_nothing_has_no_voice(embedder: SpeakerEmbedder, samples: np.ndarray) -> None:
    assert embedder.embed(samples) is None


@shipped
def test_the_loudest_noise_gives_finite_numbers_or_none(embedder: SpeakerEmbedder) -> None:
    noise = np.random.default_rng(0).choice([-32768, 32767], 48_000).astype(np.int16)
    found = embedder.embed(noise)
    assert found is None or np.isfinite(found).all()


@shipped
def test_louder_or_quieter_is_the_same_voice(embedder: SpeakerEmbedder) -> None:
    frames = probe_frames()
    assert similarity(voice(embedder, frames), voice(embedder, frames - 2.0)) > 0.98


@shipped
def test_probability_rises_with_the_score_and_more_speech_is_surer(embedder: SpeakerEmbedder) -> None:
    scores = [embedder.probability(score, 2.0) for score in (-1.0, 0.0, 1.0, 2.0, 3.0, 6.0)]
    assert scores == sorted(scores) and scores[0] < 0.05 and scores[-1] > 0.95
    assert embedder.probability(5.0, 4.0) > embedder.probability(5.0, 0.4)
    assert 0.5 < embedder.known_probability < embedder.sure_probability < 1.0


@shipped
def test_scores_are_symmetric_and_highest_for_the_same_voice(embedder: SpeakerEmbedder) -> None:
    one, other = voice(embedder, probe_frames()), voice(embedder, probe_frames()[:, ::-1])
    both = np.stack([one, other])
    scores = embedder.scores(both, both)
    assert scores.shape == (2, 2) and scores[0, 1] == pytest.approx(scores[1, 0], abs=1e-4)
    assert scores[0, 1] < min(scores[0, 0], scores[1, 1])


@shipped
def test_the_model_is_as_small_as_promised() -> None:
    assert sum(entry["bytes"] for entry in open_model("speaker").info["files"].values()) <= 1_500_000


def test_the_level_follows_the_loudest_and_falls_slowly() -> None:
    frames = log_mel((1000 * np.random.default_rng(0).normal(size=16_000)).astype(np.int16))
    found, level = levelled(frames, LEAST_LEVEL)
    louder, higher = levelled(frames + 3.0, LEAST_LEVEL)
    np.testing.assert_allclose(found, louder, atol=1e-4)
    assert higher == pytest.approx(level + 3.0, abs=1e-4)
    _, after = levelled(np.full((100, 64), LOG_FLOOR, np.float32), level)
    assert level - after == pytest.approx(0.69, abs=0.02)
    assert levelled(frames[:0], 1.5)[1] == 1.5


def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "speaker"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"files": {}}))
    with pytest.raises(ModelError):
        SpeakerEmbedder(open_model("speaker", tmp_path))
