"""The people of an address book file, without a database, as recognising and understanding know them."""

from __future__ import annotations

from pathlib import Path

from alexa_local.act.address_book import read_address_book
from alexa_local.errors import UsageError
from alexa_local.understand import Contact


def read_people(file: Path) -> tuple[Contact, ...]:
    """Everybody whom a vCard or CSV file names; entries of one name are one person.

    Raises:
        UsageError: it cannot be read, or names nobody.
    """
    try:
        entries, problems = read_address_book(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}). Check its name.") from error
    if not entries:
        raise UsageError(f"{file} names nobody ({problems[0]}). Give a vCard or CSV file.")
    nicknames: dict[str, list[str]] = {}
    for entry in entries:
        nicknames.setdefault(entry.name, []).extend(entry.nicknames)
    return tuple(Contact(name, tuple(dict.fromkeys(others))) for name, others in nicknames.items())
