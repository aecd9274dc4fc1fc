"""What device and worker say to each other: topics, the properties around a payload, and the results.

    PREFIX/DEVICE/lattice       device to worker    a lattice in its wire form
    PREFIX/DEVICE/result        worker to device    `Result` or `Refusal`, as JSON
    PREFIX/DEVICE/availability  device to all       "online" or "offline", retained

Each request has one id, made once and kept through every repeat, in the MQTT property Correlation Data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from alexa_local.errors import MessageError
from alexa_local.messages import Hypothesis
from alexa_local.mqtt.schema import check, read_json

VERSION = "1"
"""The user property `v` of every message; another version is refused."""

LATTICE_TYPE = "application/vnd.alexa-local.lattice"
RESULT_TYPE = "application/json"

ONLINE, OFFLINE = "online", "offline"
"""The payloads of availability."""

MOST_READINGS = 6
"""Readings in a result."""


@dataclass(frozen=True)
class Result:
    """What a worker read in a lattice.

    Attributes:
        hypotheses: best first, one at least; their scores are natural logarithms of probabilities.
        confidence: how sure the worker is of the first, 0 to 1.
        worker: which one it was.
    """

    hypotheses: tuple[Hypothesis, ...]
    confidence: float
    worker: str


@dataclass(frozen=True)
class Refusal:
    """That a lattice will never have a result, such as one that cannot be read.

    Attributes:
        why: in a few words, without anything that the lattice says.
    """

    why: str


def lattice_topic(prefix: str, device: str) -> str:
    """Where a device sends its lattices."""
    return f"{prefix}/{device}/lattice"


def result_topic(prefix: str, device: str) -> str:
    """Where it gets their results."""
    return f"{prefix}/{device}/result"


def availability_topic(prefix: str, device: str) -> str:
    """Where it says whether it is there."""
    return f"{prefix}/{device}/availability"


def workers_filter(prefix: str, group: str = "rerank") -> str:
    """What a worker subscribes to: each lattice goes to one worker of the group."""
    return f"$share/{group}/{lattice_topic(prefix, '+')}"


def device_of(prefix: str, topic: str) -> str:
    """The device that sent a lattice to this topic.

    Raises:
        MessageError: it is no topic of lattices.
    """
    device = topic.removeprefix(f"{prefix}/").removesuffix("/lattice")
    if not device or "/" in device or topic != lattice_topic(prefix, device):
        raise MessageError("The topic is none of lattices. Subscribe to PREFIX/+/lattice.")
    return device


def lattice_properties(request: UUID, answer_to: str, expires_s: int) -> Properties:
    """What goes around a lattice: its request's id, the topic for the result, and how long it is wanted."""
    properties = _properties(request, LATTICE_TYPE)
    properties.ResponseTopic = answer_to
    properties.MessageExpiryInterval = expires_s
    return properties


def result_properties(request: UUID) -> Properties:
    """What goes around a result or a refusal."""
    return _properties(request, RESULT_TYPE)


def request_of(properties: Properties | None, content_type: str) -> UUID:
    """The id of the request that a message is about.

    Raises:
        MessageError: it has none, or is of another type or version than we know.
    """
    if dict(getattr(properties, "UserProperty", ())).get("v") != VERSION:
        raise MessageError(f"The message is not of version {VERSION}. Update the older of the two programs.")
    if getattr(properties, "ContentType", "") != content_type:
        raise MessageError(f"The message's content type is not {content_type}. Correct its sender.")
    correlation = getattr(properties, "CorrelationData", b"")
    if len(correlation) != 16:
        raise MessageError("The message's Correlation Data is no id of 16 bytes. Correct its sender.")
    return UUID(bytes=bytes(correlation))


def encode_result(answer: Result | Refusal) -> bytes:
    """The payload of an answer.

    Raises:
        MessageError: the answer does not fit its schema.
    """
    name = "refusal" if isinstance(answer, Refusal) else "result"
    value = {"refused": answer.why} if isinstance(answer, Refusal) else _as_json(answer)
    check(name, value)
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def decode_result(payload: bytes) -> Result | Refusal:
    """The answer in a payload; what it has beyond the schema is ignored.

    Raises:
        MessageError: it does not fit its schema.
    """
    value = read_json(payload)
    if "refused" in value:
        check("refusal", value)
        return Refusal(value["refused"])
    check("result", value)
    readings = [Hypothesis(one["text"], float(one["log_probability"])) for one in value["hypotheses"]]
    return Result(tuple(readings), float(value["confidence"]), value["worker"])


def _as_json(result: Result) -> dict[str, object]:
    readings = [{"text": one.text, "log_probability": one.score} for one in result.hypotheses]
    return {"hypotheses": readings, "confidence": result.confidence, "worker": result.worker}


def _properties(request: UUID, content_type: str) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType = content_type
    properties.CorrelationData = request.bytes
    properties.UserProperty = ("v", VERSION)
    return properties
