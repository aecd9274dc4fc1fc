"""What must be looked after now and then, beside the running daemon: chore by chore, each told in one line.

Nothing of what people made is ever removed here. Timers, alarms and what rings are forgotten by the daemon
itself when their time is over; lists, contacts and settings have none. What waits to be sent comes of speech,
and its time ends also while no daemon runs, or when nobody is to send it any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alexa_local.daemon.paths import DATABASE, PHRASE_VECTORS, SLOTS
from alexa_local.errors import AlexaLocalError, StorageError
from alexa_local.models import open_model
from alexa_local.store import Store, as_owner_of, existing_store
from alexa_local.store.durable import left_over_of
from alexa_local.store.faults import explain_os_error
from alexa_local.store.upkeep import (
    LITTLE_MIB,
    MAKE_ROOM,
    TOO_LITTLE_MIB,
    WORTH_BYTES,
    Survey,
    be_patient_briefly,
    empty_log,
    free_mib,
    give_back,
    is_busy,
    log_bytes,
    survey,
)
from alexa_local.updates.shelf import Shelf

ABANDONED_S = 86400.0
"""Age after which a half-written file is nobody's: writing one takes seconds."""

State = Literal["ok", "done", "due", "later", "warn", "fail"]
"""Well; done; would be done (a dry run); waits, because somebody is at it; could be better; broken."""


@dataclass(frozen=True)
class House:
    """What is kept: the folders, and the models that are in use.

    Attributes:
        state: the folder of the database.
        cache: the folder of what can be made again.
        models: their names.
        models_dir: where they lie; None for the ones that came with the program.
    """

    state: Path
    cache: Path
    models: tuple[str, ...]
    models_dir: Path | None = None


@dataclass(frozen=True)
class Chore:
    """One line about one chore.

    Attributes:
        name: what it is about, such as "database".
        state: how that is, or what became of it.
        told: a whole sentence or two, with what to do.
        exit_code: what the process should end with; 0 unless the state is "fail".
    """

    name: str
    state: State
    told: str
    exit_code: int = 0

    def __str__(self) -> str:
        return f"{self.state:5}  {self.name}: {self.told}"


def keep_house(house: House, dry_run: bool = False, now_s: float | None = None) -> Iterator[Chore]:
    """Do every chore, whatever became of those before it; `now_s`, of files' times, is for tests."""
    yield _left_over(
        left_over_of(house.cache / PHRASE_VECTORS), time.time() if now_s is None else now_s, dry_run
    )
    yield from _database(house.state / DATABASE, dry_run)
    for name in house.models:
        yield _model(name, house)
    yield _updates(house, time.time() if now_s is None else now_s, dry_run)
    yield _disk(house.state)


def _left_over(file: Path, now_s: float, dry_run: bool) -> Chore:
    """A file that a crash in the midst of writing left."""
    name = "left-overs"
    try:
        with as_owner_of(file.parent):
            about = file.stat()
            if now_s - about.st_mtime < ABANDONED_S:
                return Chore(name, "later", f"{file} is new; somebody may be writing it.")
            if not dry_run:
                file.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return Chore(name, "ok", "There are none.")
    except OSError as error:
        return _broken(name, StorageError(explain_os_error(file, error)))
    return _done(name, dry_run, f"{_mib(about.st_size)} of {file}")


def _database(path: Path, dry_run: bool) -> Iterator[Chore]:
    """Look first; a database that is damaged, of another version or in use is left as it is."""
    name = "database"
    try:
        with as_owner_of(path.parent):
            found = survey(path) if path.exists() else None
    except OSError as error:
        yield _broken(name, StorageError(explain_os_error(path, error)))
    except StorageError as error:
        yield _hindered(name, error)
    else:
        if found is None:
            yield Chore(name, "ok", f"There is none at {path}.")
        elif not found.current:
            yield Chore(
                name, "later", "It is whole, of an older version; the daemon renews it at its next start."
            )
        else:
            yield Chore(name, "ok", f"It is whole, {_mib(found.size_bytes)}.")
            yield from _foreseen(found) if dry_run else _tidied(path, found)


def _foreseen(found: Survey) -> Iterator[Chore]:
    yield _waiting(found)
    yield _free_pages(found) or _done("free pages", True, _mib(found.free_bytes))
    yield _done("log", True, _mib(found.log_bytes)) if found.log_bytes else Chore("log", "ok", "It is empty.")


