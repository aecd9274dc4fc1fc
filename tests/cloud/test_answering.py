"""What is published for a message, and where: never wherever the message says."""

from __future__ import annotations

from uuid import UUID

import pytest
from paho.mqtt.properties import Properties

from alexa_local.cloud.answering import MOST_PAYLOAD_BYTES, Answering
from alexa_local.messages import Hypothesis, Lattice, LatticeArc
from alexa_local.mqtt import wire
from alexa_local.mqtt.wire import Refusal, Result, decode_result, lattice_properties
from alexa_local.recognise.lattice_wire import to_bytes

REQUEST = UUID(int=7)
LATTICE = to_bytes(Lattice((0.0, 0.5), (LatticeArc(0, 1, "stop", 0.0, 0.5, -1.0),)))
TOPIC, ANSWER_TO = "home/kitchen/lattice", "home/kitchen/result"


class Says:
    """Reads the same in every lattice, or fails."""

    def __init__(self, *texts: str, error: Exception | None = None) -> None:
        self._found = [Hypothesis(text, -float(at)) for at, text in enumerate(texts)]
        self._error = error

    def rerank(self, lattice: Lattice) -> tuple[list[Hypothesis], float]:
        if self._error:
            raise self._error
        return self._found, 0.75


def answering(reader: Says | None = None) -> Answering:
    return Answering("home", reader or Says("stop", "top"), "server-1")


def properties(answer_to: str = ANSWER_TO) -> Properties:
    return lattice_properties(REQUEST, answer_to, 60)


def test_a_lattice_is_answered_to_its_device_with_its_requests_id() -> None:
    outcome, answer = answering().answer(TOPIC, LATTICE, properties())
    assert answer is not None
    assert (outcome, answer.topic, answer.request) == ("answered", ANSWER_TO, REQUEST)
    expected = Result((Hypothesis("stop", 0.0), Hypothesis("top", -1.0)), 0.75, "server-1")
    assert decode_result(answer.payload) == expected


def test_no_more_readings_are_sent_than_the_schema_allows() -> None:
    _, answer = answering(Says(*"abcdefgh")).answer(TOPIC, LATTICE, properties())
    assert answer is not None
    result = decode_result(answer.payload)
    assert isinstance(result, Result)
    assert len(result.hypotheses) == wire.MOST_READINGS


@pytest.mark.parametrize(
    "answer_to",
    [
        "",
        "home/bath/result",
        "home/kitchen/availability",
        "home/kitchen/lattice",
        "garage/door",
        "home/kitchen/result/more",
        "homeassistant/light/set",
        "home/+/result",
    ],
)
def test_a_topic_that_is_not_the_devices_own_is_never_published_to(answer_to: str) -> None:
    assert answering().answer(TOPIC, LATTICE, properties(answer_to)) == ("foreign_topic", None)


@pytest.mark.parametrize(
    "topic", ["other/kitchen/lattice", "home/lattice", "home/a/b/lattice", "home/kitchen/result"]
)
def test_what_is_no_lattices_topic_is_not_answered(topic: str) -> None:
    assert answering().answer(topic, LATTICE, properties()) == ("no_request", None)


def test_a_message_without_an_id_is_not_answered() -> None:
    assert answering().answer(TOPIC, LATTICE, None) == ("no_request", None)
    wrong = properties()
    wrong.CorrelationData = b"short"
    assert answering().answer(TOPIC, LATTICE, wrong) == ("no_request", None)


@pytest.mark.parametrize(
    "payload", [b"", b"AL", b"hello", LATTICE[:-1], LATTICE[:-1] + b"\xff", b"\0" * 1000]
)
def test_a_garbled_lattice_is_refused(payload: bytes) -> None:
    outcome, answer = answering().answer(TOPIC, payload, properties())
    assert answer is not None
    assert (outcome, decode_result(answer.payload)) == ("unreadable", Refusal("the lattice cannot be read"))


def test_a_lattice_that_is_too_large_is_refused_unread() -> None:
    outcome, answer = answering().answer(TOPIC, b"A" * (MOST_PAYLOAD_BYTES + 1), properties())
    assert answer is not None
    assert outcome == "too_large"
    assert isinstance(decode_result(answer.payload), Refusal)


def test_words_that_no_schema_allows_are_refused_and_not_sent() -> None:
    outcome, answer = answering(Says("DROP TABLE")).answer(TOPIC, LATTICE, properties())
    assert answer is not None
    assert (outcome, decode_result(answer.payload)) == ("unreadable", Refusal("the lattice cannot be read"))


def test_a_lattice_that_breaks_the_worker_does_not_come_again() -> None:
    outcome, answer = answering(Says(error=ZeroDivisionError())).answer(TOPIC, LATTICE, properties())
    assert answer is not None
    assert (outcome, decode_result(answer.payload)) == ("failed", Refusal("the worker failed on it"))
