"""The pipeline's order and its two states, with stages that are easy to foresee."""

import numpy as np
import pytest

from alexa_local.config import EndpointSettings
from alexa_local.messages import Hypothesis, Talker
from alexa_local.pipeline import Pipeline, Request, Reset
from alexa_local.testing.stages import LoudEndOfSpeech, LoudRecogniser, LoudStream, LoudWakeWord

RATE = 16_000


def quiet(seconds: float) -> np.ndarray:
    return np.zeros(int(RATE * seconds), np.int16)


def loud(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).integers(-9000, 9000, int(RATE * seconds)).astype(np.int16)


def run(
    sound: np.ndarray,
    block: int,
    recogniser: LoudRecogniser | None = None,
    endpoint: EndpointSettings | None = None,
) -> tuple[list[Request | Reset], list[str]]:
    events: list[str] = []
    pipeline = Pipeline(
        LoudWakeWord(),
        recogniser or LoudRecogniser(),
        LoudEndOfSpeech(),
        endpoint or EndpointSettings(),
        lambda name, data: events.append(name),
    )
    decisions = [one for i in range(0, len(sound), block) for one in pipeline.push(sound[i : i + block])]
    return decisions, events


def finals(decisions: list[Request | Reset]) -> list[Request]:
    return [one for one in decisions if one.stage == "final"]


SCENE = np.concatenate([quiet(1.0), loud(0.4), quiet(0.3), loud(1.0), quiet(2.0)])


def test_a_wake_word_and_words_make_one_request() -> None:
    decisions, events = run(SCENE, 640)
    assert [(one.stage, one.rule) for one in decisions] == [
        ("speculative", "whole_sentence"),
        ("final", "whole_sentence"),
    ]
    assert {one.hypotheses[0].text for one in decisions} == {"loud"}
    assert [e for e in events if e != "stt_partial"] == [
        "wake_word_detected",
        "listening",
        "speculative",
        "stt_text",
    ]
    assert events.count("stt_partial") == 1


@pytest.mark.parametrize("block", [1, 160, 1000, len(SCENE)])
def test_two_chunkings_give_the_same_request(block: int) -> None:
    wanted, events = run(SCENE, 640)
    found, same_events = run(SCENE, block)
    assert [(one.hypotheses, one.stage, one.rule, one.started_s, one.ended_s) for one in found] == [
        (one.hypotheses, one.stage, one.rule, one.started_s, one.ended_s) for one in wanted
    ]
    assert same_events == events


def test_the_timings_tell_both_decisions_and_the_lead() -> None:
    (request,) = finals(run(SCENE, 640)[0])
    times = request.timings
    assert times["lead_s"] == pytest.approx(times["endpoint_s"] - times["speculative_s"], abs=0.05)
    assert times["lead_s"] >= 0.2


def test_a_speaker_who_pauses_and_goes_on_takes_back_what_was_foreseen() -> None:
    pause = np.concatenate([quiet(1.0), loud(0.4), quiet(0.3), loud(1.0), quiet(0.4), loud(0.8), quiet(2.0)])
    decisions, events = run(pause, 640)
    assert [one.stage for one in decisions] == ["speculative", "reset", "speculative", "final"]
    assert decisions[0].hypotheses[0].text == "loud"
    assert finals(decisions)[0].hypotheses[0].text == "loud loud"
    assert [e for e in events if e in ("speculative", "reset", "stt_text")] == [
        "speculative",
        "reset",
        "speculative",
        "stt_text",
    ]


def test_words_that_change_at_the_very_end_take_back_what_was_foreseen() -> None:
    class Revising(LoudRecogniser):
        def stream(self):
            stream = super().stream()
            stream.finish = lambda: [Hypothesis("allowed", -1.0)]
            return stream

    decisions, _ = run(SCENE, 640, Revising())
    assert [one.stage for one in decisions] == ["speculative", "reset", "final"]
    assert decisions[1].reason == "revised"
    assert "lead_s" not in decisions[2].timings


def test_partial_words_that_come_and_go_take_nothing_back() -> None:
    """A search may drop a word from its readings so far that the whole reading never had, or the reverse."""

    class Flickering(LoudRecogniser):
        def stream(self):
            class Stream(LoudStream):
                partial = property(lambda self: "loud" + " er" * (int(self.length_s * 10) % 2))

                def peek(self):
                    return [Hypothesis("loud", -1.0)]

            return Stream()

    decisions, events = run(SCENE, 640, Flickering())
    assert [one.stage for one in decisions] == ["speculative", "final"]
    assert "reset" not in events


def test_cancelling_takes_back_what_was_foreseen() -> None:
    pipeline = Pipeline(
        LoudWakeWord(), LoudRecogniser(), LoudEndOfSpeech(), EndpointSettings(), lambda name, data: None
    )
    heard = pipeline.push(SCENE[: int(RATE * 3.1)])
    assert [one.stage for one in heard] == ["speculative"]
    assert [one.reason for one in pipeline.reset()] == ["cancelled"]
    assert pipeline.reset() == []