def _tidied(path: Path, found: Survey) -> Iterator[Chore]:
    chores: list[Chore] = []
    try:
        with existing_store(path) as store:
            if store:
                be_patient_briefly(store)
                chores += [_tried(name, work, store, found) for name, work in _TIDYING]
    except StorageError as error:
        chores.append(_hindered("database", error))
    yield from chores  # not from within: root is the database's owner there


def _tried(name: str, work: Callable[[Store, Survey], Chore], store: Store, found: Survey) -> Chore:
    try:
        return work(store, found)
    except StorageError as error:
        return _hindered(name, error)


def _delete_old(store: Store, found: Survey) -> Chore:
    """Messages that waited for too long, which the daemon would delete as well."""
    if not found.waiting:
        return _waiting(found)
    from alexa_local.act.clock import SystemClock  # these load much, and are hardly ever needed
    from alexa_local.act.local_only import LocalOnly
    from alexa_local.mqtt.outbox import Outbox

    deleted = len(Outbox(store, SystemClock(), LocalOnly(store)).delete_old())
    if deleted:
        return Chore(
            "outbox", "done", f"{deleted} of {found.waiting} messages deleted, which nobody took in time."
        )
    return _waiting(found)


def _waiting(found: Survey) -> Chore:
    return Chore("outbox", "ok", f"{found.waiting} messages wait to be sent, each for a day at most.")


def _give_back(store: Store, found: Survey) -> Chore:
    return _free_pages(found) or _done("free pages", False, _mib(give_back(store)))


def _free_pages(found: Survey) -> Chore | None:
    """Why nothing is given back, if so."""
    if found.free_bytes >= WORTH_BYTES and found.shrinks:
        return None
    return Chore("free pages", "ok", f"{_mib(found.free_bytes)} are kept for what comes next.")


def _empty(store: Store, _: Survey) -> Chore:
    before = log_bytes(store.path)
    if not before:
        return Chore("log", "ok", "It is empty.")
    return _done("log", False, _mib(before)) if empty_log(store) else _in_use("log")


_TIDYING = (("outbox", _delete_old), ("free pages", _give_back), ("log", _empty))


def _model(model: str, house: House) -> Chore:
    name = f"model {model}"
    try:
        files = len(open_model(model, house.models_dir, house.state / SLOTS).info["files"])
    except AlexaLocalError as error:
        return _broken(name, error)
    return Chore(name, "ok", f"{files} files are as they were made.")


def _updates(house: House, now_s: float, dry_run: bool) -> Chore:
    """What updates left that were refused or given up; the daemon would remove it at its next start."""
    name, removed = "updates", 0
    try:
        with as_owner_of(house.state):
            for model in house.models:
                shelf = Shelf(house.state / SLOTS / model)
                old = [path for path in shelf.left_overs(shelf.read()) if _age_s(path, now_s) >= ABANDONED_S]
                removed += sum(map(_size_bytes, old))
                if not dry_run:
                    shelf.remove(old)
    except AlexaLocalError as error:
        return _broken(name, error)
    except OSError as error:
        return _broken(name, StorageError(explain_os_error(house.state / SLOTS, error)))
    return _done(name, dry_run, _mib(removed)) if removed else Chore(name, "ok", "They left nothing behind.")


def _age_s(path: Path, now_s: float) -> float:
    return now_s - path.stat().st_mtime


def _size_bytes(path: Path) -> int:
    return sum(each.stat().st_size for each in (path, *path.rglob("*")))


def _disk(folder: Path) -> Chore:
    free = free_mib(folder)
    told = f"{free:.0f} MiB are free for {folder}."
    if free >= LITTLE_MIB:
        return Chore("disk", "ok", told)
    if free >= TOO_LITTLE_MIB:
        return Chore("disk", "warn", f"{told} {MAKE_ROOM}")
    return _broken("disk", StorageError(f"{told} {MAKE_ROOM}"))


def _done(name: str, dry_run: bool, what: str) -> Chore:
    return (
        Chore(name, "due", f"{what} would be given back.")
        if dry_run
        else Chore(name, "done", f"{what} given back.")
    )


def _in_use(name: str) -> Chore:
    return Chore(name, "later", "Somebody is using it; it waits for the next time.")


def _hindered(name: str, error: StorageError) -> Chore:
    return _in_use(name) if is_busy(error) else _broken(name, error)


def _broken(name: str, error: AlexaLocalError) -> Chore:
    return Chore(name, "fail", str(error), error.exit_code)


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):.1f} MiB"
