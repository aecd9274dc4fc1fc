"""A queue with an end: it never grows beyond its size, and every item that it had to drop is counted."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class BoundedQueue(Generic[_Item]):
    """Hands items from one thread to another; when it is full, the oldest makes room.

    Attributes:
        name: for the status.
        dropped: items lost so far.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.dropped = 0
        self._items: deque[_Item] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: _Item) -> _Item | None:
        """Add an item at once; returns the oldest one when it had to be dropped, or the item once closed."""
        with self._changed:
            if self._closed:
                return item
            lost = self._items.popleft() if len(self._items) >= self.size else None
            self.dropped += lost is not None
            self._items.append(item)
            self._changed.notify_all()
            return lost

    def put_waiting(self, item: _Item) -> None:
        """Add an item as soon as there is room: for a file, which can wait; gives up once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._items) < self.size)
            if not self._closed:
                self._items.append(item)
                self._changed.notify_all()

    def get(self, timeout_s: float | None = None) -> _Item | None:
        """The oldest item, or None when none came in time or the queue was closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._items), timeout_s)
            if self._closed or not self._items:
                return None
            self._changed.notify_all()
            return self._items.popleft()

    def drain(self, most: int) -> list[_Item]:
        """Up to `most` items that are there now, oldest first."""
        with self._changed:
            taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
            self._changed.notify_all()
            return taken

    def close(self) -> list[_Item]:
        """Wake everyone who waits, and return what was still inside."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            left, self._items = list(self._items), deque()
            return left
