"""One MQTT 5 session with its thread; whoever closes it can be sure that nothing more is sent."""

from __future__ import annotations

import logging
import random
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from alexa_local.config import MqttSettings
from alexa_local.errors import ConfigError
from alexa_local.mqtt.identity import client_id, device_id
from alexa_local.mqtt.wire import OFFLINE, ONLINE, availability_topic

_LOG = logging.getLogger(__name__)
_KEEP_ALIVE_S = 30
_SOCKET_LIMIT_S = 5.0
_RETRY_JITTER = 0.5
_NO_RETAINED = 2
_MOST_REFUSALS = 16

Take = Callable[[bytes, Properties | None], None]
"""Takes a message's payload and properties, in the session's thread; returns at once, and never raises."""


@dataclass(frozen=True)
class Habits:
    """What a session does beside sending what it is given.

    Attributes:
        topics: what it listens to, and who takes what comes.
        on_listening: called whenever it is connected and listens, in its thread.
        retry_s: seconds between attempts to connect, the first and the longest; chance adds up to half.
    """

    topics: Mapping[str, Take] = field(default_factory=dict)
    on_listening: Callable[[], None] = lambda: None
    retry_s: tuple[float, float] = (1.0, 60.0)


class Connection:
    """A session that connects again by itself, until it is closed; it says for all to read when it is there.

    Attributes:
        ready: set while the broker accepts messages.
        listening: set while it also hears its topics.
        trouble: why it is not ready, in a few words.
    """

    def __init__(self, settings: MqttSettings, habits: Habits | None = None) -> None:
        self.ready, self.listening = threading.Event(), threading.Event()
        self.trouble = "no answer yet"
        self._habits = habits or Habits()
        self._closing = False
        self._refusals: dict[int, str] = {}
        self._availability = availability_topic(settings.topic_prefix, device_id(settings))
        name = client_id(settings)
        self._client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
        self._set_up(settings)
        self._client.connect_async(settings.host, settings.port, keepalive=_KEEP_ALIVE_S, clean_start=True)
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

    def post(self, topic: str, payload: bytes, properties: Properties) -> bool:
        """Send without waiting for anything; False when nobody would hear the answer now."""
        if not self.listening.is_set():
            return False
        info = self._client.publish(topic, payload, qos=1, properties=properties)
        return info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def close(self) -> None:
        """End the session, and wait until its thread sends nothing more; the broker says that we are gone."""
        self._closing = True
        self.ready.clear()
        self.listening.clear()
        self._goodbye()
        self._thread.join(2 * _SOCKET_LIMIT_S)
        if self._thread.is_alive():
            _LOG.warning("The thread mqtt is still connecting; it will end without sending anything.")

    def _goodbye(self) -> None:
        self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))

    def _set_up(self, settings: MqttSettings) -> None:
        client, retry_s = self._client, self._habits.retry_s
        client.will_set(self._availability, OFFLINE, qos=1, retain=True)
        first_s, last_s = (each * (1 + _RETRY_JITTER * random.random()) for each in retry_s)
        client.reconnect_delay_set(first_s, last_s)  # type: ignore[arg-type]  # it only adds them to times
        client.connect_timeout = _SOCKET_LIMIT_S
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        if settings.username:
            client.username_pw_set(settings.username, settings.password or None)
        if settings.tls_ca_file:
            self._use_tls(settings)

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
            self._goodbye()  # goes out before anything that waits, and ends the thread
        elif reason.is_failure:
            self._note(str(reason))
        else:
            _LOG.info("Connected to the MQTT broker.")
            self.trouble = ""
            client.publish(self._availability, ONLINE, qos=1, retain=True)
            self.ready.set()
            if self._habits.topics:
                options = SubscribeOptions(qos=1, noLocal=True, retainHandling=_NO_RETAINED)
                client.subscribe([(topic, options) for topic in self._habits.topics])

    def _on_subscribe(
        self,
        _client: Client,
        _data: Any,
        _number: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            _LOG.warning("The MQTT broker lets us hear no results (%s). Check its access rules.", refused[0])
        elif not self._closing:
            self.listening.set()
            self._habits.on_listening()

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        take = self._habits.topics.get(message.topic)
        if take and not message.retain and not self._closing:
            take(bytes(message.payload), message.properties)

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
        self.listening.clear()
        if reason.is_failure:
            self._note(self.trouble or str(reason))

    def _on_publish(
        self, _client: Client, _data: Any, number: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            if not self._refusals:
                _LOG.warning("The MQTT broker refuses what we publish (%s). Check its access rules.", reason)
            self._refusals[number] = str(reason)
            if len(self._refusals) > _MOST_REFUSALS:  # nobody asks for those of lattices
                del self._refusals[next(iter(self._refusals))]

    def _note(self, trouble: str) -> None:
        """Keep the reason, and log it only when it is a new one: a broker may be away for days."""
        if trouble != self.trouble:
            _LOG.warning(
                "No MQTT broker (%s); trying again every %g to %g s.", trouble, *self._habits.retry_s
            )
        self.trouble = trouble
