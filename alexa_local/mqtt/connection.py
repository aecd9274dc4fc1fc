"""One MQTT 5 session with its thread; whoever closes it can be sure that nothing more is sent."""

from __future__ import annotations

import logging
import ssl
import threading
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from alexa_local.config import MqttSettings
from alexa_local.errors import ConfigError

_LOG = logging.getLogger(__name__)
_KEEP_ALIVE_S = 30
_SOCKET_LIMIT_S = 5.0
_FIRST_RETRY_S, _LAST_RETRY_S = 1, 60


class Connection:
    """A session that connects again by itself, until it is closed.

    Attributes:
        ready: set while the broker accepts messages.
        trouble: why it is not ready, in a few words.
    """

    def __init__(self, settings: MqttSettings) -> None:
        self.ready = threading.Event()
        self.trouble = "no answer yet"
        self._closing = False
        self._refusals: dict[int, str] = {}
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.reconnect_delay_set(_FIRST_RETRY_S, _LAST_RETRY_S)
        self._client.connect_timeout = _SOCKET_LIMIT_S
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        if settings.username:
            self._client.username_pw_set(settings.username, settings.password or None)
        if settings.tls_ca_file:
            self._use_tls(settings)
        self._client.connect_async(settings.host, settings.port, keepalive=_KEEP_ALIVE_S)
        self._thread = threading.Thread(
            target=self._client.loop_forever,
            kwargs={"retry_first_connection": True},
            name="mqtt",
            daemon=True,
        )
        self._thread.start()

    def send(self, topic: str, payload: str, limit_s: float) -> str | None:
        """Send with delivery "at least once".

        Returns:
            "" when the broker has the message, its reason when it refused, None when it said nothing in time;
            then the message may still be sent, unless this connection is closed.
        """
        info = self._client.publish(topic, payload, qos=1)
        try:
            info.wait_for_publish(limit_s)
        except (RuntimeError, ValueError):  # the connection was lost in this moment
            return None
        return self._refusals.pop(info.mid, "") if info.is_published() else None

    def close(self) -> None:
        """End the session, and wait until its thread sends nothing more."""
        self._closing = True
        self.ready.clear()
        self._client.disconnect()
        self._thread.join(2 * _SOCKET_LIMIT_S)
        if self._thread.is_alive():
            _LOG.warning("The thread mqtt is still connecting; it will end without sending anything.")

    def _use_tls(self, settings: MqttSettings) -> None:
        try:
            self._client.tls_set(ca_certs=str(settings.tls_ca_file))
        except (OSError, ValueError, ssl.SSLError) as error:
            raise ConfigError(
                f"mqtt.tls_ca_file: {settings.tls_ca_file} cannot be used ({error}). Name a PEM file."
            ) from error

    def _on_connect(
        self,
        client: Client,
        _data: Any,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self._closing:
            client.disconnect()  # goes out before anything that waits, and ends the thread
        elif reason.is_failure:
            self._note(str(reason))
        else:
            _LOG.info("Connected to the MQTT broker.")
            self.trouble = ""
            self.ready.set()

    def _on_connect_fail(self, client: Client, _data: Any) -> None:
        if self._closing:
            client.disconnect()
        self._note("no connection")

    def _on_disconnect(
        self,
        _client: Client,
        _data: Any,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self.ready.clear()
        if reason.is_failure:
            self._note(self.trouble or str(reason))

    def _on_publish(
        self, _client: Client, _data: Any, number: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refusals[number] = str(reason)

    def _note(self, trouble: str) -> None:
        """Keep the reason, and log it only when it is a new one: a broker may be away for days."""
        if trouble != self.trouble:
            _LOG.warning(
                "No MQTT broker (%s); trying again every %d to %d s.", trouble, _FIRST_RETRY_S, _LAST_RETRY_S
            )
        self.trouble = trouble
