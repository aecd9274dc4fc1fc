import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alexa_local.errors import UsageError
from alexa_local.models import Model, open_model
from alexa_local.tflite import load
from alexa_local.tflite.network import installed_runtimes
from alexa_local.wake import WakeWord, scan
from alexa_local.wake.detector import NETWORK_FILE, Step, Trigger
from scripts.training.wake.probe import probe_frames


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model("wake-alexa")


@pytest.fixture(scope="module")
def whole_trace(model: Model) -> list[Step]:
    return WakeWord(model).trace(probe_frames())


def test_the_network_agrees_with_the_one_that_was_trained(model: Model, whole_trace: list[Step]) -> None:
    expected = np.array(model.info["parity"]["smoothed_logits"])
    found = np.array([step.logit for step in whole_trace])
    assert np.abs(found - expected).max() < 0.05 * np.abs(expected).max()


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_every_runtime_gives_the_same_numbers(runtime: str, model: Model, whole_trace: list[Step]) -> None:
    detector = WakeWord(model)
    detector._network = load(model.path(NETWORK_FILE), runtime=runtime)
    found = [step.logit for step in detector.trace(probe_frames())]
    assert np.allclose(found, [step.logit for step in whole_trace], atol=0.02)


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 240), max_size=12))
def test_any_chunking_gives_the_same_steps(model: Model, whole_trace: list[Step], cuts: list[int]) -> None:
    detector = WakeWord(model)
    chunks = np.split(probe_frames(), sorted(cuts))
    assert [step for chunk in chunks for step in detector.trace(chunk)] == whole_trace


def test_reset_forgets_everything(model: Model, whole_trace: list[Step]) -> None:
    detector = WakeWord(model)
    detector.trace(probe_frames()[50:183])
    detector.reset()
    assert detector.score == 0.0
    assert detector.trace(probe_frames()) == whole_trace


@pytest.mark.parametrize("level", [0, 1, 300, 32767])
def test_noise_and_silence_wake_nobody(model: Model, level: int) -> None:
    noise = np.random.default_rng(3).integers(-level, level + 1, 16_000 * 20).astype(np.int16)
    assert scan(noise, WakeWord(model)) == []


def test_a_clipped_tone_wakes_nobody(model: Model) -> None:
    tone = np.where(np.sin(np.arange(16_000 * 10) / 16_000 * 2 * np.pi * 440) > 0, 32767, -32768)
    assert scan(tone.astype(np.int16), WakeWord(model)) == []


def test_an_empty_recording_is_silence(model: Model) -> None:
    assert scan(np.zeros(0, np.int16), WakeWord(model)) == []


@pytest.mark.parametrize("threshold", [0.0, 1.0, -3.0, 2.0, float("nan")])
def test_a_threshold_outside_0_to_1_is_refused(model: Model, threshold: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        WakeWord(model, threshold)


def test_the_threshold_is_the_manifests_unless_given(model: Model) -> None:
    assert WakeWord(model).threshold == model.info["threshold"]
    assert WakeWord(model, 0.25).threshold == 0.25


def fired(logits: list[float], threshold: float = 0.5) -> list[int]:
    trigger = Trigger(threshold)
    return [index for index, logit in enumerate(logits) if trigger.fires(Step(4 * (index + 1), logit, 0.5))]


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([-1.0, -0.1, 0.0, 3.0, 1.0, -2.0], [2]),
        ([5.0] * 60, [0]),  # a score that stays high is one detection
        ([1.0, -1.0] * 5, [0]),  # flicker within the pause is one detection
        ([1.0] + [-1.0] * 24 + [1.0], [0, 25]),
        ([1.0] + [-1.0] * 23 + [1.0, 1.0], [0]),  # rose within the pause, so it never fires
        ([-9.0] * 30, []),
    ],
)
def test_the_trigger_fires_on_rising_scores_a_second_apart(logits: list[float], expected: list[int]) -> None:
    assert fired(logits) == expected


@pytest.mark.parametrize(("length", "start_frame"), [(0.6, 40), (0.01, 75), (9.0, 0), (-2.0, 75), (0.995, 0)])
def test_the_words_start_is_within_reason(length: float, start_frame: int) -> None:
    assert Step(100, 2.0, length).detection().start_frame == start_frame
