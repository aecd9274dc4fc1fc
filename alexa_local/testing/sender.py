"""The sending side of a device, alone: a database, the outbox's thread and a broker, without a daemon."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from alexa_local.act import SystemClock
from alexa_local.config import MqttSettings
from alexa_local.daemon.courier import Courier
from alexa_local.mqtt import Broker, Delivery, Exchange, Outbox, Pace, Result
from alexa_local.store import open_store
from alexa_local.testing.gate import FakeGate

_RETRY_S = (0.01, 0.1)
_MOST_TASKS = 64


class Sender:
    """Tries again faster than a real device does.

    Attributes:
        results: how many results each request had, by the name that `send` gave it.
        listening: set when it is connected and would hear results.
        courier: the thread's object.
        exchange: its topics.
    """

    def __init__(
        self, folder: Path, port: int, pace: Pace | None = None, gate: FakeGate | None = None
    ) -> None:
        self.results: Counter[object] = Counter()
        self.listening = threading.Event()
        self._changed = threading.Condition()
        self._pending = 0
        self._stopping = threading.Event()
        self._store = open_store(folder / "sender.db")
        clock, gate = SystemClock(), gate or FakeGate()
        settings = MqttSettings(host="127.0.0.1", port=port, device_id="sender", rerank="all")
        self.outbox = Outbox(self._store, clock, gate)
        self.courier = Courier(self.outbox, clock, self._stopping, Delivery(pace))
        self.broker = Broker(settings, gate, retry_s=_RETRY_S)
        self.exchange = Exchange(settings, self.broker, self.courier.answered, self._connected)
        self.broker.start()
        self._thread = threading.Thread(target=self.courier.run, args=(self.exchange.send,), name="outbox")
        self._thread.start()

    def send(self, name: object, make: Callable[[], bytes]) -> Future[Result]:
        """Send a lattice; what comes of it is counted under this name.

        It waits while much is to be done: requests come slower than a disk writes.
        """
        with self._changed:
            while len(self.courier.tasks) > _MOST_TASKS:
                self._changed.wait(0.005)
            self._pending += 1
        promise = self.courier.put(make)
        promise.add_done_callback(lambda promise: self._note(name, promise))
        return promise

    def wait(self, most_pending: int = 0, limit_s: float = 120.0) -> bool:
        """Wait until no more than so many have no result; whether that came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._pending <= most_pending, limit_s)

    def close(self) -> None:
        """End it, as a daemon ends."""
        self._stopping.set()
        self.courier.stop()
        self._thread.join(60)
        self.broker.close()
        self._store.close()

    def _connected(self) -> None:
        self.courier.connected()
        self.listening.set()

    def _note(self, name: object, promise: Future[Result]) -> None:
        with self._changed:
            self._pending -= 1
            if not promise.cancelled():
                self.results[name] += 1
            self._changed.notify_all()
