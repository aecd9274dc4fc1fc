"""The speaker training: who teaches, what a batch holds, and that the export computes what PyTorch does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alexa_local.models import Model
from alexa_local.speaker import SpeakerEmbedder
from alexa_local.speaker.embedding import (
    CHUNK_FRAMES,
    FRAMES_FILE,
    LEAST_LEVEL,
    STRANGERS_FILE,
    VOICE_FILE,
    levelled,
)
from alexa_local.tflite import load, reference
from alexa_local.tflite.network import installed_runtimes
from scripts.evaluation.speaker import cosines
from scripts.training.wake.probe import probe_frames

pytest.importorskip("torch", reason="PyTorch is for training only")
pytest.importorskip("scipy", reason="SciPy is for training only")

import torch

from scripts.training.speaker import calibrate
from scripts.training.speaker.augment import Augmenter, Strength, with_dynamics
from scripts.training.speaker.batches import Batches
from scripts.training.speaker.corpus import labelled_clips
from scripts.training.speaker.export import export, folded
from scripts.training.speaker.judge import Heard, enrolled
from scripts.training.speaker.loss import SpeakerLoss
from scripts.training.speaker.network import VoiceNetwork
from scripts.training.speaker.network import levelled as levelled_in_torch
from scripts.training.speaker.sessions import Sessions
from scripts.training.speaker.store import Piece, Store, is_speech
from scripts.training.speaker.voices import strangers

CALIBRATION = {"slope": [9.0, 1.0], "offset": [-4.0, 0.0], "known_probability": 0.5, "sure_probability": 0.9}


@pytest.fixture(scope="module")
def network() -> Any:
    """A small network that has seen a few frames, so that its normalisations are not trivial."""
    torch.manual_seed(0)
    made = VoiceNetwork(narrow=32, width=48, wide=64, attention=16, size=32)
    made.mean.data -= 4.0
    made.scale.data *= 0.4
    for _ in range(20):
        made(torch.randn(4, 80, 64) * 2 - 6)
    return made.eval()


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """The cosine of two vectors."""
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def exported(network: Any, folder: Path, kind: Any = "int8") -> SpeakerEmbedder:
    export(network, folder, kind)
    np.savez(folder / STRANGERS_FILE, mean=np.zeros(32, np.float32), covariance=np.eye(32, dtype=np.float32))
    files: dict[str, Any] = {FRAMES_FILE: {}, VOICE_FILE: {}, STRANGERS_FILE: {}}
    return SpeakerEmbedder(Model("speaker", folder, {"files": files, "calibration": CALIBRATION}))


@pytest.mark.parametrize(("kind", "least"), [("float32", 0.99999), ("int8", 0.99)])
def test_the_exported_networks_compute_what_pytorch_does(
    network: Any, tmp_path: Path, kind: str, least: float
) -> None:
    embedder = exported(network, tmp_path, kind)
    frames = probe_frames()[:228]
    embedder.push(frames)
    with torch.no_grad():
        wanted, voice = network(torch.from_numpy(frames)[None])
    found = embedder.embedding()
    assert found is not None and similarity(found, wanted[0].numpy()) > least
    assert embedder.speech_s == pytest.approx(0.04 * float(torch.sigmoid(voice).sum()), rel=0.05)


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_int8_is_the_same_on_every_runtime_as_in_numpy(network: Any, tmp_path: Path, runtime: str) -> None:
    """The first chunk of a stream, whose past is zeros, through all layers."""
    exported(network, tmp_path)
    first = load(tmp_path / FRAMES_FILE, runtime=runtime)
    chunk, _ = levelled(probe_frames()[:CHUNK_FRAMES], LEAST_LEVEL)
    past = {name: np.zeros(shape, np.float32) for name, shape in first.inputs.items() if "past" in name}
    found = first.run(frames=chunk, counts=np.ones((5, 1), np.float32), **past)
    wanted = sums_in_numpy(network, chunk)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=2e-3, atol=2e-3)
    pooled = np.linspace(-1, 2, 128, dtype=np.float32)[None]
    vector = load(tmp_path / VOICE_FILE, runtime=runtime).run(pooled=pooled)["vector"]
    with torch.no_grad():
        exact = network.embed_norm(network.embed(network.norm(torch.from_numpy(pooled)))).numpy()
    assert similarity(vector[0], exact[0]) > 0.999


def sums_in_numpy(network: Any, chunk: np.ndarray) -> dict[str, np.ndarray]:
    """What speaker.tflite gives for a stream's first chunk (20, 64), by the oracle of int8 layers."""

    def array(values: Any) -> np.ndarray:
        return values.detach().numpy()

    def past(x: np.ndarray, layer: Any) -> np.ndarray:
        (stride,), (dilation,), (width,) = layer.conv.stride, layer.conv.dilation, layer.conv.kernel_size
        x = np.concatenate([np.zeros((layer.left, x.shape[1]), np.float32), x])
        rows = [x[at : at + (width - 1) * dilation + 1 : dilation].ravel() for at in range(0, len(x), stride)]
        rows = [row for row in rows if len(row) == width * x.shape[1]]
        return np.maximum(0, reference.linear(np.stack(rows), *folded(layer), "int8"))

    def linear(x: np.ndarray, layer: Any) -> np.ndarray:
        return reference.linear(x, array(layer.weight), array(layer.bias), "int8")

    x = (chunk - array(network.mean)) * array(network.scale)
    x = past(past(x, network.first), network.second)
    for block in network.blocks:
        x = x + past(x, block)
    voice = 1 / (1 + np.exp(-linear(x, network.voice)))
    h = past(x, network.wide)
    weight = voice / (1 + np.exp(-linear(np.tanh(linear(h, network.look)), network.attend)))
    sums = {"weight": weight, "weighted": weight * h, "squared": weight * h * h}
    return {"voice": voice, **{name: values.sum(0, keepdims=True) for name, values in sums.items()}}


