"""The thread `outbox`: keeps what is to be sent, sends it, and takes in what comes of it.

Everything is in the database before it goes anywhere, and stays there until its receiver answers; so nothing
that happens to this process, the broker or the network loses it. Only the first answer is handed on: the one
that takes it out of the database.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from alexa_local.daemon.queues import BoundedQueue
from alexa_local.errors import AlexaLocalError, RequestRefused, StorageError
from alexa_local.mqtt import Delivery, Outbox, Refusal, Result
from alexa_local.mqtt.outbox import Clock

_LOG = logging.getLogger(__name__)
_TASKS = 256
_LOOK_AGAIN_S = 5.0
_DELETE_OLD_EVERY_S = 600.0

Send = Callable[[UUID, bytes, int], bool]
"""Sends a payload with its request's id, for so many seconds wanted; whether that was possible."""


@dataclass(frozen=True)
class _Task:
    """What the thread has to do, and the promise that is broken if it never comes to it."""

    work: Callable[[], None]
    promise: Future[Result] | None = None


class Courier:
    """Any thread may hand something to it.

    Attributes:
        tasks: what the thread has to do; too many are dropped, and counted.
        answers: how many came, by what they were: "result", "refusal", "late" (of an earlier run) or
            "repeated"; and how many requests were "lost" before they could be kept, or not kept because of
            "local-only" mode.
        answers_dropped: answers that came too fast to be looked at.
    """

    def __init__(
        self, outbox: Outbox, clock: Clock, stopping: threading.Event, delivery: Delivery | None = None
    ) -> None:
        self.tasks: BoundedQueue[_Task] = BoundedQueue("outbox", _TASKS)
        self.answers: Counter[str] = Counter()
        self.answers_dropped = 0
        self._outbox, self._clock, self._stopping = outbox, clock, stopping
        self._delivery = Delivery() if delivery is None else delivery
        self._promises: dict[UUID, Future[Result]] = {}
        self._is_connected = False
        self._old_deleted_s = -math.inf

    def put(self, make: Callable[[], bytes]) -> Future[Result]:
        """Keep what `make` makes, in the thread, and send it; the promise is of the first answer.

        It is cancelled when no answer will be handed on any more.
        """
        promise: Future[Result] = Future()
        self._submit(_Task(lambda: self._keep(make, promise), promise))
        return promise

    def answered(self, request: UUID, answer: Result | Refusal) -> None:
        """An answer came; where there are too many it is dropped, and comes again with the lattice's repeat.

        So a flood of them cannot push out what is still to be kept.
        """
        if len(self.tasks) > _TASKS // 2:
            self.answers_dropped += 1
            return
        self._submit(_Task(lambda: self._settle(request, answer)))

    def connected(self) -> None:
        """The broker is there, and answers will be heard."""
        self._submit(_Task(self._reconnected))

    def clear(self) -> int:
        """Delete all that waits, at once; returns how many that were.

        Raises:
            StorageError: the disk is full or broken.
        """
        deleted = self._outbox.clear()
        self._submit(_Task(self._forget_missing))
        return deleted

    def report(self) -> Mapping[str, Any]:
        """What waits, and what became of all else since the start; ready for JSON."""
        waiting = [
            {**each.as_json(), "sent": self._delivery.tries(each.id)} for each in self._outbox.waiting()
        ]
        return {"waiting": waiting, "deleted": dict(self._outbox.lost), "answers": dict(self.answers)}

    def run(self, send: Send) -> None:
        """Work until the end begins."""
        self._load()
        try:
            while not self._stopping.is_set():
                task = self.tasks.get(self._send_due(send))
                if task is not None:
                    task.work()
        finally:
            for promise in self._promises.values():
                _break(promise)

    def stop(self) -> None:
        """Make `run` return, from any thread."""
        for task in self.tasks.close():
            _break(task.promise)

    def _submit(self, task: _Task) -> None:
        if lost := self.tasks.put(task):
            _break(lost.promise)

    def _load(self) -> None:
        now_s = self._clock.elapsed()
        try:
            for each in self._outbox.waiting():
                self._delivery.add(each.id, now_s - each.age_s)
        except StorageError as error:
            _LOG.error("What waits to be sent cannot be read: %s", error)

    def _keep(self, make: Callable[[], bytes], promise: Future[Result]) -> None:
        if not self._outbox.is_open:
            self.answers["local-only"] += 1
            promise.cancel()
            return
        try:
            request = self._outbox.add(make())
        except RequestRefused:  # local-only was switched on in this moment
            self.answers["local-only"] += 1
            promise.cancel()
        except AlexaLocalError as error:
            self.answers["lost"] += 1
            _LOG.warning("A request's lattice is lost, the request is not: %s", error)
            promise.cancel()
        except BaseException:  # a defect, of which the thread dies; nobody shall wait for it
            promise.cancel()
            raise
        else:
            self._promises[request] = promise
            self._delivery.add(request, self._clock.elapsed())

    def _settle(self, request: UUID, answer: Result | Refusal) -> None:
        promise = self._promises.pop(request, None)
        try:
            is_first = self._outbox.settle(request)
        except StorageError as error:  # it will be sent again after the next start, and its answer be late
            _LOG.error("What was answered still waits to be sent: %s", error)
            is_first = promise is not None
        self._delivery.drop(request)
        self._delivery.answered(self._clock.elapsed())
        if not is_first:
            self.answers["repeated"] += 1
            _break(promise)
        elif isinstance(answer, Refusal):
            self.answers["refusal"] += 1
            _break(promise)
        elif promise is None:
            self.answers["late"] += 1
        else:
            self.answers["result"] += 1
            promise.set_result(answer)

    def _reconnected(self) -> None:
        self._is_connected = True
        self._delivery.reconnected(self._clock.elapsed())

    def _forget_missing(self) -> None:
        """The outbox may have lost some by itself: to age, for lack of room, or to a person."""
        try:
            there = {each.id for each in self._outbox.waiting()}
        except StorageError as error:
            _LOG.error("What waits to be sent cannot be read: %s", error)
            return
        self._delivery.keep_only(there)
        for request in self._promises.keys() - there:
            _break(self._promises.pop(request))

    def _send_due(self, send: Send) -> float | None:
        """Send what is due; returns the seconds after which to look again, None for no such time."""
        now_s = self._clock.elapsed()
        try:
            self._delete_old(now_s)
            for request in self._delivery.due(now_s) if self._is_connected else ():
                if not self._send(request, now_s, send):
                    return _LOOK_AGAIN_S
        except StorageError as error:
            _LOG.error("What waits to be sent cannot be read: %s", error)
            return 10 * _LOOK_AGAIN_S
        return min(self._delivery.wait_s(now_s) or math.inf, _DELETE_OLD_EVERY_S) if self._delivery else None

    def _send(self, request: UUID, now_s: float, send: Send) -> bool:
        payload = self._outbox.payload(request)
        if payload is None:
            self._delivery.drop(request)
            _break(self._promises.pop(request, None))
            return True
        distance_s = self._delivery.distance_s(request)
        if not send(request, payload, math.ceil(distance_s)):
            return False
        self._delivery.sent(request, now_s + distance_s)
        return True

    def _delete_old(self, now_s: float) -> None:
        if now_s - self._old_deleted_s >= _DELETE_OLD_EVERY_S:
            self._old_deleted_s = now_s
            if self._outbox.delete_old():
                self._forget_missing()


def _break(promise: Future[Result] | None) -> None:
    if promise is not None:
        promise.cancel()
