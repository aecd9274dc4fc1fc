"""A server that reads lattices again, as a test tells it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from uuid import UUID

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alexa_local.errors import NetworkError
from alexa_local.messages import Hypothesis
from alexa_local.mqtt import Refusal, Result
from alexa_local.mqtt.wire import (
    LATTICE_TYPE,
    device_of,
    encode_result,
    request_of,
    result_properties,
    result_topic,
    workers_filter,
)

Read = Callable[[bytes], Result | Refusal | None]
"""From a lattice's bytes to an answer; None for none."""


def reading(text: str, confidence: float = 0.9) -> Result:
    """What a worker says that is sure of one reading."""
    return Result((Hypothesis(text, -1.0),), confidence, "fake")


class Worker:
    """One worker of a broker on this machine; it connects again by itself.

    Attributes:
        seen: how often each request came.
        copies: how often each answer is sent.
    """

    def __init__(self, port: int, read: Read, prefix: str = "alexa-local", copies: int = 1) -> None:
        self.seen: Counter[UUID] = Counter()
        self.copies = copies
        self._read, self._prefix = read, prefix
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(0.05, 0.5)  # type: ignore[arg-type]
        self._client.on_connect = lambda client, *_: client.subscribe(workers_filter(prefix), qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not self._subscribed.wait(60):
            raise NetworkError("The broker did not take the subscription. Look at its configuration.")

    def say(self, topic: str, payload: bytes, request: UUID) -> None:
        """Publish anything as the answer to a request."""
        self._client.publish(topic, payload, qos=1, properties=result_properties(request))

    def close(self) -> None:
        """Go away."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        request = request_of(message.properties, LATTICE_TYPE)
        self.seen[request] += 1
        answer = self._read(bytes(message.payload))
        topic = result_topic(self._prefix, device_of(self._prefix, message.topic))
        for _ in range(self.copies if answer else 0):
            assert answer is not None
            self.say(topic, encode_result(answer), request)
