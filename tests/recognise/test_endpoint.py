"""The rules that end a request."""

from dataclasses import replace

import pytest

from alexa_local.config import EndpointRule, EndpointSettings
from alexa_local.recognise import Evidence, ended_by

SPEAKING = Evidence(
    words=True,
    trailing_silence_s=0.0,
    quiet_s=0.0,
    ended=0.0,
    sentence_end=0.0,
    open_ended=False,
    length_s=3.0,
)
WHOLE = replace(SPEAKING, trailing_silence_s=0.7, quiet_s=0.7, ended=0.9, sentence_end=0.5)


@pytest.mark.parametrize(
    ("heard", "rule"),
    [
        (replace(SPEAKING, words=False, trailing_silence_s=4.9), None),
        (replace(SPEAKING, words=False, trailing_silence_s=5.0), "nothing_said"),
        (WHOLE, "whole_sentence"),
        (replace(WHOLE, words=False), None),
        (replace(WHOLE, sentence_end=0.0001), None),
        (replace(WHOLE, sentence_end=0.05, quiet_s=0.9, ended=0.99), "end_of_speech"),
        (replace(WHOLE, open_ended=True, quiet_s=1.4, ended=0.99), None),
        (replace(WHOLE, open_ended=True, quiet_s=1.5, ended=0.99), "long_pause"),
        (replace(SPEAKING, length_s=20.0), "too_long"),
    ],
)
def test_the_default_rules_end_requests_as_they_say(heard: Evidence, rule: str | None) -> None:
    assert ended_by(EndpointSettings().final, heard) == rule


@pytest.mark.parametrize("field", ["trailing_silence_s", "quiet_s", "ended", "sentence_end", "length_s"])
def test_every_condition_has_to_hold(field: str) -> None:
    rules = {"one": EndpointRule(**{field: 0.5})}
    assert ended_by(rules, replace(WHOLE, **{field: 0.5})) == "one"
    assert ended_by(rules, replace(WHOLE, **{field: 0.49})) is None


def test_a_rule_may_not_hold_while_the_words_ask_for_more() -> None:
    rules = {"one": EndpointRule(quiet_s=0.5, open_ended=False)}
    assert ended_by(rules, WHOLE) == "one"
    assert ended_by(rules, replace(WHOLE, open_ended=True)) is None


def test_the_first_rule_that_holds_is_named() -> None:
    rules = {"first": EndpointRule(length_s=1.0), "second": EndpointRule(length_s=0.5)}
    assert ended_by(rules, replace(SPEAKING, length_s=1.5)) == "first"
    assert ended_by(rules, replace(SPEAKING, length_s=0.7)) == "second"


def test_patience_stretches_silences_and_neither_lengths_nor_probabilities() -> None:
    rule = EndpointRule(True, trailing_silence_s=1.0, quiet_s=2.0, ended=0.5, sentence_end=0.1, length_s=20.0)
    patient = EndpointSettings(patience="patient", speculative={"a": rule}, final={"b": rule}).patient()
    for found in (patient.speculative["a"], patient.final["b"]):
        assert found == replace(rule, trailing_silence_s=1.75, quiet_s=3.5)
    assert patient.patient() == patient
