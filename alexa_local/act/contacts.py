"""The people one can call: imported from address books, found by any name that somebody says."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from alexa_local.act import spoken
from alexa_local.act.address_book import Entry, Problem, read_address_book
from alexa_local.errors import RequestRefused, UsageError
from alexa_local.store import Store

LARGEST_FILE_BYTES = 64 * 1024 * 1024
"""An address book with pictures of a thousand people is smaller."""

_SAME_PERSON = (
    ("mum", "mom", "mummy", "mommy", "mother", "mama"),
    ("dad", "daddy", "father", "papa"),
    ("grandma", "granny", "gran", "nan", "grandmother"),
    ("grandpa", "grandad", "granddad", "grandfather"),
)
_EXACT, _GIVEN, _FAMILY = range(3)  # how well a name tells a person from others


@dataclass(frozen=True)
class Contact:
    """One person.

    Attributes:
        name: the full name.
        nicknames: other names that mean this person alone.
        addresses: (kind, value) as the address book orders them; see `address_book.Entry`.
    """

    name: str
    nicknames: tuple[str, ...]
    addresses: tuple[tuple[str, str], ...]

    @property
    def numbers(self) -> dict[str, str]:
        """The first telephone number of each kind."""
        return {kind: self.number(kind) for kind, _ in self.addresses if kind and kind != "email"}

    def number(self, kind: str = "") -> str:
        """A telephone number of a kind; without a kind the mobile one, or else the first; "" for none."""
        numbers = [(one, value) for one, value in self.addresses if one != "email"]
        fitting = [value for one, value in numbers if one == (kind or "mobile")]
        return next(iter(fitting), "" if kind else next((value for _, value in numbers), ""))

    def email(self) -> str:
        """The first mail address, or ""."""
        return next((value for kind, value in self.addresses if kind == "email"), "")


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Attributes:
        added: people that were new.
        updated: people that were known and have been replaced.
        problems: what was left out, by line.
    """

    added: int
    updated: int
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return f"{self.added} added, {self.updated} updated, {len(self.problems)} with problems"


class Contacts:
    """Everybody in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def import_file(self, path: Path) -> ImportReport:
        """Take in a vCard or CSV file; broken entries are reported and the others kept.

        Raises:
            UsageError: the file cannot be read, or is far too large.
        """
        try:
            if path.stat().st_size > LARGEST_FILE_BYTES:
                raise UsageError(f"{path} is too large for an address book. Export it without pictures.")
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read ({error.strerror}). Check the name and its permissions."
            ) from error
        return self.import_bytes(data)

    def import_bytes(self, data: bytes) -> ImportReport:
        """Take in the content of a vCard or CSV file, all of it or, when the disk fails, nothing."""
        entries, problems = read_address_book(data)
        people = _merged(entries)
        with self._store.transaction() as connection:
            known = {row["name"] for row in connection.execute("SELECT name FROM contacts")}
            for entry in people:
                _replace(connection, entry)
        updated = sum(entry.name in known for entry in people)
        return ImportReport(len(people) - updated, updated, tuple(problems))

    def all(self) -> list[Contact]:
        """Everybody, by name."""
        return [self._contact(row) for row in self._store.read("SELECT * FROM contacts ORDER BY name")]

    def resolve(self, said: str) -> Contact:
        """The person who is meant: by full name or nickname first, then by first name, then by last name.

        Raises:
            RequestRefused: nobody is called that, or several are; the message asks which.
        """
        rows = self._store.read(
            "SELECT contacts.*, contact_names.rank FROM contacts JOIN contact_names ON contact = contacts.id "
            "WHERE spoken = ? ORDER BY rank, name",
            _key(said),
        )
        best = [row for row in rows if row["rank"] == rows[0]["rank"]]
        if not best:
            raise RequestRefused(f"I don't know anybody called {said.title()}.")
        if len(best) > 1:
            names = spoken.listing([row["name"] for row in best], "or")
            raise RequestRefused(f"Which {said.title()}: {names}?")
        return self._contact(best[0])

    def _contact(self, row: sqlite3.Row) -> Contact:
        names = self._store.read(
            "SELECT written FROM contact_names WHERE contact = ? AND rank = ? AND written != ? ORDER BY 1",
            *(row["id"], _EXACT, row["name"]),
        )
        addresses = self._store.read(
            "SELECT kind, value FROM contact_addresses WHERE contact = ? ORDER BY position", row["id"]
        )
        return Contact(
            row["name"],
            tuple(one["written"] for one in names),
            tuple((one["kind"], one["value"]) for one in addresses),
        )


def _merged(entries: list[Entry]) -> list[Entry]:
    """Phones export one person several times; entries of one name become one."""
    people: dict[str, Entry] = {}
    for entry in entries:
        first = people.setdefault(entry.name, entry)
        if first is not entry:
            first.nicknames += entry.nicknames
            first.addresses += [address for address in entry.addresses if address not in first.addresses]
    return list(people.values())


def _replace(connection: sqlite3.Connection, entry: Entry) -> None:
    connection.execute("DELETE FROM contacts WHERE name = ?", (entry.name,))
    number = connection.execute("INSERT INTO contacts (name) VALUES (?)", (entry.name,)).lastrowid
    for key, (written, rank) in _names(entry).items():
        connection.execute("INSERT INTO contact_names VALUES (?, ?, ?, ?)", (number, key, written, rank))
    for position, (kind, value) in enumerate(entry.addresses):
        connection.execute(
            "INSERT INTO contact_addresses VALUES (?, ?, ?, ?)", (number, position, kind, value)
        )


def _names(entry: Entry) -> dict[str, tuple[str, int]]:
    """What a person may be called, with how exactly it tells who; the most exact use of a word counts."""
    names: dict[str, tuple[str, int]] = {}
    for written, rank in (
        (entry.name, _EXACT),
        *((nickname, _EXACT) for nickname in entry.nicknames),
        *((other, _EXACT) for name in (entry.name, *entry.nicknames) for other in _others(name)),
        (f"{entry.given} {entry.family}".strip(), _EXACT),
        (entry.given or entry.name.split()[0], _GIVEN),
        (entry.family or entry.name.split()[-1], _FAMILY),
    ):
        if _key(written):
            names.setdefault(_key(written), (written, rank))
    return names


def _others(name: str) -> tuple[str, ...]:
    return next((group for group in _SAME_PERSON if _key(name) in group), ())


def _key(name: str) -> str:
    """A name as it sounds: no capitals, accents or punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.sub(r"['’.]", "", re.sub(r"[-_/,]", " ", plain)).split())
