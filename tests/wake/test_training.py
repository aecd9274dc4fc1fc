"""The training's rules, without recordings; what needs PyTorch is skipped where it is not installed."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from scripts.training.wake import corpus, render

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("folder", "row", "split"),
    [
        ("wake_words", {"audio": "wake_words/alexa-139.opus", "wake": True}, "train"),
        ("wake_words", {"audio": "wake_words/alexa-140.opus", "wake": True}, "validation"),
        ("wake_words", {"audio": "wake_words/alexa-159.opus", "wake": True}, "validation"),
        ("wake_words", {"audio": "wake_words/alexa-160.opus", "wake": True}, "dev"),
        ("wake_words", {"audio": "wake_words/alexa-199.opus", "wake": True}, "dev"),
        ("librispeech", {"audio": "librispeech/84-1.opus", "source": "LibriSpeech dev-clean (MP3)"}, "dev"),
        ("coffee_orders", {"audio": "coffee_orders/a.opus"}, "dev"),
        ("names_numbers_addresses", {"audio": "names_numbers_addresses/a.opus"}, "dev"),
        ("ljspeech", {"audio": "ljspeech/LJ001-0001.opus"}, "train"),
    ],
)
def test_dev_recordings_are_never_trained_on(folder: str, row: dict, split: str) -> None:
    assert corpus._split(folder, {"source": "", **row}) == split


def test_a_speaker_is_in_one_split_only() -> None:
    rows = [{"audio": f"librispeech/x-{n}.opus", "source": "train", "speaker": "ls-7"} for n in range(50)]
    assert len({corpus._split("librispeech", row) for row in rows}) == 1


def test_sentences_that_contain_the_word_are_not_taught_as_others(tmp_path: Path) -> None:
    texts = {
        "alexa": True,
        "alexa play jazz": None,
        "alexander": False,
        "alexis is here": False,
        "stop": None,
    }
    rows = [
        {"audio": f"s/{n}.flac", "text": text} | ({} if wake is None else {"wake": wake})
        for n, (text, wake) in enumerate(texts.items())
    ]
    shard = tmp_path / "s"
    shard.mkdir()
    (shard / "manifest.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert [clip.path.stem for clip in corpus.synthetic_clips([shard])] == ["0", "3", "4"]


def test_the_word_is_found_between_clicks_and_across_its_stop() -> None:
    rng = np.random.default_rng(0)
    samples = rng.integers(-3, 4, 48_000).astype(np.int16)
    samples[4_000:4_040] = 9_000  # a click
    samples[16_000:20_000] = rng.integers(-8_000, 8_000, 4_000)
    samples[22_400:27_200] = rng.integers(-5_000, 5_000, 4_800)
    start, end = render.locate_word(samples)
    assert abs(start - 16_000) < 800
    assert abs(end - 27_200) < 800


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_resampling_changes_duration_and_pitch_together(factor: float) -> None:
    tone = np.sin(np.arange(16_000) / 16_000 * 2 * np.pi * 500).astype(np.float32)
    faster = render.resample(tone, factor)
    assert len(faster) == round(16_000 / factor)
    peak_hz = np.argmax(np.abs(np.fft.rfft(faster))) * 16_000 / len(faster)
    assert abs(peak_hz - 500 * factor) < 3


def test_training_without_recordings_says_so(tmp_path: Path) -> None:
    command = [str(ROOT / "scripts/training/wake/run"), str(tmp_path), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 66
    assert "nothing to train on" in done.stderr


def test_the_exported_network_computes_what_pytorch_does(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("flatbuffers")
    pytest.importorskip("ai_edge_litert")
    from alexa_local.models import Model
    from alexa_local.wake import WakeWord
    from alexa_local.wake.detector import NETWORK_FILE
    from scripts.training.wake.export import export
    from scripts.training.wake.network import WakeNetwork, smoothed
    from scripts.training.wake.probe import probe_frames

    torch.manual_seed(0)
    network = WakeNetwork().eval()
    network.mean.data -= 8
    network.scale.data *= 0.3
    export(network, tmp_path / NETWORK_FILE, kind="float32")
    detector = WakeWord(Model("wake", tmp_path, {"threshold": 0.5, "files": {NETWORK_FILE: {}}}))
    with torch.no_grad():
        expected = smoothed(network(torch.from_numpy(probe_frames())[None])[0])[0].numpy()
    found = [step.logit for step in detector.trace(probe_frames())]
    assert np.allclose(found, expected, atol=1e-5)
