"""Devices that send lattices to a broker and wait for what a worker says: one connection for all of them."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Any
from uuid import UUID, uuid4

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alexa_local.errors import MessageError, NetworkError
from alexa_local.mqtt import wire
from alexa_local.mqtt.wire import Refusal, Result

_EXPIRES_S = 60


class LatticeSenders:
    """Any number of devices below one prefix.

    Attributes:
        results: every answer that came, by the request's id, in the order of coming.
        came_s: when each first answer came, by `time.monotonic`.
        strays: topics of messages that are no answers.
    """

    def __init__(self, port: int, prefix: str = "alexa-local") -> None:
        self.results: dict[UUID, list[Result | Refusal]] = defaultdict(list)
        self.came_s: dict[UUID, float] = {}
        self.strays: list[str] = []
        self._prefix = prefix
        self._changed = threading.Condition()
        self._taken: set[UUID] = set()
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.max_inflight_messages_set(1000)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_disconnect = lambda *_: self._subscribed.clear()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self.wait_connected()

    def wait_connected(self, limit_s: float = 20.0) -> None:
        """Return when answers can come.

        Raises:
            NetworkError: the broker took no subscription in time.
        """
        if not self._subscribed.wait(limit_s):
            raise NetworkError("The broker did not take the subscription. Look at its configuration.")

    def send(
        self, device: str, lattice: bytes, request: UUID | None = None, answer_to: str | None = None
    ) -> UUID:
        """Send a lattice, or one again; returns its request's id at once."""
        request = request or uuid4()
        answer_to = wire.result_topic(self._prefix, device) if answer_to is None else answer_to
        properties = wire.lattice_properties(request, answer_to, _EXPIRES_S)
        self._client.publish(wire.lattice_topic(self._prefix, device), lattice, qos=1, properties=properties)
        return request

    def result(self, request: UUID, limit_s: float = 30.0) -> Result | Refusal:
        """The first answer to a request.

        Raises:
            NetworkError: none came in time.
        """
        self.wait_for([request], limit_s)
        return self.results[request][0]

    def wait_for(self, requests: list[UUID], limit_s: float) -> None:
        """Return when each of these has an answer.

        Raises:
            NetworkError: some have none in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self.came_s.keys() >= set(requests), limit_s):
                missing = len(set(requests) - self.came_s.keys())
                raise NetworkError(f"{missing} of {len(requests)} lattices have no answer. See the log.")

    def wait_worker(self, lattice: bytes, tries: int = 60) -> None:
        """Return when a worker answers; a lattice before its subscription goes to nobody.

        Raises:
            NetworkError: none does.
        """
        for _ in range(tries):
            try:
                self.result(self.send("probe", lattice), 1.0)
                return
            except NetworkError:
                continue
        raise NetworkError("No worker answers. Start one.")

    def wait_taken(self, requests: list[UUID], limit_s: float = 30.0) -> None:
        """Return when the broker has passed on these lattices.

        Raises:
            NetworkError: it does not in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._taken.issuperset(requests), limit_s):
                raise NetworkError("The broker does not pass on lattices. Look at its log.")

    def close(self) -> None:
        """Go away."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        with self._changed:
            if message.topic.endswith("/lattice"):
                self._taken.add(wire.request_of(message.properties, wire.LATTICE_TYPE))
                self._changed.notify_all()
                return
            try:
                request = wire.request_of(message.properties, wire.RESULT_TYPE)
                self.results[request].append(wire.decode_result(bytes(message.payload)))
                self.came_s.setdefault(request, time.monotonic())
            except MessageError:
                self.strays.append(message.topic)
            self._changed.notify_all()
