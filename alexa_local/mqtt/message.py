"""A message as it comes and goes, and what it takes to hear some."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from paho.mqtt.properties import Properties

from alexa_local.mqtt.gate import Kind


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        topic: where it belongs.
        payload: its bytes.
        properties: what MQTT 5 has around it.
        retain: whether the broker keeps it for whoever comes later; of one that came in: whether it was kept.
    """

    topic: str
    payload: bytes
    properties: Properties | None = None
    retain: bool = False


Take = Callable[[Message], None]
"""Takes a message, in the session's thread; returns at once, and never raises."""


@dataclass(frozen=True)
class Subscription:
    """What to listen to, for as long as the gate allows its kind.

    Attributes:
        kind: what comes, or what it is about.
        topics: an MQTT topic filter.
        take: takes what comes.
        retained: whether it wants what the broker has kept as well.
    """

    kind: Kind
    topics: str
    take: Take
    retained: bool = False
