"""What `alexa-local setup` keeps in the daemon's database: who lives here, and the local-only switch."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from alexa_local.act import LocalOnly
from alexa_local.act.contacts import Contacts
from alexa_local.act.household import sound_of
from alexa_local.cli.offline import import_contacts
from alexa_local.cli.pictures import without_pictures
from alexa_local.cli.setup_answers import Person
from alexa_local.config import Config
from alexa_local.daemon.client import ask
from alexa_local.daemon.paths import DATABASE, client_socket_path, state_dir
from alexa_local.errors import StorageError, UsageError
from alexa_local.store import existing_store


def known_people(config: Config) -> frozenset[str]:
    """The names of everybody in the address books; nobody where they are not ours to read."""
    try:
        with existing_store(state_dir(config.daemon) / DATABASE) as store:
            people = Contacts(store).all() if store else []
    except StorageError:
        return frozenset()
    return frozenset(name for person in people for name in (person.name, *person.nicknames))


def keep_local_only(config: Config, on: bool, daemon_runs: bool) -> None:
    """Switch it for good: the configuration tells only how the very first start is."""
    if daemon_runs:
        ask(client_socket_path(config.daemon), "mode", on=on)
        return
    with existing_store(state_dir(config.daemon) / DATABASE) as store:
        if store:
            LocalOnly(store).set(on)


def add_people(config: Config, people: Sequence[Person], daemon_runs: bool) -> Iterator[str]:
    """Import each one's address book; who has none, and is not known yet, becomes known by name.

    Yields:
        What was done, a line for each.
    """
    known = {sound_of(name) for name in known_people(config)}
    for person in people:
        if person.book:
            try:
                data = without_pictures(person.book.read_bytes())
            except OSError as error:
                raise UsageError(f"{person.book} cannot be read ({error.strerror}). Check it.") from error
            report = _import(config, data, person.name, daemon_runs)
            counts = f"{report['added']} contacts added, {report['updated']} updated"
            yield "; ".join([f"{person.name}: {counts}", *report["problems"]])
        elif sound_of(person.name) in known:
            yield f"{person.name}: known already"
        else:
            _import(config, _as_csv(person.name), "", daemon_runs)
            yield f"{person.name}: known by name"


def _import(config: Config, data: bytes, book: str, daemon_runs: bool) -> dict[str, Any]:
    if not daemon_runs:
        return import_contacts(config, data, book)
    encoded = base64.b64encode(data).decode()
    return ask(client_socket_path(config.daemon), "contacts", data=encoded, book=book)


def _as_csv(name: str) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([["name", "phone"], [name, ""]])
    return out.getvalue().encode()
