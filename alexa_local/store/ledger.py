"""What left the device: sums by hour, kind and topic, without contents, for thirty days.

It is counted in memory, and written by a thread of its own: what was sent after two seconds, mere signs of
life after some minutes, and all of it at the end. A power cut may cost the count of that time.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alexa_local.errors import StorageError
from alexa_local.store.database import Store

_LOG = logging.getLogger(__name__)
_HOUR_S = 3600
_KEPT_S = 30 * 24 * _HOUR_S
_SOON_S, _LATER_S = 2.0, 600.0
_MOST_TOPICS_AN_HOUR = 64
OTHER_TOPICS = "(other topics)"
"""Where what more topics got is counted than an hour has room for."""

_WRITE = """INSERT INTO traffic VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (hour_s, kind, what, topic) DO UPDATE SET messages = messages + excluded.messages,
    payload_bytes = payload_bytes + excluded.payload_bytes, other_bytes = other_bytes + excluded.other_bytes,
    last_s = max(last_s, excluded.last_s)"""


@dataclass(frozen=True)
class Traffic:
    """What went out, or came in.

    Attributes:
        kind: whether it derives from speech and so on, see `mqtt.Kind`; "encryption" for what that adds;
            "received" for all that came in; "program" for programs that were started.
        what: "message", or what it was that has no topic.
        topic: a message's, or a program's name.
        messages: how many.
        payload_bytes: contents.
        other_bytes: what is around them.
    """

    kind: str
    what: str
    topic: str = ""
    messages: int = 1
    payload_bytes: int = 0
    other_bytes: int = 0


@dataclass
class _Sum:
    messages: int = 0
    payload_bytes: int = 0
    other_bytes: int = 0
    last_s: float = 0.0

    def add(self, messages: int, payload_bytes: int, other_bytes: int, last_s: float) -> None:
        self.messages += messages
        self.payload_bytes += payload_bytes
        self.other_bytes += other_bytes
        self.last_s = max(self.last_s, last_s)


_Sums = dict[tuple[int, str, str, str], _Sum]
"""By hour, kind, what and topic."""


class Ledger:
    """Takes counts from any thread."""

    def __init__(self, store: Store, now_s: Callable[[], float] = time.time, soon_s: float = _SOON_S) -> None:
        """Keep it in this database.

        Args:
            store: where it is kept.
            now_s: gives seconds since the epoch.
            soon_s: seconds after which the thread writes what was sent.
        """
        self._store, self._now_s, self._soon_s = store, now_s, soon_s
        self._changed = threading.Condition()
        self._sums: _Sums = {}
        self._due_s = math.inf
        self._is_over = self._has_failed = False
        self._cleaned_s = 0.0

    def count(self, traffic: Traffic) -> None:
        """Something left the device, came in, or was started that may send what it likes."""
        now_s = self._now_s()
        hour_s = int(now_s // _HOUR_S) * _HOUR_S
        with self._changed:
            key = hour_s, traffic.kind, traffic.what, traffic.topic
            if len(self._sums) >= _MOST_TOPICS_AN_HOUR and key not in self._sums and traffic.topic:
                key = hour_s, traffic.kind, traffic.what, OTHER_TOPICS
            entry = self._sums.setdefault(key, _Sum())
            entry.add(traffic.messages, traffic.payload_bytes, traffic.other_bytes, now_s)
            due_s = time.monotonic() + (self._soon_s if traffic.topic else _LATER_S)
            if due_s < self._due_s:
                self._due_s = due_s
                self._changed.notify()

    def run(self) -> None:
        """The thread `ledger`: write what is due, until `stop`."""
        while True:
            with self._changed:
                while not self._is_over and (wait_s := self._due_s - time.monotonic()) > 0:
                    self._changed.wait(min(wait_s, threading.TIMEOUT_MAX))
                if self._is_over:
                    return
            self.write()

    def stop(self) -> None:
        """Make `run` return, from any thread; `write` still works."""
        with self._changed:
            self._is_over = True
            self._changed.notify()

    def write(self) -> None:
        """Write what was counted; a disk that refuses is told once, and tried again later."""
        with self._changed:
            sums, self._sums, self._due_s = self._sums, {}, math.inf
        try:
            self._keep(sums)
            self._has_failed = False
        except StorageError as error:
            if not self._has_failed:
                _LOG.error("What left the device is counted, but cannot be written: %s", error)
            self._has_failed = True
            self._take_back(sums)

    def mode(self, local_only: bool) -> None:
        """Local-only mode is on, or off, from now on; what was known already changes nothing.

        Raises:
            StorageError: the disk is full or broken.
        """
        if local_only:
            self._store.write(
                "INSERT INTO local_only (began_s) SELECT ? "
                "WHERE NOT EXISTS (SELECT 1 FROM local_only WHERE ended_s IS NULL)",
                self._now_s(),
            )
        else:
            self._store.write("UPDATE local_only SET ended_s = ? WHERE ended_s IS NULL", self._now_s())

    def report(self, since_s: float = 0.0) -> dict[str, Any]:
        """All of it since a moment, whole hours; ready for JSON."""
        self.write()
        return read_report(self._store, since_s, self._now_s())

    def _keep(self, sums: _Sums) -> None:
        now_s = self._now_s()
        with self._store.transaction() as connection:
            for (hour_s, kind, what, topic), one in sums.items():
                key = hour_s, kind, what, topic if self._has_room(hour_s, kind, what, topic) else OTHER_TOPICS
                counts = one.messages, one.payload_bytes, one.other_bytes, one.last_s
                connection.execute(_WRITE, (*key, *counts))
            if abs(now_s - self._cleaned_s) > _HOUR_S:
                connection.execute("DELETE FROM traffic WHERE hour_s < ?", (now_s - _KEPT_S,))
                connection.execute("DELETE FROM local_only WHERE ended_s < ?", (now_s - _KEPT_S,))
                self._cleaned_s = now_s

    def _has_room(self, hour_s: int, kind: str, what: str, topic: str) -> bool:
        """Whether an hour has room for a topic, or has it already."""
        if not topic or topic == OTHER_TOPICS:
            return True
        there = self._store.read("SELECT kind, what, topic FROM traffic WHERE hour_s = ?", hour_s)
        return len(there) < _MOST_TOPICS_AN_HOUR or (kind, what, topic) in {tuple(row) for row in there}

    def _take_back(self, sums: _Sums) -> None:
        with self._changed:
            for key, one in sums.items():
                counts = one.messages, one.payload_bytes, one.other_bytes, one.last_s
                self._sums.setdefault(key, _Sum()).add(*counts)
            self._due_s = time.monotonic() + _LATER_S


def read_report(store: Store, since_s: float, now_s: float) -> dict[str, Any]:
    """What a database has to tell; see `Ledger.report`."""
    hour_s = since_s // _HOUR_S * _HOUR_S
    rows = [
        dict(row) for row in store.read("SELECT * FROM traffic WHERE hour_s >= ? ORDER BY hour_s", hour_s)
    ]
    periods = store.read(
        "SELECT * FROM local_only WHERE coalesce(ended_s, ?) >= ? ORDER BY began_s", now_s, since_s
    )
    sent = [row for row in rows if row["kind"] not in ("received", "program")]
    return {
        "since_s": max(hour_s, min((row["hour_s"] for row in rows), default=now_s)),
        "until_s": now_s,
        "sent_bytes": sum(row["payload_bytes"] + row["other_bytes"] for row in sent),
        "received_bytes": sum(row["other_bytes"] for row in rows if row["kind"] == "received"),
        "sent": sent,
        "programs": [row for row in rows if row["kind"] == "program"],
        "local_only": [dict(row) for row in periods],
    }
