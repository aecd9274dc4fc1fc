"""The whisper training: whispers have no voice, vocoded voices have one, and the export computes the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scripts.training.wake.probe import probe_frames

torch = pytest.importorskip("torch")
pytest.importorskip("flatbuffers")

from scripts.training.whisper import vocoder  # noqa: E402
from scripts.training.whisper.recipes import Recipes  # noqa: E402


def vowel(pitch_hz: float = 130.0) -> np.ndarray:
    """Half a second of a vowel between silences, float32, as loud as int16."""
    swing = np.cumsum(np.full(8000, pitch_hz / 16_000)) % 1.0 < pitch_hz / 16_000
    sound = np.zeros(16_000)
    sound[4000:12_000] = swing
    for hz, width_hz in ((600, 80), (1200, 100), (2600, 150)):
        radius = np.exp(-np.pi * width_hz / 16_000)
        a, b = 2 * radius * np.cos(2 * np.pi * hz / 16_000), -(radius**2)
        out = np.zeros(len(sound) + 2)
        for at in range(len(sound)):
            out[at] = sound[at] + a * out[at - 1] + b * out[at - 2]
        sound = out[: len(sound)]
    noise = np.random.default_rng(0).normal(0, 1, len(sound))
    return (8000 * sound / np.abs(sound).max() + 3 * noise).astype(np.float32)


@pytest.mark.parametrize("kind", vocoder.ENVELOPES)
def test_taken_apart_and_put_together_it_is_the_same(kind: vocoder.Envelope) -> None:
    sound = vowel()
    apart = vocoder.analyse(sound, kind, 20)
    assert np.abs(vocoder.together(apart.spectra, len(sound)) - sound)[400:-400].max() < 20


@pytest.mark.parametrize("kind", vocoder.ENVELOPES)
@pytest.mark.parametrize("pitch_hz", [100.0, 240.0])
def test_the_voice_is_found_where_it_is_and_the_envelope_is_as_loud(
    kind: vocoder.Envelope, pitch_hz: float
) -> None:
    sound = vowel(pitch_hz)
    apart = vocoder.analyse(sound, kind, 24)
    assert apart.voicing[60:140].min() > 0.9
    assert apart.voicing[:40].max() < 0.3
    assert 16_000 / np.median(apart.period[60:140]) == pytest.approx(pitch_hz, rel=0.05)
    rng = np.random.default_rng(1)
    noise = vocoder.together(vocoder.noise(len(apart.envelope), rng) * np.exp(apart.envelope / 2), 16_000)
    assert 0.08 < np.square(noise).mean() / np.square(sound).mean() < 3


@pytest.mark.parametrize("kind", vocoder.ENVELOPES)
@pytest.mark.parametrize("seed", range(4))
def test_a_whisper_has_no_voice_and_a_vocoded_voice_has(kind: vocoder.Envelope, seed: int) -> None:
    recipes = Recipes(np.random.default_rng(seed), (kind,))
    apart = recipes.take_apart(vowel())
    voice, whisper = recipes.voice(apart), recipes.whisper(apart)
    assert (voice.envelope, whisper.envelope) == (kind, kind)
    assert len(whisper.voiced) == pytest.approx(len(whisper.sound) / 160, abs=2)
    assert vocoder.analyse(voice.sound, kind, 20).voicing[60:140].mean() > 0.9
    assert vocoder.analyse(whisper.sound, kind, 20).voicing.mean() < 0.5


def test_formants_move_where_they_are_sent() -> None:
    apart = vocoder.analyse(vowel(), "prediction", 16)
    places, factors = np.array([0.0, 600.0, 8000.0], np.float32), np.array([1.0, 1.25, 1.0], np.float32)
    moved = vocoder.warped(apart.envelope, places, factors)[100]
    low = vocoder.BINS_HZ < 1000
    assert vocoder.BINS_HZ[low][moved[low].argmax()] == pytest.approx(750, abs=50)


def test_batches_have_a_vowel_in_every_utterance_and_both_answers() -> None:
    from scripts.training.whisper.batches import WINDOW_FRAMES, Batches
    from scripts.training.whisper.pool import RECORDED, WHISPERED, Pool

    rng = np.random.default_rng(0)
    clips, frames = 40, 120
    voiced = np.zeros((clips, frames), np.float16)
    voiced[:, 30:90] = 1.0
    pool = Pool(
        rng.normal(-8, 1, (clips * frames, 64)).astype(np.float16),
        voiced.ravel(),
        np.arange(clips) * frames,
        np.full(clips, frames),
        np.array([RECORDED, WHISPERED] * (clips // 2), np.int8),
        np.array([-1, 0] * (clips // 2), np.int8),
    )
    noise = rng.normal(-12, 1, (1000, 64)).astype(np.float16)
    drawn, whispered, heard = Batches(pool, {"noise": (1.0, noise)}, rng).draw(64)
    assert drawn.shape == (64, WINDOW_FRAMES, 64) and torch.isfinite(drawn).all()
    assert 10 < int(whispered.sum()) < 54
    assert heard[:, -1].all() and not heard[:, 0].any()
    without = pool.made_with(("cepstrum",), espeak=True)
    assert set(without.origin) == {RECORDED}


def test_the_exported_network_computes_what_pytorch_and_numpy_do(tmp_path: Path) -> None:
    from alexa_local.models import Model
    from alexa_local.whisper.detector import NETWORK_FILE, WhisperDetector
    from scripts.training.whisper import parity
    from scripts.training.whisper.export import export
    from scripts.training.whisper.network import WhisperNetwork, pooled

    torch.manual_seed(0)
    network = WhisperNetwork().eval()
    with torch.no_grad():
        steps = network(torch.from_numpy(probe_frames())[None])
    assert np.allclose(parity.heard(network, "float32"), steps[0].numpy(), atol=1e-5)
    export(network, tmp_path / NETWORK_FILE, kind="float32")
    detector = WhisperDetector(Model("whisper", tmp_path, {"files": {NETWORK_FILE: {}}}))
    detector.begin(probe_frames())
    assert detector.probability == pytest.approx(torch.sigmoid(pooled(steps)[0, -1]).item(), abs=0.01)
    assert np.abs(parity.heard(network, "int8") - steps[0].numpy()).max() < 0.1
