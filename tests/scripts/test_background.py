"""Measuring what would be done where nobody asks for anything."""

from pathlib import Path

import numpy as np

from alexa_local.config import EndpointSettings
from alexa_local.messages import Hypothesis, Interpretation
from alexa_local.pipeline import Pipeline
from alexa_local.testing.stages import LoudEndOfSpeech, LoudRecogniser, LoudWakeWord
from scripts.evaluation import background
from scripts.evaluation.listening import NoWakeWord
from scripts.evaluation.manifest import Row

RATE = 16_000


def pipeline(wake: object) -> Pipeline:
    rules = EndpointSettings()
    return Pipeline(wake, LoudRecogniser(), LoudEndOfSpeech(), rules, lambda *told: None)


def loud(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).integers(-9000, 9000, int(RATE * seconds)).astype(np.int16)


def interpret(hypotheses: list[Hypothesis]) -> Interpretation:
    return Interpretation("TurnOn" if hypotheses[0].text == "loud" else "")


def clip(name: str, **labels: object) -> Row:
    return Row(name, Path(name), labels)


def test_what_would_be_done_is_counted_with_the_wake_word_and_without() -> None:
    quiet = np.zeros(2 * RATE, np.int16)
    clips = [
        (clip("wakes and asks"), np.concatenate([loud(0.4), quiet[: RATE // 3], loud(1.0), quiet])),
        (clip("nothing"), quiet),
        (clip("a request", intent="TurnOn"), loud(1.0)),
    ]
    told: list[dict] = []
    assistants = {"waiting": pipeline(LoudWakeWord()), "always": pipeline(NoWakeWord())}
    found = background.measure(clips, assistants, interpret, told.append)
    assert [one["audio"] for one in told] == ["wakes and asks", "nothing"]
    assert (found.clips, found.wakes, found.wrong_actions) == (2, 1, 1)
    assert found.always_requests >= 1
    assert found.always_wrong == found.always_requests
    assert found.summary()["wrong_per_hour"] == round(1 / found.hours, 3)
    assert len(found.lines()) == 3
