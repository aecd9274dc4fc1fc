"""The broker as a shelf: it keeps one retained message at each topic, which we read, replace and take away.

A broker answers in order. So all that is retained at some topics has come when a message of our own has come
that was published after the subscription; and everything is on the shelf when the broker has confirmed it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from alexa_local.cloud.broker import BrokerSettings, make_client
from alexa_local.errors import NetworkError

_LIMIT_S = 30.0
_TURN_S = 0.25
_KEEP_ALIVE_S = 30
_WINDOW = 16
_AT_ONCE = 200
_MARK_TOPIC = "asked"
_REMEDY = "Run the same command again: it goes on where it was."


class Shelf:
    """One connection to the broker; everything happens in the caller's thread."""

    def __init__(self, settings: BrokerSettings, root: str) -> None:
        """Prepare it.

        Args:
            settings: how the broker is reached.
            root: what all topics on the shelf begin with, without a slash at the end.

        Raises:
            ConfigError: a certificate or its key cannot be used.
        """
        self._settings, self._mark_topic = settings, f"{root}/{_MARK_TOPIC}"
        self._connected = self._subscribed = False
        self._trouble = ""
        self._mark = b""
        self._found: dict[str, bytes] = {}
        self._waiting: set[int] = set()
        self._refused = ""
        self._client = make_client(f"alexa-local-publish-{secrets.token_hex(4)}", settings)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe

    def __enter__(self) -> Shelf:
        """Connect.

        Raises:
            NetworkError: the broker cannot be reached, or refuses.
        """
        where = f"{self._settings.host}:{self._settings.port}"
        try:
            self._client.connect(self._settings.host, self._settings.port, keepalive=_KEEP_ALIVE_S)
        except OSError as error:
            raise NetworkError(
                f"The broker {where} cannot be reached ({error.strerror or type(error).__name__}). Check "
                "--broker, and that it runs."
            ) from error
        self._wait(lambda: self._connected)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Go away."""
        self._client.disconnect()
        self._client.loop(_TURN_S)

    def look(self, filters: Sequence[str]) -> dict[str, bytes]:
        """What is retained at some topics: payloads by topic; nothing for those without a message.

        Raises:
            NetworkError: the broker refuses to say, or is gone.
        """
        self._found = {}
        for at in range(0, len(filters), _AT_ONCE):
            asked = [*filters[at : at + _AT_ONCE], self._mark_topic]
            self._subscribed, self._mark = False, secrets.token_bytes(16)
            mark = self._mark
            self._client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in asked])
            self._wait(lambda: self._subscribed)
            self._client.publish(self._mark_topic, mark, qos=1)
            self._wait(lambda: not self._mark)
            self._client.unsubscribe(asked)
        return self._found

    def put(self, messages: Iterable[tuple[str, bytes]]) -> int:
        """Lay messages on the shelf, in this order, and return how many when the broker has all of them.

        Raises:
            NetworkError: the broker refuses one, or is gone.
        """
        count = 0
        for topic, payload in messages:
            self._wait(lambda: len(self._waiting) < _WINDOW)
            sent = self._client.publish(topic, payload, qos=1, retain=True)
            if not sent.is_published():
                self._waiting.add(sent.mid)
            count += 1
        self._wait(lambda: not self._waiting)
        return count

    def take_away(self, topics: Iterable[str]) -> int:
        """Leave nothing at these topics.

        Raises:
            NetworkError: the broker refuses, or is gone.
        """
        return self.put((topic, b"") for topic in topics)

    def _wait(self, done: Callable[[], bool]) -> None:
        until_s = time.monotonic() + _LIMIT_S
        while not done():
            code = self._client.loop(_TURN_S)
            if self._refused:
                raise NetworkError(
                    f"The broker refuses ({self._refused}). Check its access rules and limits."
                )
            if self._trouble or code != MQTTErrorCode.MQTT_ERR_SUCCESS:
                raise NetworkError(f"The broker is gone ({self._trouble or 'connection lost'}). {_REMEDY}")
            if time.monotonic() > until_s:
                raise NetworkError(
                    f"The broker has not answered for {_LIMIT_S:.0f} s. Check its access rules. {_REMEDY}"
                )

    def _on_connect(self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, about: Any) -> None:
        if reason.is_failure:
            self._refused = str(reason)
        elif getattr(about, "RetainAvailable", 1) == 0:
            self._refused = "it keeps no messages: retained ones are switched off"
        self._connected = True

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _more: Any
    ) -> None:
        self._trouble = self._trouble or str(reason)

    def _on_subscribe(self, _client: Client, _data: Any, _number: int, reasons: Any, _more: Any) -> None:
        self._refused = next((str(reason) for reason in reasons if reason.is_failure), self._refused)
        self._subscribed = True

    def _on_publish(self, _client: Client, _data: Any, number: int, reason: ReasonCode, _more: Any) -> None:
        self._waiting.discard(number)
        if reason.is_failure:
            self._refused = str(reason)

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        client.ack(message.mid, message.qos)
        if message.topic == self._mark_topic:
            if message.payload == self._mark:
                self._mark = b""
        elif message.retain:
            self._found[message.topic] = bytes(message.payload)
