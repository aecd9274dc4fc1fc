"""The names of a home for commands that work without the daemon."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alexa_local.config import Config
from alexa_local.errors import AlexaLocalError

if TYPE_CHECKING:
    from alexa_local.understand import Catalogue, Contact


def names_of(config: Config, book: Path | None) -> Catalogue:
    """The names of the home, with the contacts of the file or else those that were imported."""
    from alexa_local.act.people import read_people
    from alexa_local.understand import Catalogue, Device

    devices = tuple(Device(one.name, one.kind, one.room, one.aliases) for one in config.home.devices)
    return Catalogue(devices, contacts=read_people(book) if book else _imported(config))


def _imported(config: Config) -> tuple[Contact, ...]:
    """The contacts of the database; none where there is none, or none that we may read."""
    from alexa_local.act.contacts import Contacts
    from alexa_local.daemon.paths import DATABASE, state_dir
    from alexa_local.store import open_store
    from alexa_local.understand import Contact

    file = state_dir(config.daemon) / DATABASE
    try:
        if not file.exists():
            return ()
        with open_store(file) as store:
            return tuple(Contact(one.name, one.nicknames, one.numbers) for one in Contacts(store).all())
    except (AlexaLocalError, OSError):
        return ()
