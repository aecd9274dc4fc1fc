"""Sends messages to one MQTT broker, and knows whether they arrived: now, or not at all.

The connection is made and kept in the background. A message that the broker did not confirm in time is
given up together with its connection, so that no light goes on an hour later. Whoever sends names the kind of
it, and the gate decides: here for each message, and in the connection, which takes only the kinds that the
gate allowed when it was made.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from paho.mqtt.properties import Properties

from alexa_local.config import MqttSettings
from alexa_local.errors import NetworkError, RequestRefused
from alexa_local.mqtt.gate import Gate, Kind
from alexa_local.mqtt.message import Message, Subscription

if TYPE_CHECKING:
    from alexa_local.mqtt.connection import Connection
    from alexa_local.mqtt.meter import Count

_LOG = logging.getLogger(__name__)

CONNECT_LIMIT_S = 3.0
"""Seconds that a message waits for a connection; a person waits for the answer."""

CONFIRM_LIMIT_S = 3.0
"""Seconds until the broker must have confirmed a message."""

FAREWELL_LIMIT_S = 1.0
"""Seconds for the last message before the gate's connection is closed."""

RETRY_S = (1.0, 60.0)
"""Seconds between attempts to connect, the first and the longest; chance adds up to half."""

MOST_PAYLOAD_BYTES = 256 * 1024
"""Bytes of one message; more is a fault in whoever sends it."""


