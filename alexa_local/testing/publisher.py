"""A broker that keeps what it is sent."""

from __future__ import annotations

from alexa_local.errors import NetworkError
from alexa_local.mqtt import Kind


class FakePublisher:
    """Remembers every message.

    Attributes:
        sent: (topic, payload) of each message.
        unreachable: topics for which there is no broker.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.unreachable: set[str] = set()

    def publish(self, kind: Kind, topic: str, payload: str) -> None:
        """Keep one message."""
        if topic in self.unreachable:
            raise NetworkError("The MQTT broker cannot be reached. Check that it runs.")
        self.sent.append((topic, payload))
