"""The people whose voices are known: kept encrypted in the database, and nowhere else."""

from __future__ import annotations

import base64
import json
import logging
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import StorageError, UsageError
from alexa_local.speaker.sealing import Seal
from alexa_local.store import Store

_LOG = logging.getLogger(__name__)

Array = NDArray[np.float32]

MOST_ADAPTED = 20
"""Requests that are kept of somebody to follow their voice; the oldest makes room."""

ENROLLED_SHARE = 0.5
"""How much the enrolled sentences count beside those, so that a profile never wanders off."""


def unit(vector: Array) -> Array:
    """The same direction at unit length, float32 (D,)."""
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def _none() -> Array:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True, eq=False)
class Profile:
    """One person's voice.

    Attributes:
        name: as they were enrolled.
        version: of the embeddings; others cannot be compared with them.
        enrolled_s: when, in seconds since the epoch.
        embeddings: of the enrolled sentences, float32 (N, D), each of unit length.
        adapted: of later requests, the same; only if the owner wanted that.
    """

    name: str
    version: int
    enrolled_s: float
    embeddings: Array = field(repr=False)
    adapted: Array = field(default_factory=_none, repr=False)

    @property
    def mean(self) -> Array:
        """What a voice is compared with, float32 (D,), of unit length."""
        enrolled = unit(self.embeddings.mean(axis=0))
        if not len(self.adapted):
            return enrolled
        later = unit(self.adapted.mean(axis=0))
        return unit(ENROLLED_SHARE * enrolled + (1 - ENROLLED_SHARE) * later)

    def followed(self, embedding: Array) -> Profile:
        """The same with one more request that surely was theirs."""
        kept = [*self.adapted[-(MOST_ADAPTED - 1) :], embedding]
        return replace(self, adapted=np.stack(kept).astype(np.float32))

    def about(self) -> dict[str, Any]:
        """What may be shown of it: no voice."""
        return {
            "name": self.name,
            "enrolled_s": round(self.enrolled_s),
            "sentences": len(self.embeddings),
            "adapted": len(self.adapted),
            "version": self.version,
        }


class Profiles:
    """Everybody's, in the database; any thread may use it."""

    def __init__(self, store: Store, seal: Seal) -> None:
        self._store, self._seal = store, seal
        store.read("PRAGMA secure_delete = ON")  # what is deleted is overwritten

    def names(self) -> list[str]:
        """Whose voices are kept, also those that cannot be read."""
        return [row["name"] for row in self._store.read("SELECT name FROM voices ORDER BY name")]

    def all(self) -> list[Profile]:
        """Those that can be read; what is wrong with the others is logged."""
        return list(self._readable())

    def get(self, name: str) -> Profile | None:
        """One person's, None for nobody of that name.

        Raises:
            StorageError: it cannot be read.
        """
        rows = self._store.read("SELECT name, sealed FROM voices WHERE name = ?", name)
        return self._opened(rows[0]) if rows else None

    def put(self, profile: Profile, again: bool = False) -> None:
        """Keep a profile; what was there before stays until the new one is on the disk.

        Args:
            profile: whose name is not taken, unless `again`.
            again: replace the one of that name.

        Raises:
            UsageError: there is one of that name.
            StorageError: it cannot be written.
        """
        sealed = self._seal.close(_encoded(profile), _about(profile.name), is_first=not self.names())
        with self._store.transaction() as connection:
            if again:
                connection.execute("DELETE FROM voices WHERE name = ?", (profile.name,))
            try:
                connection.execute("INSERT INTO voices VALUES (?, ?)", (profile.name, sealed))
            except sqlite3.IntegrityError as error:
                raise already_there(profile.name) from error

    def remove(self, name: str) -> bool:
        """Forget somebody, with what the database's log has of them; whether they were there."""
        removed = self._store.write("DELETE FROM voices WHERE name = ?", name)
        self._store.read("PRAGMA wal_checkpoint(TRUNCATE)")
        return bool(removed)

    def _readable(self) -> Iterator[Profile]:
        for row in self._store.read("SELECT name, sealed FROM voices ORDER BY name"):
            try:
                yield self._opened(row)
            except StorageError as error:
                _LOG.error("A voice is not known: %s", error)

    def _opened(self, row: sqlite3.Row) -> Profile:
        return _decoded(row["name"], self._seal.open(row["sealed"], _about(row["name"])))


def already_there(name: str) -> UsageError:
    """There is somebody of that name."""
    return UsageError(
        f"The voice of {name} is known already. Say alexa-local enroll --again {name!r} to replace it, or "
        "choose another name."
    )


def _about(name: str) -> str:
    """Ann and ann are one person to the database, so to the seal too."""
    return name.casefold()


def _encoded(profile: Profile) -> bytes:
    told = {
        "version": profile.version,
        "enrolled_s": profile.enrolled_s,
        "embeddings": _packed(profile.embeddings),
        "adapted": _packed(profile.adapted),
    }
    return json.dumps(told).encode()


def _decoded(name: str, data: bytes) -> Profile:
    told: Mapping[str, Any] = json.loads(data)
    embeddings, adapted = _unpacked(told["embeddings"]), _unpacked(told["adapted"])
    return Profile(name, int(told["version"]), float(told["enrolled_s"]), embeddings, adapted)


def _packed(rows: Array) -> dict[str, Any]:
    return {"shape": list(rows.shape), "data": base64.b64encode(rows.astype("<f4").tobytes()).decode()}


def _unpacked(packed: Mapping[str, Any]) -> Array:
    flat = np.frombuffer(base64.b64decode(packed["data"]), "<f4")
    return flat.reshape(packed["shape"]).astype(np.float32)
