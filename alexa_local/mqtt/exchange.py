"""Lattices out, results in: what the outbox's thread needs of the broker, without knowing MQTT."""

from __future__ import annotations

import logging
from collections.abc import Callable
from uuid import UUID

from alexa_local.config import MqttSettings
from alexa_local.errors import MessageError
from alexa_local.mqtt.broker import Broker
from alexa_local.mqtt.gate import Kind
from alexa_local.mqtt.identity import device_id
from alexa_local.mqtt.message import Message, Subscription
from alexa_local.mqtt.wire import (
    RESULT_TYPE,
    Refusal,
    Result,
    decode_result,
    lattice_properties,
    lattice_topic,
    request_of,
    result_topic,
)

_LOG = logging.getLogger(__name__)


class Exchange:
    """The topics of one device's lattices and results, at one broker.

    Attributes:
        invalid: messages on the topic of results that were none; they are not acted upon.
        sent: lattices that went out, repeats included.
        sent_bytes: their payloads' bytes.
    """

    def __init__(
        self,
        settings: MqttSettings,
        broker: Broker,
        on_answer: Callable[[UUID, Result | Refusal], None],
        on_listening: Callable[[], None],
    ) -> None:
        """Hand answers on, and tell whenever the broker is there; both in the connection's thread."""
        self.invalid = self.sent = self.sent_bytes = 0
        self._broker, self._on_answer = broker, on_answer
        device = device_id(settings)
        self._out = lattice_topic(settings.topic_prefix, device)
        self._in = result_topic(settings.topic_prefix, device)
        broker.subscribe(Subscription(Kind.SPEECH, self._in, self._take))
        broker.when_listening(on_listening)

    def send(self, request: UUID, lattice: bytes, expires_s: int) -> bool:
        """Send a lattice, for so long wanted; False when there is no connection, or local-only forbids it."""
        properties = lattice_properties(request, self._in, expires_s)
        if not self._broker.post(Kind.SPEECH, self._out, lattice, properties):
            return False
        self.sent, self.sent_bytes = self.sent + 1, self.sent_bytes + len(lattice)
        return True

    def _take(self, message: Message) -> None:
        try:
            request, answer = request_of(message.properties, RESULT_TYPE), decode_result(message.payload)
        except MessageError as error:
            self.invalid += 1
            _LOG.warning("A result was refused (%d so far): %s", self.invalid, error)
        else:
            self._on_answer(request, answer)
