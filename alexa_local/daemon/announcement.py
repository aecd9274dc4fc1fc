"""When Home Assistant is told that this device exists, and when that it does no more."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Protocol

from alexa_local import __version__
from alexa_local.config import MqttSettings
from alexa_local.errors import StorageError
from alexa_local.mqtt import Broker, Kind, device_id, home_assistant
from alexa_local.mqtt.message import Message, Subscription

_LOG = logging.getLogger(__name__)

_BIRTH_S = 3.0
"""Seconds over which devices answer Home Assistant's birth, which all of them hear at once."""

_AGAIN_S = 1.0
_KEY = "home_assistant_topic"


class Memory(Protocol):
    """What outlives the process: `store.Store`."""

    def setting(self, key: str, default: str) -> str:
        """What was remembered."""

    def remember(self, key: str, value: str) -> None:
        """Keep it."""


class Announcement:
    """One retained message; where it was put is remembered, so that it is taken away when it is not wanted.

    Attributes:
        due_s: when `turn` has something to do; infinity for never.
    """

    def __init__(
        self,
        settings: MqttSettings,
        broker: Broker,
        memory: Memory,
        wake: Callable[[], None],
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.due_s = clock()
        self._broker, self._memory, self._wake = broker, memory, wake
        self._clock, self._chance = clock, chance
        self._message: Message | None = None
        if not settings.home_assistant:
            return
        prefix, device = settings.topic_prefix, device_id(settings)
        self._message = home_assistant.discovery(
            *(settings.home_assistant_prefix, prefix, device, __version__),
            *(settings.events, settings.commands),
        )
        status = home_assistant.status_topic(settings.home_assistant_prefix)
        broker.subscribe(Subscription(Kind.COMMAND, status, self._take))

    def soon(self, in_s: float) -> None:
        """Tell it within this time, from any thread."""
        self.due_s = self._clock() + in_s
        self._wake()

    def turn(self) -> None:
        """Tell it, if it is time to."""
        if self._clock() < self.due_s:
            return
        self.due_s = math.inf
        try:
            done = self._tell()
        except StorageError as error:
            _LOG.error("Where Home Assistant was told of us is not remembered: %s", error)
            return
        if not done and self._broker.connected:
            self.due_s = self._clock() + _AGAIN_S

    def _tell(self) -> bool:
        topic = self._message.topic if self._message else ""
        before = self._memory.setting(_KEY, "")
        if before and before != topic and not self._post(home_assistant.removal(before)):
            return False
        if topic != before:
            self._memory.remember(_KEY, topic)  # first, or a kill in between would leave it there
        return self._message is None or self._post(self._message)

    def _take(self, message: Message) -> None:
        """Called by the connection's thread."""
        if message.payload == home_assistant.BIRTH:
            self.soon(_BIRTH_S * self._chance())

    def _post(self, message: Message) -> bool:
        return self._broker.post(Kind.PRESENCE, message.topic, message.payload, retain=message.retain)
