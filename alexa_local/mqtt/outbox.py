"""What waits to be sent: durable before anything else happens to it, and kept until its receiver answers.

Bounded in number, bytes and age; for lack of room the oldest goes. Nothing comes in while the gate is shut.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid4

from alexa_local.errors import MessageError, RequestRefused
from alexa_local.mqtt.gate import Gate, Kind
from alexa_local.store import Store


class Clock(Protocol):
    """Where time comes from: `act.SystemClock`, or the fake in alexa_local.testing."""

    boot_id: str

    def now(self) -> float:
        """Seconds since the epoch; may jump."""

    def elapsed(self) -> float:
        """Seconds since the machine started; never jumps."""


@dataclass(frozen=True)
class Limits:
    """How much may wait, and how long."""

    most: int = 1000
    """Messages."""

    most_bytes: int = 1 << 20
    """Bytes of their payloads together; a single one may have a sixteenth of it."""

    most_age_s: float = 24 * 3600.0
    """Seconds; what is older is deleted."""


@dataclass(frozen=True)
class Waiting:
    """A message that waits.

    Attributes:
        id: the request's.
        size_bytes: its payload's.
        age_s: seconds since it was put in.
    """

    id: UUID
    size_bytes: int
    age_s: float

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {"id": str(self.id), "bytes": self.size_bytes, "age_s": round(self.age_s, 1)}


class Outbox:
    """The messages that wait, in the database; any thread may use it.

    Attributes:
        lost: messages that were deleted unanswered, since the start, by the reason: "room" or "age".
    """

    def __init__(self, store: Store, clock: Clock, gate: Gate, limits: Limits | None = None) -> None:
        self.lost: Counter[str] = Counter()
        self.limits = limits or Limits()
        self._store, self._clock, self._gate = store, clock, gate
        store.read("PRAGMA secure_delete = ON")  # what is deleted is overwritten

    @property
    def is_open(self) -> bool:
        """Whether anything is taken in at this moment; spares making what would be refused."""
        return self._gate.allows(Kind.SPEECH)

    def add(self, payload: bytes) -> UUID:
        """Keep a message until it is settled; when this returns, it survives a power cut.

        Raises:
            RequestRefused: local-only mode forbids it.
            MessageError: it is too long.
            StorageError: the disk is full or broken; it is not kept.
        """
        if len(payload) > self.limits.most_bytes // 16:
            raise MessageError(f"A message of {len(payload)} bytes is too long to be kept. Shorten it.")
        request = uuid4()
        with self._store.transaction() as connection:
            if not self._gate.allows(
                Kind.SPEECH
            ):  # within, so that whoever shuts the gate finds it afterwards
                raise RequestRefused("Local only mode is on, so I don't keep anything to be sent.")
            gone = self._make_room(len(payload))
            connection.execute(
                "INSERT INTO outbox VALUES (NULL, ?, ?, ?, ?, ?)",
                (request.bytes, payload, self._clock.now(), self._clock.elapsed(), self._clock.boot_id),
            )
        self.lost += Counter(room=gone)
        return request

    def settle(self, request: UUID) -> bool:
        """Delete a message whose receiver has answered; whether this was the first answer."""
        return self._store.write("DELETE FROM outbox WHERE id = ?", request.bytes) == 1

    def payload(self, request: UUID) -> bytes | None:
        """A message's payload, None when it does not wait any more."""
        rows = self._store.read("SELECT payload FROM outbox WHERE id = ?", request.bytes)
        return bytes(rows[0]["payload"]) if rows else None

    def waiting(self) -> list[Waiting]:
        """All that waits, the oldest first."""
        rows = self._store.read("SELECT *, length(payload) AS size FROM outbox ORDER BY number")
        return [
            Waiting(
                UUID(bytes=row["id"]),
                row["size"],
                self._age_s(row["queued_s"], row["queued_elapsed_s"], row["boot_id"]),
            )
            for row in rows
        ]

    def delete_old(self) -> list[UUID]:
        """Delete what is older than it may be, and tell what that was."""
        old = [each.id for each in self.waiting() if each.age_s > self.limits.most_age_s]
        for request in old:
            self.lost["age"] += self.settle(request)
        return old

    def clear(self) -> int:
        """Delete everything, with what the database's log has of it; returns how many messages that were.

        Another program that reads the database at this moment may keep the log; then its next turn does it.
        """
        deleted = self._store.write("DELETE FROM outbox")
        self._store.read("PRAGMA wal_checkpoint(TRUNCATE)")
        return deleted

    def _make_room(self, size_bytes: int) -> int:
        """Delete the oldest until one more has room; returns how many that were."""
        rows = self._store.read("SELECT number, length(payload) AS size FROM outbox ORDER BY number")
        count, total, last = len(rows) + 1, sum(row["size"] for row in rows) + size_bytes, 0
        for row in rows:
            if count <= self.limits.most and total <= self.limits.most_bytes:
                break
            count, total, last = count - 1, total - row["size"], row["number"]
        return self._store.write("DELETE FROM outbox WHERE number <= ?", last) if last else 0

    def _age_s(self, queued_s: float, queued_elapsed_s: float, boot_id: str) -> float:
        """By the clock that never jumps where it is the same; a wall clock that was set back makes it new."""
        if boot_id == self._clock.boot_id:
            return max(0.0, self._clock.elapsed() - queued_elapsed_s)
        return max(0.0, self._clock.now() - queued_s)
