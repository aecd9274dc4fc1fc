"""What leaves the machine and what comes back: the broker, the outbox, and the thread between them."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any
from uuid import UUID

from alexa_local.act import LocalOnly
from alexa_local.act.local_only import is_loopback
from alexa_local.config import MqttSettings
from alexa_local.daemon.courier import Courier
from alexa_local.daemon.metered import Metered
from alexa_local.daemon.parts import Host
from alexa_local.errors import StorageError
from alexa_local.mqtt import Broker, Exchange, Outbox, Result
from alexa_local.mqtt.outbox import Clock
from alexa_local.store import Store, Traffic

_LOG = logging.getLogger(__name__)


class Sending:
    """Everything that goes out goes through here, below the gate of local-only mode.

    Attributes:
        broker: for the messages of requests; None without one.
        post: keeps something until it is answered, and sends it; None when nothing is to be reranked.
        clear: deletes all that waits, and tells how many that were.
        metered: whether the connection costs by the byte.
    """

    def __init__(
        self,
        settings: MqttSettings,
        host: Host,
        store: Store,
        clock: Clock,
        gate: LocalOnly,
        count: Callable[[Traffic], None] = lambda traffic: None,
    ) -> None:
        """Begin to connect, and start the thread `outbox` where there is something to send.

        `count` is told of all that leaves and comes.
        """
        self.broker: Broker | None = None
        self.post: Callable[[Callable[[], bytes]], Future[Result]] | None = None
        self.metered, self._is_remote = Metered(settings), not is_loopback(settings.host)
        self._gate, self._outbox = gate, Outbox(store, clock, gate)
        self.clear: Callable[[], int] = self._outbox.clear
        self._dropped: Callable[[], Mapping[str, int]] = dict
        self._report: Callable[[], Mapping[str, Any]] = self._outbox_alone
        if settings.rerank == "off" or gate.on:
            self._delete_left_over()
        if not settings.host:
            return
        self.broker = Broker(settings, gate, count=count)
        if settings.rerank != "off":
            self._start_courier(settings, self.broker, host, clock)
        host.at_the_end.callback(self.broker.close)
        self.broker.start()

    def gate_changed(self) -> int:
        """Local-only mode was switched; returns how many requests were deleted that waited to be sent.

        Raises:
            StorageError: they could not be deleted; they are not sent all the same.
        """
        if self.broker:
            self.broker.gate_changed()
        return self.clear() if self._gate.on else 0

    def report(self) -> Mapping[str, Any]:
        """What waits to be sent, and what became of the rest; ready for JSON."""
        return self._report()

    def status(self) -> Mapping[str, Any]:
        """Lines for the daemon's status."""
        broker = self.broker.connected if self.broker else None
        told: dict[str, Any] = {"broker": {None: "none", True: "connected", False: "away"}[broker]}
        if self.post:
            told["metered"] = self.metered.on
            waiting = self._outbox.waiting()
            told["outbox"] = len(waiting)
            told["outbox_oldest_s"] = round(max((each.age_s for each in waiting), default=0.0), 1)
        return told

    def dropped(self) -> Mapping[str, int]:
        """What was lost because too much came, by the name of what it is."""
        return self._dropped()

    def _start_courier(self, settings: MqttSettings, broker: Broker, host: Host, clock: Clock) -> None:
        courier = Courier(self._outbox, clock, host.stopping)
        exchange = Exchange(settings, broker, courier.answered, courier.connected)
        self.post, self.clear = courier.put, courier.clear
        self._dropped = lambda: {"outbox": courier.tasks.dropped, "results": courier.answers_dropped}
        self._report = lambda: {
            **courier.report(),
            "waits_for": "another connection" if self.waits_for_another_link() else "",
            "sent": exchange.sent,
            "sent_bytes": exchange.sent_bytes,
            "invalid": exchange.invalid,
        }

        def send(request: UUID, lattice: bytes, expires_s: int) -> bool:
            return not self.waits_for_another_link() and exchange.send(request, lattice, expires_s)

        host.spawn("outbox", functools.partial(courier.run, send), courier.stop)

    def waits_for_another_link(self) -> bool:
        """Whether the connection costs by the byte, and the owner does not want that."""
        return self._is_remote and self.metered.holds

    def _outbox_alone(self) -> Mapping[str, Any]:
        return {"waiting": [each.as_json() for each in self._outbox.waiting()]}

    def _delete_left_over(self) -> None:
        """What waited when the settings or the mode were others is not wanted any more."""
        try:
            deleted = self._outbox.clear() if self._outbox.waiting() else 0
        except StorageError as error:
            _LOG.error("Requests that wait to be sent were not deleted, and are not sent: %s", error)
        else:
            if deleted:
                _LOG.info("%d requests that waited to be sent were deleted.", deleted)
