"""The rules that end a request."""

from dataclasses import dataclass

import pytest

from alexa_local.config import EndpointRule, EndpointSettings
from alexa_local.recognise import ended_by


@dataclass
class Heard:
    """A stream as the rules see it."""

    partial: str
    trailing_silence_s: float
    length_s: float


@pytest.mark.parametrize(
    ("heard", "rule"),
    [
        (Heard("", 4.9, 4.9), None),
        (Heard("", 5.0, 5.0), "nothing_said"),
        (Heard("set a timer", 0.7, 3.0), None),
        (Heard("set a timer", 0.8, 3.0), "end_of_request"),
        (Heard("and so on and on", 0.1, 20.0), "too_long"),
    ],
)
def test_the_default_rules_end_requests_as_they_say(heard: Heard, rule: str | None) -> None:
    assert ended_by(EndpointSettings().rules, heard) == rule


def test_the_first_rule_that_holds_is_named() -> None:
    rules = {"first": EndpointRule(length_s=1.0), "second": EndpointRule(length_s=0.5)}
    assert ended_by(rules, Heard("x", 0.0, 1.5)) == "first"
    assert ended_by(rules, Heard("x", 0.0, 0.7)) == "second"
