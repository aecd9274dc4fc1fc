"""One of any number of workers at a broker: takes lattices from a shared subscription and answers them.

A lattice is acknowledged when the broker has its answer, not before. The session outlives the connection
for a little while, so that a worker that was killed and started again gets what it had; and the devices
repeat what nobody answers. Everything happens in one thread: a worker is busy with one lattice at a time,
and the broker holds back what is beyond `receive_maximum`.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from alexa_local.cloud.answering import Answering
from alexa_local.cloud.broker import BrokerSettings, make_client
from alexa_local.cloud.metrics import Metrics
from alexa_local.errors import AlreadyRunning
from alexa_local.mqtt import wire
from alexa_local.notify import Notifier

_LOG = logging.getLogger(__name__)

SESSION_S = 30
"""Seconds that the broker keeps lattices for a worker that vanished; a restart takes less."""

_KEEP_ALIVE_S = 30
_TURN_S = 0.25
_FIRST_RETRY_S, _LAST_RETRY_S = 1.0, 30.0
_DRAIN_LIMIT_S = 10.0
_GOODBYE_TURNS = 8
_TAKEN_OVER = 0x8E


class Worker:
    """Connects, answers, connects again, until `stop` was called and everything in hand is done."""

    def __init__(
        self, name: str, broker: BrokerSettings, answering: Answering, metrics: Metrics, notifier: Notifier
    ) -> None:
        """Prepare it; nothing is sent yet.

        Args:
            name: letters, digits, '.', '_' and '-'; no other worker at this broker has the same.
            broker: where lattices come from.
            answering: says what is answered.
            metrics: counts.
            notifier: tells systemd.

        Raises:
            ConfigError: the file with the certificate authority cannot be used.
        """
        self._broker, self._answering, self._metrics, self._notifier = broker, answering, metrics, notifier
        self._filter = wire.workers_filter(answering.prefix)
        self._in_hand: dict[int, tuple[int, int]] = {}  # number of an answer: number and QoS of its lattice
        self._stopping = self._unsubscribed = self._connected = self._came = False
        self._taken_over = False
        self._trouble = ""
        self._retry_s = _FIRST_RETRY_S
        self._client = self._make_client(name)

    def stop(self) -> None:
        """Take no more lattices, finish those in hand, and end; a signal handler may call it."""
        self._stopping = True

    def run(self) -> None:
        """Work until `stop`.

        Raises:
            AlreadyRunning: another worker with this name came to the broker.
        """
        self._notifier.ready()
        while not self._stopping:
            self._turn()
        self._notifier.stopping()
        self._drain()
        self._client.disconnect(properties=_session(PacketTypes.DISCONNECT, seconds=0))
        for _ in range(_GOODBYE_TURNS):
            if self._client.loop(_TURN_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
        _LOG.info("The worker ends; %d lattices were left in hand.", len(self._in_hand))

    def _turn(self) -> None:
        """A moment's work."""
        self._notifier.alive()
        if self._taken_over:
            raise AlreadyRunning(
                "Another worker with the same name came to the broker. Give each its own --name."
            )
        if self._client.loop(_TURN_S) != MQTTErrorCode.MQTT_ERR_SUCCESS and not self._taken_over:
            self._reconnect()

    def _reconnect(self) -> None:
        pause_s = self._retry_s if self._trouble else 0.0
        self._retry_s = min(2 * self._retry_s, _LAST_RETRY_S)
        until_s = time.monotonic() + pause_s
        while time.monotonic() < until_s and not self._stopping:
            self._notifier.alive()
            time.sleep(min(_TURN_S, pause_s))
        if self._stopping:
            return
        try:
            self._client.connect(
                self._broker.host,
                self._broker.port,
                keepalive=_KEEP_ALIVE_S,
                clean_start=False,
                properties=_session(PacketTypes.CONNECT, SESSION_S, self._broker.receive_maximum),
            )
        except OSError as error:
            self._note(error.strerror or type(error).__name__)

    def _drain(self) -> None:
        """Finish what is in hand and what the broker still has for us, for a limited time.

        A broker answers in order: if it confirms that we have unsubscribed, and has sent no lattice since we
        asked with nothing in hand, it has none left.
        """
        until_s = time.monotonic() + _DRAIN_LIMIT_S
        self._ask_for_no_more()
        had_some = bool(self._in_hand)
        while self._connected and time.monotonic() < until_s:
            self._notifier.alive()
            self._client.loop(_TURN_S)
            if self._unsubscribed and not self._in_hand:
                if not (self._came or had_some):
                    return
                had_some = False
                self._ask_for_no_more()

    def _ask_for_no_more(self) -> None:
        if self._connected:
            self._unsubscribed = self._came = False
            self._client.unsubscribe(self._filter)

    def _make_client(self, name: str) -> Client:
        client = make_client(f"alexa-local-cloud-{name}", self._broker)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        return client

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _more: Any
    ) -> None:
        if reason.is_failure:
            self._note(str(reason))
            return
        client.subscribe(self._filter, qos=1)

    def _on_subscribe(self, client: Client, _data: Any, _number: int, reasons: Any, _more: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._note(f"the subscription was refused: {reasons[0]}")
            client.disconnect()
            return
        _LOG.info("Connected to the MQTT broker, and waiting for lattices.")
        self._trouble, self._retry_s = "", _FIRST_RETRY_S
        self._set_connected(True)

    def _on_unsubscribe(self, *_: Any) -> None:
        self._unsubscribed = True

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _more: Any
    ) -> None:
        self._taken_over |= reason.value == _TAKEN_OVER  # paho may call again, without a reason
        self._in_hand.clear()  # the broker sends them again
        self._metrics.in_hand(0)
        if self._connected and not self._stopping:
            self._note(str(reason))
        self._set_connected(False)

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        self._came, began_s = True, time.monotonic()
        outcome, answer = self._answering.answer(message.topic, bytes(message.payload), message.properties)
        self._metrics.lattice(outcome, time.monotonic() - began_s)
        if outcome != "answered":
            _LOG.warning("A lattice was not read: %s.", outcome)
        if answer is None:
            client.ack(message.mid, message.qos)
            return
        properties = wire.result_properties(answer.request)
        sent = client.publish(answer.topic, answer.payload, qos=1, properties=properties)
        self._in_hand[sent.mid] = message.mid, message.qos
        self._metrics.in_hand(len(self._in_hand))

    def _on_publish(self, client: Client, _data: Any, number: int, reason: ReasonCode, _more: Any) -> None:
        lattice = self._in_hand.pop(number, None)
        self._metrics.in_hand(len(self._in_hand))
        if reason.is_failure:
            _LOG.warning("The broker refused an answer (%s). Check its access rules.", reason)
        if lattice is not None:
            client.ack(*lattice)

    def _set_connected(self, is_there: bool) -> None:
        self._connected = is_there
        self._metrics.connected(is_there)
        self._notifier.status("waiting for lattices" if is_there else f"no broker ({self._trouble})")

    def _note(self, trouble: str) -> None:
        """Keep the reason, and log it only when it is a new one: a broker may be away for days."""
        if trouble != self._trouble:
            _LOG.warning("No MQTT broker (%s); trying again every 1 to %d s.", trouble, _LAST_RETRY_S)
        self._trouble = trouble
        self._notifier.status(f"no broker ({trouble})")


def _session(packet: int, seconds: int, receive_maximum: int | None = None) -> Properties:
    properties = Properties(packet)
    properties.SessionExpiryInterval = seconds
    if receive_maximum is not None:
        properties.ReceiveMaximum = receive_maximum
    return properties
