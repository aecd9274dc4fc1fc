"""The whisper model: the same however it is fed, at any level; noise as a source is a whisper, pulses not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from alexa_local.errors import ModelError
from alexa_local.frontend import log_mel
from alexa_local.messages import Talker
from alexa_local.models import Model, models_folder, open_model
from alexa_local.tflite import load
from alexa_local.tflite.network import installed_runtimes
from alexa_local.whisper import WhisperDetector
from alexa_local.whisper.detector import NETWORK_FILE
from scripts.training.wake.probe import probe_frames

pytestmark = pytest.mark.skipif(
    not (models_folder() / "whisper").exists(), reason="no whisper model has been trained yet"
)

NOTHING = np.zeros((0, 64), np.float32)


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model("whisper")


@pytest.fixture
def detector(model: Model) -> WhisperDetector:
    return WhisperDetector(model)


def speech(voiced: bool, level: float = 6000.0) -> np.ndarray:
    """Three syllables of one vowel, int16 (N,): by a voice of 180 Hz, or by noise."""
    rng = np.random.default_rng(1)
    rows = []
    for _ in range(3):
        source = np.zeros(4800)
        if voiced:
            source[::89] = 1.0
        else:
            source[:] = rng.normal(0, 1, 4800)
        rows += [source * np.hanning(4800), np.zeros(2400)]
    sound = np.concatenate(rows)
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1 / 16_000)
    formants = sum(1 / (1 + ((hz - at) / width) ** 2) for at, width in ((700, 90), (1300, 110), (2700, 180)))
    tilt = 1 / (1 + (hz / 300) ** 2) if voiced else 1.0
    sound = np.fft.irfft(spectrum * (formants + 0.02) * tilt, len(sound))
    noise = rng.normal(0, level / 1000, len(sound))
    return np.rint(level * sound / np.abs(sound).max() + noise).astype(np.int16)


@pytest.mark.parametrize("level", [300.0, 3000.0, 20_000.0])
def test_a_vowel_of_noise_is_a_whisper_and_one_of_pulses_a_voice_at_any_level(
    detector: WhisperDetector, level: float
) -> None:
    detector.begin(log_mel(speech(voiced=False, level=level)))
    assert detector.probability > 0.5
    assert detector.tell(Talker()).whispered is True
    detector.begin(log_mel(speech(voiced=True, level=level)))
    assert detector.probability < 0.5
    told = detector.tell(Talker(person="Anna"))
    assert told.whispered is False and told.person == "Anna"
    assert told.whisper_confidence == 1 - detector.probability


@pytest.mark.parametrize("chunk", [1, 3, 60])
def test_two_chunkings_give_the_same_probability(detector: WhisperDetector, chunk: int) -> None:
    frames = probe_frames()
    detector.begin(frames)
    whole = detector.probability
    detector.begin(NOTHING)
    for first in range(0, len(frames), chunk):
        detector.push(frames[first : first + chunk])
    assert detector.probability == whole


def test_a_new_request_knows_nothing_of_the_last(detector: WhisperDetector) -> None:
    detector.begin(log_mel(speech(voiced=True)))
    voice = detector.probability
    detector.begin(log_mel(speech(voiced=False)))
    detector.begin(log_mel(speech(voiced=True)))
    assert detector.probability == voice


@pytest.mark.parametrize("level", [0, 1, 30, 1000, 32_767])
def test_silence_and_steady_noise_are_no_whispers(detector: WhisperDetector, level: int) -> None:
    noise = np.random.default_rng(0).integers(-level, level + 1, 3 * 16_000).astype(np.int16)
    detector.begin(log_mel(noise))
    assert detector.tell(Talker()).whispered is False


def test_before_anything_is_heard_it_is_a_voice(detector: WhisperDetector) -> None:
    assert detector.tell(Talker()).whispered is False


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_every_runtime_agrees_with_the_reference(runtime: str, model: Model) -> None:
    expected = np.array(model.info["parity"]["heard"])
    network = load(model.path(NETWORK_FILE), runtime=runtime)
    detector = WhisperDetector(model)
    found = []

    class Recording:
        """Runs the network and keeps what it heard."""

        def run(self, **inputs: np.ndarray) -> dict[str, np.ndarray]:
            results = network.run(**inputs)
            found.append(results["heard"][0])
            return results

    detector._network = Recording()  # type: ignore[assignment]
    detector.push(probe_frames())
    assert np.abs(np.array(found) - expected).max() < 0.05 * np.abs(expected).max()


def test_it_is_as_small_as_promised(model: Model) -> None:
    assert sum(entry["bytes"] for entry in model.info["files"].values()) <= 150_000


def test_a_network_of_another_kind_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "whisper"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"files": {}}))
    with pytest.raises(ModelError):
        WhisperDetector(open_model("whisper", tmp_path))