def test_the_running_level_is_the_same_in_training_and_on_the_device() -> None:
    frames = probe_frames()
    wanted = levelled_in_torch(torch.from_numpy(frames)[None])[0].numpy()
    np.testing.assert_allclose(levelled(frames, LEAST_LEVEL)[0], wanted, atol=1e-4)


def data_folder(tmp_path: Path) -> Path:
    """Manifests alone: readers with many clips, some of dev-clean, and people with words."""
    rows = {
        "librispeech": [
            ("ls-", 5, 60, "LibriSpeech train-clean-5"),
            ("dev-", 2, 60, "LibriSpeech dev-clean"),
        ],
        "speechocean": [("so-", 25, 12, "speechocean762")],
        "speech_commands": [("gsc-", 50, 9, "Google Speech Commands")],
    }
    for folder in (*rows, "common_voice", "common_voice_extra", "ljspeech", "kathleen"):
        lines = [
            json.dumps({"audio": f"{folder}/{who}{n}-{clip}.opus", "speaker": f"{who}{n}", "source": source})
            for who, speakers, clips, source in rows.get(folder, [])
            for n in range(speakers)
            for clip in range(clips)
        ]
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "manifest.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def test_nobody_who_judges_also_teaches(tmp_path: Path) -> None:
    clips = labelled_clips(data_folder(tmp_path))
    splits: dict[str, set[str]] = {}
    for clip in clips:
        splits.setdefault(clip.split, set()).add(clip.speaker)
    assert splits["dev"] == {"dev-0", "dev-1"}
    assert len(splits["validation"]) == 3 + 20 + 40
    assert not splits["train"] & (splits["dev"] | splits["validation"])


def small_store() -> Store:
    """Three speakers of two groups, short and long clips of a hum."""
    rng = np.random.default_rng(0)
    rows = rng.normal(-9.0, 0.5, (900, 64)).astype(np.float16)
    rows[::3] += 6
    speech = np.arange(900) % 100 < 70
    pieces = [
        Piece(f"{n}", who, group, split, 100 * n, frames)
        for n, (who, group, split, frames) in enumerate(
            [
                ("a", "librispeech", "train", 100),
                ("a", "librispeech", "train", 100),
                ("b", "librispeech", "train", 100),
                ("c", "speech_commands", "train", 50),
                ("d", "speech_commands", "train", 50),
                ("kept", "librispeech", "validation", 100),
            ]
        )
    ]
    return Store(rows, speech, pieces)


def test_a_batch_holds_two_crops_of_each_speaker_and_nobody_who_is_kept_out() -> None:
    batches = Batches(small_store(), small_store().rows, np.random.default_rng(1))
    assert batches.names == ["a", "b", "c", "d"]
    batch = batches.draw(4, 80)
    assert batch.frames.shape == (2 * len(batch.speakers), 80, 64)
    assert batch.voice.shape == (2 * len(batch.speakers), 20)
    assert torch.isfinite(batch.frames).all() and 0.4 < float(batch.voice.mean()) < 0.9


def test_speech_is_what_rises_out_of_the_quiet() -> None:
    rows = np.full((200, 64), -12.0, np.float32)
    rows[80:140] = -2.0
    found = is_speech(rows)
    assert found[85:135].all() and not found[:70].any() and not found[150:].any()


def test_strangers_are_those_who_teach(network: Any) -> None:
    mean, covariance = strangers(network, small_store(), np.random.default_rng(0))
    assert mean.shape == (32,) and covariance.shape == (32, 32)
    assert np.linalg.norm(mean) <= 1 and (np.linalg.eigvalsh(covariance) > -1e-6).all()


