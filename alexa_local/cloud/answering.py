"""From a message with a lattice to what is published for it; it knows no broker.

A worker trusts no message: it answers to the topic of the very device that the lattice's topic names, to no
other, whatever the message asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from paho.mqtt.properties import Properties

from alexa_local.errors import LatticeError, MessageError
from alexa_local.messages import Hypothesis, Lattice
from alexa_local.mqtt import wire
from alexa_local.recognise.lattice_wire import from_bytes

Outcome = Literal["answered", "unreadable", "too_large", "failed", "foreign_topic", "no_request"]
"""What became of a lattice; the last two cannot be answered, as nobody knows to whom."""

MOST_PAYLOAD_BYTES = 16 * 1024
"""A request's lattice has a thousand bytes; one of more than these is not read."""


class Reads(Protocol):
    """What reads a lattice again: `Reranker`, or a test's own."""

    def rerank(self, lattice: Lattice) -> tuple[list[Hypothesis], float]:
        """Readings, best first, and how probable the best is."""


@dataclass(frozen=True)
class Answer:
    """What to publish: where, what, and for which request."""

    topic: str
    payload: bytes
    request: UUID


class Answering:
    """Answers lattices below one topic prefix.

    Attributes:
        prefix: that of all topics.
    """

    def __init__(self, prefix: str, reader: Reads, worker: str) -> None:
        self.prefix = prefix
        self._reader = reader
        self._worker = worker

    def answer(
        self, topic: str, payload: bytes, properties: Properties | None
    ) -> tuple[Outcome, Answer | None]:
        """What became of a lattice, and what to publish; None if nobody can be told."""
        try:
            answer_to = wire.result_topic(self.prefix, wire.device_of(self.prefix, topic))
            request = wire.request_of(properties, wire.LATTICE_TYPE)
        except MessageError:
            return "no_request", None
        if getattr(properties, "ResponseTopic", "") != answer_to:
            return "foreign_topic", None
        outcome, said = self._read(payload)
        return outcome, Answer(answer_to, wire.encode_result(said), request)

    def _read(self, payload: bytes) -> tuple[Outcome, wire.Result | wire.Refusal]:
        if len(payload) > MOST_PAYLOAD_BYTES:
            return "too_large", wire.Refusal(f"a lattice may have {MOST_PAYLOAD_BYTES} bytes")
        try:
            hypotheses, confidence = self._reader.rerank(from_bytes(payload))
            result = wire.Result(tuple(hypotheses[: wire.MOST_READINGS]), confidence, self._worker)
            wire.encode_result(result)
        except (LatticeError, MessageError):
            return "unreadable", wire.Refusal("the lattice cannot be read")
        except Exception:  # whatever one lattice does to us, it must not come again and again
            return "failed", wire.Refusal("the worker failed on it")
        return "answered", result
