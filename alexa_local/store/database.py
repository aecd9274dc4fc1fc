"""One SQLite database for all that must survive a restart: checked, migrated, and shared by threads."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from alexa_local.errors import StorageError
from alexa_local.store.durable import sync_folder
from alexa_local.store.faults import explain_damage, explain_os_error, faults_explained
from alexa_local.store.schema import APPLICATION_ID, MIGRATIONS

_BUSY_TIMEOUT_S = 5.0


class Store:
    """A database handle that several threads may use; a transaction that ended is on the disk."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is written, or nothing of it; one inside another is part of the outer one.

        Raises:
            StorageError: the disk is full, read-only or broken; nothing of the transaction was kept.
        """
        with self._lock, faults_explained(self.path):
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Everything inside, with the transactions in it, happens as it would, and then nothing of it did."""
        with self._lock, faults_explained(self.path):
            if self._connection.in_transaction:
                raise RuntimeError("A rehearsal within a transaction would take that back as well.")
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def read(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a SELECT."""
        with self._lock, faults_explained(self.path):
            return self._connection.execute(sql, values).fetchall()

    def write(self, sql: str, *values: Any) -> int:
        """One statement as a transaction of its own; returns how many rows it changed."""
        with self.transaction() as connection:
            return connection.execute(sql, values).rowcount

    def setting(self, key: str, default: str = "") -> str:
        """A remembered value, such as whether only local services may be used."""
        rows = self.read("SELECT value FROM settings WHERE key = ?", key)
        return str(rows[0]["value"]) if rows else default

    def remember(self, key: str, value: str) -> None:
        """Keep a value under a key, replacing what was there."""
        self.write(
            "INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            key,
            value,
        )

    def close(self) -> None:
        """Let go of the file; the store is not used afterwards."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(path: str | os.PathLike[str], migrations: Sequence[Sequence[str]] = MIGRATIONS) -> Store:
    """Open the database, or make it; an older one is brought up to date, a damaged one is refused untouched.

    Args:
        path: the file; its folder is made when missing. Only its owner may read either.
        migrations: the steps to the present tables.

    Raises:
        StorageError: the file cannot be made, written or trusted, or a newer program wrote it.
    """
    path = Path(path)
    _make_file(path)
    check_file(path, len(migrations))
    is_new = path.stat().st_size == 0
    with faults_explained(path):
        connection = sqlite3.connect(
            path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            connection.row_factory = sqlite3.Row
            if is_new:  # it cannot be chosen later; see `alexa_local.store.upkeep`
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            store = Store(path, connection)
            _migrate(store, migrations)
        except BaseException:
            connection.close()
            raise
    return store


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        sync_folder(path.parent)
    except OSError as error:
        raise StorageError(explain_os_error(path, error)) from error


def check_file(path: Path, newest_version: int) -> None:
    """Look at an existing file through a read-only connection, so that a file we refuse stays as it is.

    Raises:
        StorageError: it is damaged, another program's, or of a version that is newer than `newest_version`.
    """
    if path.stat().st_size == 0:
        log = path.with_name(path.name + "-wal")
        if log.exists() and log.stat().st_size > 0:  # SQLite would throw the log away
            raise StorageError(explain_damage(path, "the file is empty but its write-ahead log is not"))
        return
    with faults_explained(path), read_only(path) as connection:
        finding = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if finding != "ok":
        raise StorageError(explain_damage(path, str(finding).splitlines()[-1]))
    if tables and owner != APPLICATION_ID:
        raise StorageError(
            f"{path} belongs to another program. Name another file for alexa-local's database."
        )
    if version > newest_version:
        raise StorageError(
            f"{path} was written by a newer alexa-local (version {version}; this one: {newest_version}). "
            "Install the newer program again, or move the file away to start afresh."
        )


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes nothing."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_BUSY_TIMEOUT_S)
    try:
        yield connection
    finally:
        connection.close()


def _migrate(store: Store, migrations: Sequence[Sequence[str]]) -> None:
    version = store.read("PRAGMA user_version")[0][0]
    for number, steps in enumerate(migrations[version:], start=version + 1):
        with store.transaction() as connection:  # the version number is part of the transaction
            for statement in steps:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
