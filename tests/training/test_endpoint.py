"""The end-of-speech training: its scenes say what they show, and the export computes what PyTorch does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scripts.training.wake.probe import probe_frames

torch = pytest.importorskip("torch")
pytest.importorskip("flatbuffers")


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """Two clips of a hum between silences, by a speaker who may be trained on and one who may not."""
    rng = np.random.default_rng(0)
    for name in ("speech", "noise"):
        folder = tmp_path / name
        folder.mkdir()
        clip = rng.normal(-12.0, 0.3, (300, 64))
        clip[60:140] += 8.0
        clip[170:240] += 8.0
        np.concatenate([clip] * 2 if name == "speech" else [clip] * 8).astype(np.float16).tofile(
            folder / "rows.f16"
        )
        rows = [
            {"audio": f"{n}", "first": 300 * n, "frames": 300, "text": "", "speaker": f"so-{n + 4:04d}"}
            for n in range(2)
        ]
        (folder / "index.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_speakers_kept_for_judging_are_not_trained_on(stores: Path) -> None:
    from scripts.training.endpoint.scenes import Clips

    assert len(Clips([stores / "speech"])) == 1  # so-0004; so-0005 is kept
    assert len(Clips([stores / "speech"], held_out=True)) == 1


def test_in_every_scene_the_end_comes_after_the_last_voice(stores: Path) -> None:
    from scripts.training.asr.features import open_store
    from scripts.training.endpoint.scenes import SCENE_FRAMES, Clips, Stage

    clips = Clips([stores / "speech"])
    stage = Stage([(clips, 1.0)], clips, open_store(stores / "noise")[0], np.random.default_rng(3))
    for _ in range(30):
        scene = stage.scene()
        assert scene.frames.shape == (SCENE_FRAMES, 64) and np.isfinite(scene.frames).all()
        assert scene.voice.any() and scene.ended.any()
        assert not (scene.voice & scene.ended)[np.argmax(scene.ended) + 1 :].any()
        assert (np.diff(scene.ended.astype(int)) >= 0).all(), "an end is for good"


def test_the_exported_network_computes_what_pytorch_does(tmp_path: Path) -> None:
    from alexa_local.models import Model
    from alexa_local.recognise.end_of_speech import NETWORK_FILE, EndOfSpeech
    from scripts.training.endpoint.export import export
    from scripts.training.endpoint.network import EndNetwork

    torch.manual_seed(0)
    network = EndNetwork().eval()
    network.mean.data -= 8
    network.scale.data *= 0.3
    export(network, tmp_path / NETWORK_FILE, kind="float32")
    ear = EndOfSpeech(Model("end-of-speech", tmp_path, {"files": {NETWORK_FILE: {}}}))
    with torch.no_grad():
        expected = torch.sigmoid(network(torch.from_numpy(probe_frames())[None]))[0].numpy()
    for step, (voice, ended) in enumerate(expected):
        ear.push(probe_frames()[4 * step : 4 * step + 4])
        assert (ear.voice, ear.ended) == pytest.approx((voice, ended), abs=1e-5)
