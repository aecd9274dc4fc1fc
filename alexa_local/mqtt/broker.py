"""Sends messages to one MQTT broker, and knows whether they arrived: now, or not at all.

The connection is made and kept in the background. A message that the broker did not confirm in time is
given up together with its connection, so that no light goes on an hour later.
"""

from __future__ import annotations

import logging
import threading

from paho.mqtt.properties import Properties

from alexa_local.config import MqttSettings
from alexa_local.errors import NetworkError, RequestRefused
from alexa_local.mqtt.connection import Connection, Habits
from alexa_local.mqtt.gate import Gate

_LOG = logging.getLogger(__name__)

CONNECT_LIMIT_S = 3.0
"""Seconds that a message waits for a connection; a person waits for the answer."""

CONFIRM_LIMIT_S = 3.0
"""Seconds until the broker must have confirmed a message."""

MOST_PAYLOAD_BYTES = 256 * 1024
"""Bytes of one message; more is a fault in whoever sends it."""


class Broker:
    """The broker of the configuration; `publish` may be called from any thread."""

    def __init__(
        self,
        settings: MqttSettings,
        gate: Gate,
        connect_limit_s: float = CONNECT_LIMIT_S,
        confirm_limit_s: float = CONFIRM_LIMIT_S,
        habits: Habits | None = None,
    ) -> None:
        self._settings = settings
        self._gate = gate
        self._connect_limit_s = connect_limit_s
        self._confirm_limit_s = confirm_limit_s
        self._habits = habits or Habits()
        self._lock = threading.Lock()
        self._allowed_speech = gate.allows_speech()
        self._connection: Connection | None = None
        self._closed = False

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
        self.gate_changed()

    def gate_changed(self) -> None:
        """Connect or disconnect, as the gate says; afterwards nothing is sent to a forbidden broker.

        Nor is anything of speech to an allowed one, if the gate holds that back: a connection that may still
        have some of it is replaced.
        """
        with self._lock:
            if self._closed:
                return
            forbids_speech = self._allowed_speech and not self._gate.allows_speech()
            self._allowed_speech = self._gate.allows_speech()
            is_allowed = self._gate.is_allowed(self._settings.host)
            if forbids_speech or not is_allowed:
                self._drop()
            if is_allowed and self._connection is None:
                self._connect()

    def publish(self, topic: str, payload: str) -> None:
        """Send one message, and return when the broker has it.

        Raises:
            RequestRefused: local-only mode forbids it; nothing was sent.
            NetworkError: there is no connection, the broker refused, or it did not confirm in time.
        """
        if not topic or any(sign in topic for sign in "+#\0"):
            raise NetworkError(
                "A topic cannot be published to: it is empty or has `+` or `#`. Name another one."
            )
        if len(payload.encode()) > MOST_PAYLOAD_BYTES:
            raise NetworkError(f"A message of {len(payload)} characters is too long. Shorten the payload.")
        with self._lock:
            if not self._gate.is_allowed(self._settings.host):
                self._drop()
                raise RequestRefused("Local only mode is on, so I don't send anything over the network.")
            if self._closed:
                raise NetworkError("The connection to the broker was closed. Start the daemon again.")
            self._send(self._connection or self._connect(), topic, payload)

    def post(self, topic: str, payload: bytes, properties: Properties) -> bool:
        """Send something that derives from speech; whether it went out, the receiver's answer will tell.

        Returns:
            False when it was not sent: there is no connection, or local-only mode forbids it.
        """
        with self._lock:
            allowed = self._gate.allows_speech() and self._gate.is_allowed(self._settings.host)
            if self._closed or not allowed or self._connection is None:
                return False
            return self._connection.post(topic, payload, properties)

    def close(self) -> None:
        """Say goodbye to the broker; the object is not used afterwards."""
        with self._lock:
            self._closed = True
            self._drop()

    def _send(self, connection: Connection, topic: str, payload: str) -> None:
        where = f"{self._settings.host}:{self._settings.port}"
        if not connection.ready.wait(self._connect_limit_s):
            raise NetworkError(
                f"The MQTT broker at {where} cannot be reached ({connection.trouble}). "
                "Check that it runs, and the section mqtt of the configuration."
            )
        refusal = connection.send(topic, payload, self._confirm_limit_s)
        if refusal is None:
            self._drop()
            self._connect()
            raise NetworkError(f"The MQTT broker at {where} did not confirm a message. Check the network.")
        if refusal:
            raise NetworkError(
                f"The MQTT broker at {where} refused a message ({refusal}). Check its access rules."
            )

    def _connect(self) -> Connection:
        self._connection = Connection(self._settings, self._habits)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
