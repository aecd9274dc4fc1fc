"""Somebody else at the broker: hears everything, and writes what a test wants."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

_LIMIT_S = 120.0


@dataclass(frozen=True)
class Heard:
    """A message that came.

    Attributes:
        topic: where.
        payload: what.
        about: its Correlation Data, b"" for none.
        kept: whether the broker had kept it.
    """

    topic: str
    payload: bytes
    about: bytes = b""
    kept: bool = False

    @property
    def json(self) -> dict[str, Any]:
        """The payload's JSON object, {} for anything else."""
        return dict(json.loads(self.payload)) if self.payload.startswith(b"{") else {}


class Owner:
    """Everything that came since it came itself, in its order.

    Attributes:
        heard: all messages.
    """

    def __init__(self, port: int, topics: str = "#", tls: ssl.SSLContext | None = None) -> None:
        """Connect to 127.0.0.1, and listen."""
        self.heard: list[Heard] = []
        self._changed = threading.Condition()
        self._is_there = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._take
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=1)
        self._client.on_subscribe = lambda *_: self._is_there.set()
        if tls is not None:
            self._client.tls_set_context(tls)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not self._is_there.wait(_LIMIT_S):
            raise AssertionError("the broker let nobody in")

    def publish(self, topic: str, value: object, retain: bool = False, about: bytes = b"") -> None:
        """Write a message, and wait until the broker has it."""
        payload = value if isinstance(value, bytes) else json.dumps(value).encode()
        properties = Properties(PacketTypes.PUBLISH)
        if about:
            properties.CorrelationData = about
        self._client.publish(topic, payload, 1, retain, properties).wait_for_publish(_LIMIT_S)

    def wait(self, wanted: Callable[[Heard], bool], after: int = 0) -> Heard:
        """The first message of this kind, from the one with the number `after` on."""

        def found() -> Heard | None:
            return next((each for each in self.heard[after:] if wanted(each)), None)

        with self._changed:
            if not self._changed.wait_for(lambda: found() is not None, _LIMIT_S):
                raise AssertionError(f"it did not come; what came: {[each.topic for each in self.heard]}")
            message = found()
            assert message is not None
            return message

    def on(self, topic: str) -> list[Heard]:
        """What came there so far."""
        return [each for each in self.heard if each.topic == topic]

    def close(self) -> None:
        """Go away."""
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        about = getattr(message.properties, "CorrelationData", b"")
        with self._changed:
            self.heard.append(Heard(message.topic, bytes(message.payload), bytes(about), message.retain))
            self._changed.notify_all()
