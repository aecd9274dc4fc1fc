"""One MQTT 5 session with its thread; whoever closes it can be sure that nothing more is sent."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterable
from typing import Any

from paho.mqtt.client import (
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTMessage,
    MQTTMessageInfo,
    topic_matches_sub,
)
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from alexa_local.config import MqttSettings
from alexa_local.mqtt.gate import Kind
from alexa_local.mqtt.identity import client_id, device_id
from alexa_local.mqtt.message import Message, Subscription
from alexa_local.mqtt.meter import Count
from alexa_local.mqtt.session import Session
from alexa_local.mqtt.tls import tls_context
from alexa_local.mqtt.wire import OFFLINE, ONLINE, availability_topic
from alexa_local.store import Traffic

_LOG = logging.getLogger(__name__)
_KEEP_ALIVE_S = 30
_SOCKET_LIMIT_S = 5.0
_RETRY_JITTER = 0.5
_WITH_RETAINED, _NO_RETAINED = 0, 2
_MOST_REFUSALS = 16
_MOST_UNCONFIRMED = 256


class Connection:
    """A session that connects again by itself, until it is closed; it says for all to read when it is there.

    Attributes:
        ready: set while the broker accepts messages.
        listening: set while it also hears what it subscribed to at first.
        trouble: why it is not ready, in a few words.
    """

    def __init__(
        self,
        settings: MqttSettings,
        allowed: frozenset[Kind],
        subscriptions: Callable[[], Iterable[Subscription]],
        on_listening: Callable[[], None],
        retry_s: tuple[float, float],
        count: Count,
    ) -> None:
        """Prepare; `start` connects.

        Args:
            settings: the broker.
            allowed: the kinds that may pass; all others are refused.
            subscriptions: gives what to listen to; asked at every reconnection and for all that comes.
            on_listening: called whenever it is connected and listens, in its thread.
            retry_s: seconds between attempts to connect, the first and the longest; chance adds up to half.
            count: told of everything that goes through, in its thread.
        """
        self.ready, self.listening = threading.Event(), threading.Event()
        self.trouble = "no answer yet"
        self._allowed = allowed
        self._subscriptions = subscriptions
        self._on_listening, self._retry_s = on_listening, retry_s
        self._sending = threading.Lock()
        self._closing = False
        self._first_subscriptions = self._handed_over = self._confirmed = 0
        self._refusals: dict[int, str] = {}
        self._availability = availability_topic(settings.topic_prefix, device_id(settings))
        self._count = count
        self._client = Session(count, client_id(settings))
        self._set_up(settings)
        self._client.connect_async(settings.host, settings.port, keepalive=_KEEP_ALIVE_S, clean_start=True)

    def start(self) -> None:
        """Begin to connect."""
        self._client.loop_start()

    def restrict(self, allowed: frozenset[Kind]) -> None:
        """Refuse all other kinds from now on: when it returns, no more of them is handed to the network."""
        with self._sending:
            self._allowed = allowed

    def send(self, kind: Kind, message: Message, limit_s: float) -> str | None:
        """Send with delivery "at least once".

        Returns:
            "" when the broker has the message, its reason when it refused, None when it said nothing in time
            or the gate refuses; then the message may still be sent, unless this connection is closed.
        """
        info = self._hand_over(kind, message)
        if info is None:
            return None
        try:
            info.wait_for_publish(limit_s)
        except (RuntimeError, ValueError):  # the connection was lost in this moment
            return None
        return self._refusals.pop(info.mid, "") if info.is_published() else None

    def post(self, kind: Kind, message: Message) -> bool:
        """Send without waiting for anything; False when nobody would hear the answer now."""
        if not self.listening.is_set() or self._unconfirmed >= _MOST_UNCONFIRMED:
            return False
        info = self._hand_over(kind, message)
        return info is not None and info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def subscribe(self, subscription: Subscription) -> None:
        """One more came to what there is to listen to."""
        with self._sending:
            if self.ready.is_set() and subscription.kind in self._allowed:
                self._client.subscribe([self._asked(subscription)])

    def unsubscribe(self, subscription: Subscription) -> None:
        """One went from what there is to listen to."""
        with self._sending:
            if self.ready.is_set() and subscription.topics not in {
                one.topics for one in self._subscriptions()
            }:
                self._client.unsubscribe(subscription.topics)

    def close(self, last: Message | None = None, limit_s: float = 0.0) -> None:
        """End the session, and wait until its thread sends nothing more; the broker says that we are gone.

        What still waits is not sent: where something does, the connection is cut instead of ended.

        Args:
            last: a message of kind PRESENCE to send before, if nothing waits that would go with it.
            limit_s: seconds that this may take.
        """
        with self._sending:
            self._allowed = frozenset({Kind.PRESENCE})
        if last is not None and self.ready.is_set() and not self._waits():
            self.send(Kind.PRESENCE, last, limit_s)
        with self._sending:
            self._closing = True
        self.ready.clear()
        self.listening.clear()
        if self._waits():
            self._client.cut()
        else:
            self._goodbye()
        if not self._client.ended.wait(2 * _SOCKET_LIMIT_S):
            _LOG.warning("The thread mqtt is still connecting; it will end without sending anything.")

    @property
    def _unconfirmed(self) -> int:
        """Messages that were handed over and are not known to have arrived."""
        return self._handed_over - self._confirmed

    def _waits(self) -> bool:
        """Whether something might still be sent."""
        return self._unconfirmed > 0 or self._client.want_write()

    def _hand_over(self, kind: Kind, message: Message) -> MQTTMessageInfo | None:
        """Give a message to the library; None when the gate refuses it."""
        with self._sending:
            if self._closing or kind not in self._allowed:
                return None
            self._handed_over += 1
            self._client.meter.note(message.topic, kind)
            return self._client.publish(message.topic, message.payload, 1, message.retain, message.properties)

    def _goodbye(self) -> None:
        self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))

    def _set_up(self, settings: MqttSettings) -> None:
        client = self._client
        client.will_set(self._availability, OFFLINE, qos=1, retain=True)
        first_s, last_s = (each * (1 + _RETRY_JITTER * random.random()) for each in self._retry_s)
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
            files = settings.tls_ca_file, settings.tls_cert_file, settings.tls_key_file
            client.tls_set_context(tls_context(*files))

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
            self._hand_over(Kind.PRESENCE, Message(self._availability, ONLINE.encode(), retain=True))
            with self._sending:
                self.ready.set()
                asked = [self._asked(each) for each in self._subscriptions() if each.kind in self._allowed]
                self._first_subscriptions = client.subscribe(asked)[1] or 0 if asked else 0
            if not asked:
                self._listens()

    def _on_subscribe(
        self,
        _client: Client,
        _data: Any,
        number: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            _LOG.warning("The MQTT broker lets us not hear all (%s). Check its access rules.", refused[0])
        if len(refused) < len(reasons) and number == self._first_subscriptions:
            self._listens()

    def _listens(self) -> None:
        if not self._closing:
            self.listening.set()
            self._on_listening()

    def _on_message(self, _client: Client, _data: Any, came: MQTTMessage) -> None:
        message = Message(came.topic, bytes(came.payload), came.properties, came.retain)
        for each in self._subscriptions() if not self._closing else ():
            wanted = each.retained or not message.retain
            if wanted and each.kind in self._allowed and topic_matches_sub(each.topics, message.topic):
                each.take(message)

    def _on_connect_fail(self, client: Client, _data: Any) -> None:
        if self._closing:
            client.disconnect()
        self._count(Traffic(Kind.PRESENCE.value, "attempt to connect"))
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
        self._confirmed += 1
        if reason.is_failure:
            if not self._refusals:
                _LOG.warning("The MQTT broker refuses what we publish (%s). Check its access rules.", reason)
            self._refusals[number] = str(reason)
            if len(self._refusals) > _MOST_REFUSALS:  # nobody asks for those of lattices
                del self._refusals[next(iter(self._refusals))]

    def _asked(self, subscription: Subscription) -> tuple[str, SubscribeOptions]:
        """What the library wants to know of it; never our own messages."""
        self._client.meter.note(subscription.topics, subscription.kind)
        handling = _WITH_RETAINED if subscription.retained else _NO_RETAINED
        return subscription.topics, SubscribeOptions(qos=1, noLocal=True, retainHandling=handling)

    def _note(self, trouble: str) -> None:
        """Keep the reason, and log it only when it is a new one: a broker may be away for days."""
        if trouble != self.trouble:
            _LOG.warning("No MQTT broker (%s); trying again every %g to %g s.", trouble, *self._retry_s)
        self.trouble = trouble