def test_the_loss_falls_when_a_speaker_s_vectors_are_at_their_centre() -> None:
    torch.manual_seed(0)
    loss = SpeakerLoss(["one", "one", "two"], 8)
    loss.margin = 0.2
    speakers = torch.tensor([0, 1, 2])
    right = loss.centres.detach()[torch.tensor([0, 1, 2, 0, 1, 2])]
    wrong = loss.centres.detach()[torch.tensor([1, 0, 2, 1, 0, 2])]
    assert loss(right, speakers)[0] < loss(wrong, speakers)[0]
    assert float(loss(right, speakers)[1]) == 1.0


def heard(spread: float) -> Heard:
    """Twelve people, nine clips each, around directions of their own."""
    rng = np.random.default_rng(5)
    found = Heard(cosines)
    for person in range(12):
        own = rng.normal(size=24)
        for clip in range(9):
            vector = own + spread * rng.normal(size=24)
            found.audio.append(f"{person}-{clip}")
            found.speakers.append(f"p{person:02}")
            found.embeddings.append((vector / np.linalg.norm(vector)).astype(np.float32))
            found.speech_s.append(1.0 + clip / 4)
    return found


def test_trials_leave_out_the_clips_of_the_enrolment() -> None:
    trials = enrolled(heard(0.5), heard(0.5))
    assert trials.scores.shape == (12 * 4, 12) and trials.others.shape == (48, 11)
    assert trials.own.mean() > 0.8 > 0.3 > trials.others.mean()


def test_calibrated_probabilities_tell_people_from_strangers_and_one_in_a_hundred_passes() -> None:
    trials = enrolled(heard(0.8), heard(0.8))
    found = calibrate.calibration([trials])
    fitted = np.array([*found["slope"], *found["offset"]])
    own = calibrate.probabilities(trials.own[:, None], trials.speech_s, fitted)
    others = calibrate.probabilities(trials.others, trials.speech_s, fitted)
    assert np.median(own) > 0.8 > 0.2 > np.median(others)
    assert 0.005 < np.mean(others >= found["known_probability"]) < 0.02
    assert found["sure_probability"] > found["known_probability"]


def test_the_two_crops_are_of_two_sessions_where_a_speaker_has_so_many() -> None:
    rows = np.full((200, 64), -6.0, np.float16)
    rows[100:] = -2.0
    speech = np.ones(200, np.bool_)
    pieces = [
        Piece(f"librispeech/1-{n}-0001.opus", "1", "librispeech", "train", 100 * n, 100) for n in range(2)
    ]
    batches = Batches(Store(rows, speech, pieces), rows, np.random.default_rng(1))
    quiet = Augmenter(rows, rows, np.random.default_rng(1), Strength(untouched=1.0))
    batches._augment = quiet
    means = [sorted(batches.draw(1, 80).frames.mean((1, 2)).tolist()) for _ in range(8)]
    assert means == [[-6.0, -2.0]] * 8


def test_a_compressor_lifts_what_is_quiet_and_a_gate_sinks_it_further() -> None:
    power = torch.ones(1, 100, 64)
    power[:, 50:] = 1e-3
    for factor, wanted in ((0.5, 1e-3**0.5), (1.5, 1e-3**1.5)):
        found = with_dynamics(power, np.random.default_rng(1), (factor, factor))
        assert float(found[0, 80, 0]) == pytest.approx(wanted, rel=1e-3)
        assert float(found[0, 20, 0]) == pytest.approx(1.0)


def test_every_clip_has_a_session_of_its_own_which_is_always_the_same() -> None:
    rng = np.random.default_rng(2)
    clip = np.round(4000 * rng.standard_normal(8_000)).astype(np.int16)
    room = np.array([1.0, 0.0, 0.4], np.float32)
    first, again = ([session(clip) for _ in range(8)] for session in (Sessions([room]), Sessions([room])))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == np.int16 and len(one) == len(clip) and np.abs(one).max() > 500
    assert len({one.tobytes() for one in first}) == 8


def test_chapters_of_a_reader_are_told_apart_from_each_other() -> None:
    """Two readers with two chapters each; the second chapter of both sounds like nobody."""
    found = Heard(cosines)
    rng = np.random.default_rng(6)
    own = np.eye(8, dtype=np.float32)
    for reader, chapter in ((0, 0), (0, 1), (1, 0), (1, 1)):
        for clip in range(3):
            vector = own[2 * reader + chapter] + 0.01 * rng.normal(size=8)
            found.audio.append(f"librispeech/{reader}-{chapter}-{clip}.opus")
            found.speakers.append(f"{reader}")
            found.embeddings.append((vector / np.linalg.norm(vector)).astype(np.float32))
            found.speech_s.append(2.0)
    rates = found.by_chapter()
    assert rates["within a chapter"] == 0.0 and rates["between chapters"] > 25.0
