"""The word that ends what is played: heard without the wake word, while there is something to end."""

import numpy as np
import pytest

from alexa_local.config import EndpointSettings
from alexa_local.pipeline import Pipeline, Stop
from alexa_local.testing.stages import LoudEndOfSpeech, LoudRecogniser, LoudWakeWord
from alexa_local.wake.stop import StopWord

LOUD, QUIET = np.full((20, 64), 5.0, np.float32), np.full((20, 64), -9.0, np.float32)
NOISE = np.random.default_rng(0).integers(-9000, 9000, 16_000).astype(np.int16)


class NeverWakes(LoudWakeWord):
    def push(self, frames: np.ndarray) -> list:
        return []


def pipeline_with(stop_word: StopWord, playing: list[str], events: list, wake_word=None) -> Pipeline:
    return Pipeline(
        *(wake_word or NeverWakes(), LoudRecogniser(), LoudEndOfSpeech(), EndpointSettings()),
        lambda name, data: events.append((name, dict(data))),
        stop_word=stop_word,
        playing=lambda: playing[0],
    )


@pytest.mark.parametrize(
    ("playing", "heard"), [("alarm", True), ("speech", True), ("music", False), ("", False)]
)
def test_it_ends_only_what_it_is_meant_to_end(playing: str, heard: bool) -> None:
    assert StopWord(LoudWakeWord(), ("alarm", "speech")).push(LOUD, playing) is heard


def test_what_was_heard_before_the_reply_began_does_not_count() -> None:
    word = StopWord(LoudWakeWord(), ("speech",))
    assert not word.push(LOUD[:19], "speech")
    assert not word.push(LOUD[:5], "")
    assert not word.push(LOUD[:19], "speech")
    assert word.push(LOUD[:1], "speech")


def test_a_refused_one_is_none() -> None:
    assert not StopWord(LoudWakeWord(accepted=False), ("speech",)).push(LOUD, "speech")


def test_the_pipeline_tells_it_once_and_goes_on_waiting() -> None:
    events: list = []
    pipeline = pipeline_with(StopWord(LoudWakeWord(), ("alarm",)), ["alarm"], events)
    assert pipeline.push(NOISE) == [Stop("alarm")]
    assert events == [("stop_word_detected", {"playing": "alarm"})]
    assert pipeline.state == "waiting"


def test_whoever_calls_is_listened_to_and_not_stopped() -> None:
    events: list = []
    pipeline = pipeline_with(StopWord(LoudWakeWord(), ("alarm",)), ["alarm"], events, LoudWakeWord())
    assert pipeline.push(NOISE[:6400]) == []
    assert [name for name, _ in events] == ["wake_word_detected", "listening"]


def test_the_wake_word_knows_what_is_played() -> None:
    wake_word, playing = NeverWakes(), ["music"]
    pipeline = pipeline_with(StopWord(LoudWakeWord(), ()), playing, [], wake_word)
    pipeline.push(NOISE[:1280])
    assert wake_word.playing == "music"
    playing[0] = ""
    pipeline.push(NOISE[:1280])
    assert wake_word.playing == ""
