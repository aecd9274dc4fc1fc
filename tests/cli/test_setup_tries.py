"""Trying the microphone out, on sound that a test makes."""

import numpy as np
import pytest

from alexa_local.cli import setup_tries
from alexa_local.config import Config

RNG = np.random.default_rng(9)


class Sound:
    """A microphone that hears noise of some loudness for some seconds, and then silence."""

    def __init__(self, rms, seconds=1.0):
        self.rms, self.left, self.closed = rms, round(25 * seconds), False

    def __iter__(self):
        while True:
            self.left -= 1
            loud = RNG.standard_normal(640) * (self.rms if self.left >= 0 else 5)
            yield np.clip(np.rint(loud), -32768, 32767).astype(np.int16)

    def close(self):
        self.closed = True


@pytest.fixture
def hearing(monkeypatch):
    """Makes the microphone hear something."""

    def hearing(sound):
        monkeypatch.setattr(setup_tries, "open_microphone", lambda *_, **__: sound)
        return sound

    return hearing


@pytest.mark.parametrize(
    ("rms", "right", "told"), [(2_000, True, "Good"), (20, False, "Too quiet"), (20_000, False, "Too loud")]
)
def test_the_level_is_shown_and_judged(hearing, rms, right, told):
    said, sound = [], hearing(Sound(rms))
    assert setup_tries.try_level(None, None, said.append, seconds=2.0) is right
    assert told in said[-1] and sum("dBFS |" in line for line in said) == 4
    assert sound.closed


class Wake:
    """Hears the wake word when it is loud."""

    threshold, score, accepted = 0.5, 0.1, True

    def push(self, frames):
        self.score = 0.9 if frames.max(initial=-20) > 0 else 0.1
        return [self] if self.score > self.threshold else []


@pytest.mark.parametrize(("rms", "heard"), [(5, False), (8_000, True)])
def test_the_wake_word_is_heard_or_the_best_score_told(hearing, monkeypatch, rms, heard):
    monkeypatch.setattr(setup_tries, "offline_hearer", lambda _: Wake())
    said, sound = [], hearing(Sound(rms))
    assert setup_tries.try_wake_word(None, None, Config(), said.append, seconds=1.0) is heard
    assert said[-1].lstrip().startswith("Heard, with a score of 0.90" if heard else "Not heard")
    assert sound.closed
