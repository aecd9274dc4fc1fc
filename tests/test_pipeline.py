"""The pipeline's order and its two states, with stages that are easy to foresee."""

import numpy as np
import pytest

from alexa_local.config import EndpointSettings
from alexa_local.pipeline import Pipeline, Request
from alexa_local.testing.stages import LoudRecogniser, LoudWakeWord

RATE = 16_000


def quiet(seconds: float) -> np.ndarray:
    return np.zeros(int(RATE * seconds), np.int16)


def loud(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).integers(-9000, 9000, int(RATE * seconds)).astype(np.int16)


def run(sound: np.ndarray, block: int) -> tuple[list[Request], list[str]]:
    events: list[str] = []
    pipeline = Pipeline(
        LoudWakeWord(), LoudRecogniser(), EndpointSettings().rules, lambda name, data: events.append(name)
    )
    requests = [r for i in range(0, len(sound), block) for r in pipeline.push(sound[i : i + block])]
    return requests, events


SCENE = np.concatenate([quiet(1.0), loud(0.4), quiet(0.3), loud(1.0), quiet(2.0)])


def test_a_wake_word_and_words_make_one_request() -> None:
    requests, events = run(SCENE, 640)
    assert [r.rule for r in requests] == ["end_of_request"]
    assert requests[0].hypotheses[0].text == "loud"
    assert [e for e in events if e != "stt_partial"] == ["wake_word_detected", "listening", "stt_text"]
    assert events.count("stt_partial") == 1


@pytest.mark.parametrize("block", [1, 160, 1000, len(SCENE)])
def test_two_chunkings_give_the_same_request(block: int) -> None:
    (wanted,), events = run(SCENE, 640)
    (found,), same_events = run(SCENE, block)
    assert (found.hypotheses, found.rule, found.started_s, found.ended_s) == (
        wanted.hypotheses,
        wanted.rule,
        wanted.started_s,
        wanted.ended_s,
    )
    assert same_events == events


def test_a_wake_word_alone_ends_as_nothing_said() -> None:
    requests, _ = run(np.concatenate([quiet(1.0), loud(0.4), quiet(7.0)]), 640)
    assert [(r.rule, r.hypotheses[0].text) for r in requests] == [("nothing_said", "")]


def test_speech_without_end_ends_after_the_cap() -> None:
    requests, _ = run(np.concatenate([quiet(1.0), loud(25.0)]), 6400)
    assert requests[0].rule == "too_long"
    assert requests[0].ended_s - requests[0].started_s == pytest.approx(20.0, abs=0.5)


def test_the_recogniser_hears_the_sound_from_before_the_detection() -> None:
    requests, _ = run(SCENE, 640)
    heard_s = requests[0].timings["speech_s"]
    assert heard_s > requests[0].ended_s - requests[0].started_s


def test_listening_opens_and_cancelling_closes_a_request() -> None:
    events: list[str] = []
    pipeline = Pipeline(
        LoudWakeWord(), LoudRecogniser(), EndpointSettings().rules, lambda name, data: events.append(name)
    )
    pipeline.push(quiet(0.5))
    pipeline.listen()
    assert pipeline.state == "listening"
    pipeline.cancel()
    assert pipeline.state == "waiting"
    assert events == ["listening", "idle"]