def test_without_speculative_rules_nothing_is_foreseen() -> None:
    decisions, _ = run(SCENE, 640, endpoint=EndpointSettings(speculative={}))
    assert [one.stage for one in decisions] == ["final"]


@pytest.mark.parametrize(("patience", "longer"), [("quick", False), ("patient", True)])
def test_patience_moves_both_decisions(patience: str, longer: bool) -> None:
    usual, _ = run(SCENE, 640)
    found, _ = run(SCENE, 640, endpoint=EndpointSettings(patience=patience))
    assert all((one.ended_s > other.ended_s) == longer for one, other in zip(found, usual, strict=True))


def test_a_wake_word_alone_ends_as_nothing_said() -> None:
    requests, _ = run(np.concatenate([quiet(1.0), loud(0.4), quiet(7.0)]), 640)
    assert [(r.rule, r.hypotheses[0].text) for r in requests] == [("nothing_said", "")]


def test_speech_without_end_ends_after_the_cap() -> None:
    decisions, events = run(np.concatenate([quiet(1.0), loud(25.0)]), 6400)
    requests = finals(decisions)
    assert requests[0].rule == "too_long"
    assert "cut_off" in events
    assert requests[0].ended_s - requests[0].started_s == pytest.approx(20.0, abs=0.5)


def test_the_recogniser_hears_the_sound_from_before_the_detection() -> None:
    requests = finals(run(SCENE, 640)[0])
    heard_s = requests[0].timings["speech_s"]
    assert heard_s > requests[0].ended_s - requests[0].started_s


def test_listening_opens_and_cancelling_closes_a_request() -> None:
    events: list[str] = []
    pipeline = Pipeline(
        LoudWakeWord(),
        LoudRecogniser(),
        LoudEndOfSpeech(),
        EndpointSettings(),
        lambda name, data: events.append(name),
    )
    pipeline.push(quiet(0.5))
    pipeline.listen()
    assert pipeline.state == "listening"
    pipeline.cancel()
    assert pipeline.state == "waiting"
    assert events == ["listening", "idle"]


class CountingListener:
    """Takes whoever was heard for a second for a whispering Anna."""

    def begin(self, wake: np.ndarray) -> None:
        self.wake_frames, self.frames = len(wake), 0

    def push(self, frames: np.ndarray) -> None:
        self.frames += len(frames)

    def tell(self, talker: Talker) -> Talker:
        return Talker(True, 0.9, "Anna", 0.8) if self.frames > 100 else talker


def test_what_a_voice_tells_goes_with_the_request_and_is_told_once() -> None:
    events: list[tuple[str, object]] = []
    listener = CountingListener()
    pipeline = Pipeline(
        *(LoudWakeWord(), LoudRecogniser(), LoudEndOfSpeech(), EndpointSettings()),
        lambda name, data: events.append((name, data)),
        [listener],
    )
    decisions = pipeline.push(SCENE)
    assert {one.talker for one in decisions} == {Talker(True, 0.9, "Anna", 0.8)}
    assert listener.wake_frames > 20
    assert [one for one in events if one[0] in ("whisper", "speaker")] == [
        ("whisper", {"whispered": True, "confidence": 0.9}),
        ("speaker", {"person": "Anna", "confidence": 0.8}),
    ]


def test_a_call_that_the_second_opinion_refuses_opens_nothing_and_is_told() -> None:
    events: list[tuple[str, dict]] = []
    pipeline = Pipeline(
        *(LoudWakeWord(accepted=False), LoudRecogniser(), LoudEndOfSpeech(), EndpointSettings()),
        lambda name, data: events.append((name, dict(data))),
    )
    assert pipeline.push(SCENE) == []
    assert events == [("wake_word_refused", {"score": 1.0, "time_s": 1.26, "verification": 0.1})]
    assert pipeline.state == "waiting"


def test_what_is_given_up_is_given_up_and_the_requests_are_the_same() -> None:
    def decisions_with(rungs: frozenset[str]) -> tuple[list[Request | Reset], list[str], LoudRecogniser]:
        events: list[str] = []
        recogniser = LoudRecogniser()
        pipeline = Pipeline(
            *(LoudWakeWord(), recogniser, LoudEndOfSpeech(), EndpointSettings()),
            lambda name, data: events.append(name),
            [CountingListener()],
        )
        pipeline.give_up(rungs)
        return pipeline.push(SCENE), events, recogniser

    usual, events, recogniser = decisions_with(frozenset())
    assert recogniser.beam is None and not recogniser.prefers_small
    rungs = frozenset({"encoder", "voices", "beam", "partials"})
    spared, fewer_events, recogniser = decisions_with(rungs)
    assert [(one.hypotheses, one.talker, one.ended_s) for one in spared] == [
        (one.hypotheses, one.talker, one.ended_s) for one in usual
    ]
    assert recogniser.beam is not None and recogniser.prefers_small
    assert "stt_partial" in events and "stt_partial" not in fewer_events
