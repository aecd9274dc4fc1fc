"""The MQTT library's client without a network: a test connects it, breaks it, and says what goes through."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from alexa_local.mqtt.meter import Meter

Written = Callable[[str, bytes], None]
"""Told of each message when its bytes leave."""


class FakeInfo:
    """What the library says of a message."""

    def __init__(self, number: int) -> None:
        self.mid, self.rc = number, MQTTErrorCode.MQTT_ERR_SUCCESS
        self.confirmed = False

    def wait_for_publish(self, limit_s: float) -> None:
        """Wait for nothing: time passes only when a test says so."""

    def is_published(self) -> bool:
        """Whether the broker has confirmed it."""
        return self.confirmed


class FakeSession:
    """Stands in for `mqtt.session.Session`; `network` keeps every one that was made.

    Attributes:
        ended: set when nothing can leave any more.
        meter: counts nothing.
        is_slow: whether what is published waits until `write`.
    """

    def __init__(self, network: FakeNetwork) -> None:
        self.ended = threading.Event()
        self.meter = Meter(lambda traffic: None)
        self.is_slow = network.is_slow
        self._written = network.written
        self._is_there = False
        self._numbers = 0
        self._asked = (0, 0)
        self._queued: list[tuple[str, bytes, FakeInfo]] = []
        self._unconfirmed: list[FakeInfo] = []

    def connect(self) -> None:
        """Let the broker accept it."""
        if not self.ended.is_set() and not self._is_there:
            self._is_there = True
            self.on_connect(self, None, None, ReasonCode(PacketTypes.CONNACK, "Success"), None)
            self._subscribed()

    def lose(self) -> None:
        """Break the connection; what was not confirmed will be sent again, as the library does."""
        if self._is_there:
            self._is_there = False
            lost = ReasonCode(PacketTypes.DISCONNECT, "Unspecified error")
            self.on_disconnect(self, None, None, lost, None)

    def write(self) -> None:
        """Let leave what waits, if there is a way."""
        if self._is_there and not self.ended.is_set():
            queued, self._queued = self._queued, []
            for topic, payload, info in queued:
                self._written(topic, payload)
                self._unconfirmed.append(info)

    def confirm(self) -> None:
        """Let the broker confirm what it has."""
        if self._is_there:
            unconfirmed, self._unconfirmed = self._unconfirmed, []
            for info in unconfirmed:
                info.confirmed = True
                self.on_publish(self, None, info.mid, ReasonCode(PacketTypes.PUBACK, "Success"), None)

    def publish(self, topic: str, payload: bytes, *_: object) -> FakeInfo:
        """Take a message."""
        self._numbers += 1
        info = FakeInfo(self._numbers)
        self._queued.append((topic, payload, info))
        if not self.is_slow:
            self.write()
            self.confirm()
        return info

    def subscribe(self, asked: list[Any]) -> tuple[int, int]:
        """Ask for topics."""
        self._numbers += 1
        self._asked = self._numbers, len(asked)
        return 0, self._numbers

    def unsubscribe(self, topics: str) -> None:
        """Ask for no more of them."""

    def want_write(self) -> bool:
        """Whether something waits."""
        return bool(self._queued)

    def disconnect(self, *_: object) -> None:
        """Say goodbye, after what waits."""
        self.write()
        self._is_there = False
        self.ended.set()

    def cut(self) -> None:
        """End at once, with what waits."""
        self._queued.clear()
        self._is_there = False
        self.ended.set()

    def _subscribed(self) -> None:
        number, count = self._asked
        if count:
            granted = [ReasonCode(PacketTypes.SUBACK, "Granted QoS 1")] * count
            self.on_subscribe(self, None, number, granted, None)

    def __getattr__(self, name: str) -> Any:
        """The library's other functions, which have nothing to do here."""
        if name in ("will_set", "reconnect_delay_set", "username_pw_set", "connect_async", "loop_start"):
            return lambda *arguments, **options: None
        raise AttributeError(name)


class FakeNetwork:
    """Makes sessions, and keeps them.

    Attributes:
        sessions: all that were made, the newest last.
        is_slow: whether what new ones publish waits until it is written.
        written: told of what leaves.
    """

    def __init__(self, written: Written) -> None:
        self.sessions: list[FakeSession] = []
        self.is_slow = False
        self.written = written

    def __call__(self, count: object, client_id: str) -> FakeSession:
        """Stand in for the class."""
        self.sessions.append(FakeSession(self))
        return self.sessions[-1]
