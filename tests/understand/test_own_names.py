"""Readings in which somebody names one of their own people come first, if they are nearly as likely."""

from __future__ import annotations

from alexa_local.messages import Hypothesis
from alexa_local.understand import Catalogue, Contact, KnownPhrases
from alexa_local.understand.own_names import OWN_NATS, favoured

(OWN,) = [
    one for one in KnownPhrases().of(Catalogue(contacts=(Contact("Joan Hill"),))) if one.kind == "contact"
]


def order(*readings: tuple[str, float]) -> list[str]:
    return [one.text for one in favoured([Hypothesis(text, score) for text, score in readings], OWN)]


def test_ones_own_name_comes_before_one_that_is_a_little_likelier() -> None:
    assert order(("call john hill", -1.0), ("call joan hill", -2.0)) == ["call joan hill", "call john hill"]


def test_what_is_much_likelier_stays_first() -> None:
    far = -1.0 - OWN_NATS - 0.1
    assert order(("call john hill", -1.0), ("call joan hill", far)) == ["call john hill", "call joan hill"]


def test_a_name_that_nothing_announces_is_no_name() -> None:
    assert order(("play june", -1.0), ("play joan", -1.5)) == ["play june", "play joan"]


def test_nothing_said_stays_nothing() -> None:
    assert order(("", -1.0)) == [""]
