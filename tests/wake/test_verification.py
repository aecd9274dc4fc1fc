"""The second opinion: asked when the wake word fires, again while it stays high, and then decided."""

from __future__ import annotations

import numpy as np
import pytest

from alexa_local.config import Config
from alexa_local.frontend import STEP_FRAMES
from alexa_local.models import Model, models_folder, open_model
from alexa_local.tflite import load
from alexa_local.tflite.network import installed_runtimes
from alexa_local.wake.detector import OPINIONS, Step, WakeWord
from alexa_local.wake.sensitivity import Level, Levels
from alexa_local.wake.verification import NETWORK_FILE, WINDOW_FRAMES, encoded, encoder_sha256, fits
from scripts.training.verify.probe import probe


class Opinions:
    """Gives the opinions that it was made with, one after another, and keeps what it was asked about."""

    def __init__(self, *opinions: float) -> None:
        self._opinions, self.asked = list(opinions), []

    def verify(self, frames: np.ndarray) -> float:
        self.asked.append(frames)
        return self._opinions.pop(0)


class Scored(WakeWord):
    """A wake word whose network says what a list says."""

    def __init__(self, logits: list[float], verifier: Opinions) -> None:
        level = Level(0.5, 0.6)
        self._levels, self._level, self._verifier = Levels.all_alike(level), level, verifier
        self.word, self._said = "alexa", list(logits)
        self._state_shapes = {}
        self.reset()

    def _step(self, frames: np.ndarray) -> Step:
        self._heard_frames += STEP_FRAMES
        return Step(self._heard_frames, self._said.pop(0), 0.4)


def run(logits: list[float], verifier: Opinions, block: int = 4):
    wake, sound = Scored(logits, verifier), numbered(len(logits) * STEP_FRAMES)
    return [one for first in range(0, len(sound), block) for one in wake.push(sound[first : first + block])]


def numbered(count: int) -> np.ndarray:
    """Frames that carry their number."""
    return np.repeat(np.arange(count, dtype=np.float32)[:, None], 64, axis=1)


LOW, HIGH = -3.0, 2.0


def test_a_good_opinion_lets_it_through_at_once() -> None:
    (heard,) = run([LOW] * 60 + [HIGH] * 5 + [LOW] * 5, verifier := Opinions(0.7))
    assert (heard.accepted, heard.verification, heard.end_frame) == (True, 0.7, 61 * STEP_FRAMES)
    (asked,) = verifier.asked
    assert asked[-1, 0] == heard.end_frame - 1 and len(asked) == WINDOW_FRAMES


def test_a_better_opinion_a_little_later_counts_too() -> None:
    (heard,) = run([LOW] * 60 + [HIGH] * 6 + [LOW] * 5, Opinions(0.2, 0.9))
    assert (heard.accepted, heard.verification, heard.end_frame) == (True, 0.9, 63 * STEP_FRAMES)


def test_what_is_never_thought_to_be_the_word_is_refused_once_with_the_best_opinion() -> None:
    (heard,) = run([LOW] * 60 + [HIGH] * 4 + [LOW] * 20, Opinions(0.2, 0.3))
    assert (heard.accepted, heard.verification) == (False, 0.3)


def test_opinions_are_not_asked_for_ever() -> None:
    verifier = Opinions(*[0.1] * 50)
    (heard,) = run([LOW] * 60 + [HIGH] * 60, verifier)
    assert not heard.accepted and len(verifier.asked) == OPINIONS


def test_a_refusal_does_not_keep_it_from_hearing_the_word_right_after() -> None:
    found = run([LOW] * 60 + [HIGH] * 2 + [LOW] * 3 + [HIGH] * 2 + [LOW] * 3, Opinions(0.1, 0.9))
    assert [one.accepted for one in found] == [False, True]


@pytest.mark.parametrize("block", [1, 7, 64, 400])
def test_two_chunkings_decide_alike_about_the_same_frames(block: int) -> None:
    logits = [LOW] * 60 + [HIGH] * 4 + [LOW] * 20
    first, other = Opinions(0.2, 0.3), Opinions(0.2, 0.3)
    assert run(logits, first) == run(logits, other, block)
    assert all(np.array_equal(a, b) for a, b in zip(first.asked, other.asked, strict=True))


class Echo:
    """An encoder that hands back its last frame."""

    frames_per_step = 8

    def start(self):
        return {}

    def encode(self, frames, states):
        return frames[-1:], states


def test_the_window_is_the_last_frames_and_silence_where_there_are_none() -> None:
    rows = encoded(Echo(), numbered(300))
    assert (
        rows.shape == (WINDOW_FRAMES // 8, 64)
        and rows[-1, 0] == 299
        and rows[0, 0] == 300 - WINDOW_FRAMES + 7
    )
    short = encoded(Echo(), numbered(16) + 1)
    assert short[-1, 0] == 16 and (short[:-2] < 0).all()


def test_an_opinion_belongs_to_the_encoder_that_it_was_made_for(tmp_path) -> None:
    recogniser = Model("asr", tmp_path, {"files": {"encoder.tflite": {"sha256": "ab"}}})
    assert fits(Model("verify", tmp_path, {"encoder_sha256": "ab"}), recogniser)
    assert not fits(Model("verify", tmp_path, {"encoder_sha256": "cd"}), recogniser)


def test_an_opinion_belongs_to_all_branches_of_an_encoder_and_to_their_choice(tmp_path) -> None:
    files = {f"encoder-{part}.tflite": {"sha256": part} for part in ("front", "large", "small")}
    branches = {"normal": 0.0, "cheap": 2.0}
    one = Model("asr", tmp_path, {"files": files, "branches": branches})
    opinion = Model("verify", tmp_path, {"encoder_sha256": encoder_sha256(one)})
    retrained = {**files, "encoder-small.tflite": {"sha256": "other"}}
    assert fits(opinion, one)
    assert not fits(opinion, Model("asr", tmp_path, {"files": retrained, "branches": branches}))
    assert not fits(
        opinion, Model("asr", tmp_path, {"files": files, "branches": {**branches, "normal": 1.0}})
    )


needs_model = pytest.mark.skipif(not (models_folder() / "wake-verify").is_dir(), reason="no such model yet")


@needs_model
@pytest.mark.parametrize("runtime", installed_runtimes())
def test_every_runtime_gives_what_the_trained_network_gave(runtime: str) -> None:
    model = open_model("wake-verify")
    network = load(model.path(NETWORK_FILE), runtime=runtime)
    wanted = model.info["parity"]["logit"]
    found = float(network.run(encoded=probe(network.inputs["encoded"][1]))["logit"][0, 0])
    assert found == pytest.approx(wanted, abs=0.05 * max(1.0, abs(wanted)))


@needs_model
def test_the_shipped_opinion_belongs_to_the_shipped_recogniser() -> None:
    assert fits(open_model("wake-verify"), open_model(Config().recogniser.model))
