import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alexa_local.errors import MessageError
from alexa_local.messages import Hypothesis
from alexa_local.mqtt import schema, wire
from alexa_local.mqtt.wire import Refusal, Result, decode_result, encode_result

STEADY = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine fails no test."""

_WORDS = st.lists(st.from_regex(r"\A[a-z']+\Z"), max_size=8).map(" ".join)
_RESULTS = st.builds(
    Result,
    st.lists(st.builds(Hypothesis, _WORDS, st.floats(-1e6, 1e6)), min_size=1, max_size=6).map(tuple),
    st.floats(0, 1),
    st.from_regex(r"\A[A-Za-z0-9._-]{1,64}\Z"),
)
_GOOD = {"hypotheses": [{"text": "stop", "log_probability": -1.5}], "confidence": 0.9, "worker": "a"}
_SAME_IN_BOTH_DRAFTS = {
    *("type", "required", "properties", "items", "minItems", "maxItems", "minLength", "maxLength"),
    *("pattern", "minimum", "maximum", "description", "title", "$schema", "$id"),
    *("enum", "const", "if", "then", "allOf", "maxProperties", "propertyNames", "additionalProperties"),
}


@STEADY
@given(_RESULTS)
def test_a_result_comes_back_as_it_was_sent(result: Result) -> None:
    assert decode_result(encode_result(result)) == result


def test_a_refusal_comes_back_as_it_was_sent() -> None:
    assert decode_result(encode_result(Refusal("damaged"))) == Refusal("damaged")


def test_what_is_beyond_the_schema_is_ignored() -> None:
    value = {**_GOOD, "newer": 1}
    assert decode_result(json.dumps(value).encode()) == Result((Hypothesis("stop", -1.5),), 0.9, "a")


@pytest.mark.parametrize(
    "change",
    [
        {"hypotheses": []},
        {"hypotheses": [{"text": "a", "log_probability": -1.0}] * 7},
        {"hypotheses": [{"text": "Stop", "log_probability": -1.0}]},
        {"hypotheses": [{"text": "stop\n", "log_probability": -1.0}]},
        {"hypotheses": [{"text": " stop", "log_probability": -1.0}]},
        {"hypotheses": [{"text": "a" * 1001, "log_probability": -1.0}]},
        {"hypotheses": [{"text": "stop", "log_probability": True}]},
        {"hypotheses": [{"text": "stop", "log_probability": 1e400}]},
        {"hypotheses": [{"text": "stop"}]},
        {"hypotheses": {"text": "stop"}},
        {"confidence": 1.1},
        {"confidence": "high"},
        {"worker": ""},
        {"worker": "a\nb"},
        {"worker": None},
        {"refused": ""},
        {"refused": 1},
    ],
)
def test_a_payload_that_does_not_fit_its_schema_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(MessageError, match=r"does not fit the schema|no JSON"):
        decode_result(json.dumps({**_GOOD, **change}).encode())


def test_a_refused_payload_is_not_repeated_in_the_message() -> None:
    value = {**_GOOD, "hypotheses": [{"text": "My Secret", "log_probability": 0}]}
    with pytest.raises(MessageError) as caught:
        decode_result(json.dumps(value).encode())
    assert "Secret" not in str(caught.value)


@pytest.mark.parametrize(
    "payload",
    [b"", b"\xff", b"[]", b"1", b"{", b"[" * 60_000, b'{"confidence": NaN}', b" " * (64 * 1024 + 1)],
)
def test_what_is_no_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(MessageError):
        decode_result(payload)


@STEADY
@given(st.binary(max_size=300))
def test_any_bytes_are_a_result_or_a_named_error(payload: bytes) -> None:
    try:
        decode_result(payload)
    except MessageError:
        pass


def test_nothing_is_sent_that_the_receiver_would_refuse() -> None:
    with pytest.raises(MessageError):
        encode_result(Result((Hypothesis("stop", float("-inf")),), 0.5, "a"))


def test_the_id_is_read_from_the_properties_of_both_messages() -> None:
    request = uuid4()
    lattice = wire.lattice_properties(request, "alexa-local/a/result", 60)
    assert wire.request_of(lattice, wire.LATTICE_TYPE) == request
    assert (lattice.ResponseTopic, lattice.MessageExpiryInterval) == ("alexa-local/a/result", 60)
    assert wire.request_of(wire.result_properties(request), wire.RESULT_TYPE) == request


def test_a_message_of_another_version_type_or_id_is_refused() -> None:
    good = wire.result_properties(UUID(int=1))
    with pytest.raises(MessageError, match="content type"):
        wire.request_of(good, wire.LATTICE_TYPE)
    with pytest.raises(MessageError, match="version"):
        wire.request_of(None, wire.RESULT_TYPE)
    good.CorrelationData = b"short"
    with pytest.raises(MessageError, match="Correlation Data"):
        wire.request_of(good, wire.RESULT_TYPE)


def test_the_topics_name_the_device() -> None:
    assert wire.lattice_topic("alexa-local", "kitchen") == "alexa-local/kitchen/lattice"
    assert wire.result_topic("alexa-local", "kitchen") == "alexa-local/kitchen/result"
    assert wire.availability_topic("a/b", "kitchen") == "a/b/kitchen/availability"
    assert wire.workers_filter("alexa-local") == "$share/rerank/alexa-local/+/lattice"
    assert wire.device_of("a/b", "a/b/kitchen/lattice") == "kitchen"


@pytest.mark.parametrize(
    "topic", ["alexa-local/lattice", "alexa-local//lattice", "alexa-local/a/b/lattice", "x/a/lattice", ""]
)
def test_another_topic_is_no_devices(topic: str) -> None:
    with pytest.raises(MessageError):
        wire.device_of("alexa-local", topic)


def test_the_schemas_keep_to_what_two_drafts_agree_on() -> None:
    def words(part: object, is_schema: bool = True) -> set[str]:
        if isinstance(part, list):
            return set().union(*map(words, part)) if part else set()
        if not isinstance(part, dict):
            return set()
        inner = [words(value, key != "properties") for key, value in part.items()]
        return set().union(part if is_schema else (), *inner)

    for file in (Path(schema.__file__).parent / "schemas").glob("*.json"):
        assert words(json.loads(file.read_text("utf-8"))) <= _SAME_IN_BOTH_DRAFTS
        assert schema.schema_text(file.stem)
