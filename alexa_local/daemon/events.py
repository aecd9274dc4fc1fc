"""What happens, told to whoever asked: a slow listener loses events of its own and delays nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from alexa_local.daemon.queues import BoundedQueue
from alexa_local.messages import Event

_SUBSCRIPTION_SIZE = 512


class Subscription:
    """One listener's events.

    Attributes:
        queue: the events that it has not taken yet; `queue.dropped` counts those it lost.
    """

    def __init__(self, bus: EventBus, wake: Callable[[], None], wants: Callable[[Event], bool]) -> None:
        self.queue: BoundedQueue[Event] = BoundedQueue("events", _SUBSCRIPTION_SIZE)
        self._bus = bus
        self.wake, self.wants = wake, wants

    def close(self) -> None:
        """Hear nothing more; a waiting `queue.get` returns None."""
        self._bus.leave(self)
        self.queue.close()


class EventBus:
    """Takes events from any thread and never blocks."""

    def __init__(
        self, first: Callable[[Event], None] = lambda event: None, clock: Callable[[], float] = time.time
    ) -> None:
        """Tell `first` of each event before all others, in the thread that publishes it."""
        self._first, self._clock = first, clock
        self._lock = threading.Lock()
        self._listeners: tuple[Subscription, ...] = ()

    def publish(self, name: str, data: Mapping[str, Any] | None = None) -> None:
        """Tell everyone that `name` happened; `data` must be JSON-serialisable."""
        event = Event(name, self._clock(), data or {})
        self._first(event)
        for listener in self._listeners:
            if listener.wants(event):
                listener.queue.put(event)
            listener.wake()

    def subscribe(
        self, wake: Callable[[], None] = lambda: None, wants: Callable[[Event], bool] = lambda event: True
    ) -> Subscription:
        """Hear everything from now on.

        Args:
            wake: called, in the publisher's thread, for each event.
            wants: asked before, there too, whether to hear it at all.
        """
        subscription = Subscription(self, wake, wants)
        with self._lock:
            self._listeners = (*self._listeners, subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """End a subscription; ending it twice is harmless."""
        with self._lock:
            self._listeners = tuple(each for each in self._listeners if each is not subscription)


def as_json(event: Event) -> dict[str, Any]:
    """The event as `alexa-local events` prints it."""
    return {"event": event.name, "time_s": round(event.time_s, 3), **event.data}