class Broker:
    """The broker of the configuration; any thread may use it, but within a `Take` or a call of
    `when_listening` nothing that waits: not `publish`, `gate_changed` or `close`.

    Attributes:
        farewell: makes what is said last when the gate shuts: the retained state, which tells that. It is of
            kind PRESENCE. None for nothing.
    """

    def __init__(
        self,
        settings: MqttSettings,
        gate: Gate,
        connect_limit_s: float = CONNECT_LIMIT_S,
        confirm_limit_s: float = CONFIRM_LIMIT_S,
        retry_s: tuple[float, float] = RETRY_S,
        count: Count = lambda traffic: None,
    ) -> None:
        """Prepare; `start` connects. `count` is told of everything that goes through, from any thread."""
        self.farewell: Callable[[], Message | None] = lambda: None
        self._settings, self._gate = settings, gate
        self._connect_limit_s, self._confirm_limit_s = connect_limit_s, confirm_limit_s
        self._retry_s, self._count = retry_s, count
        self._turn, self._lock, self._topics = threading.Lock(), threading.Lock(), threading.Lock()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._connection: Connection | None = None
        self._allowed: frozenset[Kind] = frozenset()
        self._is_started = self._closed = False

    @property
    def connected(self) -> bool:
        """Whether the broker is there at this moment."""
        connection = self._connection
        return connection is not None and connection.ready.is_set()

    def start(self) -> None:
        """Begin to connect, if the gate allows it; returns at once.

        Raises:
            ConfigError: the file with the certificate authority cannot be used.
        """
        self._is_started = True
        self.gate_changed()

    def gate_changed(self) -> None:
        """Connect, disconnect or connect anew, as the gate says; call it when that has changed.

        Afterwards nothing is sent that the gate forbids, nor is anything left that waited to be. Where the
        gate shut, the farewell was sent before, if the broker was there.
        """
        with self._lock:
            if self._closed:
                return
            allowed = self._allowed_now()
            if allowed != self._allowed and self._connection is not None:
                self._connection.restrict(allowed)  # first of all; the rest may take a moment
                self._drop(self.farewell() if self._allowed - allowed else None)
            if self._is_started:
                self._connect()

    def subscribe(self, subscription: Subscription) -> None:
        """Listen to something from now on, whenever there is a connection and the gate allows its kind."""
        with self._topics:
            self._subscriptions = (*self._subscriptions, subscription)
        connection = self._connection
        if connection is not None:
            connection.subscribe(subscription)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Listen to it no more."""
        with self._topics:
            self._subscriptions = tuple(each for each in self._subscriptions if each is not subscription)
        connection = self._connection
        if connection is not None:
            connection.unsubscribe(subscription)

    def when_listening(self, call: Callable[[], None]) -> None:
        """Call this whenever the broker is there and listened to, in the connection's thread."""
        self._listeners = (*self._listeners, call)

    def publish(self, kind: Kind, topic: str, payload: str, retain: bool = False) -> None:
        """Send one message, and return when the broker has it.

        Raises:
            RequestRefused: local-only mode forbids it; nothing was sent.
            NetworkError: there is no connection, the broker refused, or it did not confirm in time.
        """
        if not topic or any(sign in topic for sign in "+#\0"):
            raise NetworkError(
                "A topic cannot be published to: it is empty or has `+` or `#`. Name another one."
            )
        data = payload.encode()
        if len(data) > MOST_PAYLOAD_BYTES:
            raise NetworkError(f"A message of {len(payload)} characters is too long. Shorten the payload.")
        with self._turn:
            with self._lock:
                self._ask_gate(kind)
                if self._closed:
                    raise NetworkError("The connection to the broker was closed. Start the daemon again.")
                connection = self._connect()
            if connection is None:
                raise NetworkError("There is no connection to the broker at this moment. Try again.")
            self._send(connection, kind, Message(topic, data, retain=retain))

    def post(
        self,
        kind: Kind,
        topic: str,
        payload: bytes,
        properties: Properties | None = None,
        retain: bool = False,
    ) -> bool:
        """Send something without waiting for anything; what comes of it is not told.

        Returns:
            False when it was not sent: there is no connection, or the gate forbids it.
        """
        connection = self._connection  # before the gate is asked: once it shuts, this one takes no more of it
        if connection is None or not self._gate.allows(kind, self._settings.host):
            return False
        return connection.post(kind, Message(topic, payload, properties, retain))

    def close(self) -> None:
        """Say goodbye to the broker; the object is not used afterwards."""
        with self._lock:
            self._closed = True
            self._drop()

    def _ask_gate(self, kind: Kind) -> None:
        if not self._gate.allows(kind, self._settings.host):
            raise RequestRefused("Local only mode is on, so I don't send anything over the network.")

    def _send(self, connection: Connection, kind: Kind, message: Message) -> None:
        where = f"{self._settings.host}:{self._settings.port}"
        if not connection.ready.wait(self._connect_limit_s):
            raise NetworkError(
                f"The MQTT broker at {where} cannot be reached ({connection.trouble}). "
                "Check that it runs, and the section mqtt of the configuration."
            )
        refusal = connection.send(kind, message, self._confirm_limit_s)
        if refusal is None:
            self._ask_gate(kind)  # it shut meanwhile, and the connection was closed
            with self._lock:
                if self._connection is connection:
                    self._drop()
                    self._connect()
            raise NetworkError(f"The MQTT broker at {where} did not confirm a message. Check the network.")
        if refusal:
            raise NetworkError(
                f"The MQTT broker at {where} refused a message ({refusal}). Check its access rules."
            )

    def _allowed_now(self) -> frozenset[Kind]:
        return frozenset(kind for kind in Kind if self._gate.allows(kind, self._settings.host))

    def _connect(self) -> Connection | None:
        """The connection that there is, or else a new one if the gate lets us say that we are there."""
        from alexa_local.mqtt.connection import Connection  # paho's client: some megabytes

        if self._connection is None and not self._closed:
            self._allowed = self._allowed_now()
            if Kind.PRESENCE in self._allowed:
                self._connection = Connection(
                    *(self._settings, self._allowed, lambda: self._subscriptions),
                    *(self._listening, self._retry_s, self._count),
                )
                self._connection.start()  # by now `subscribe` finds it
        return self._connection

    def _listening(self) -> None:
        """Called by the connection's thread."""
        for call in self._listeners:
            call()

    def _drop(self, last: Message | None = None) -> None:
        if self._connection is not None:
            self._connection.close(last, FAREWELL_LIMIT_S)
            self._connection = None
