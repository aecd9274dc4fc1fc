"""The people one can call: imported from address books, found by any name that somebody says."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from string import capwords

from alexa_local.act import spoken
from alexa_local.act.address_book import Entry, Problem, read_address_book
from alexa_local.act.asking import Asked
from alexa_local.act.household import EVERYBODYS, EXACT, FAMILY, GIVEN, Household, Name, Person, sound_of
from alexa_local.errors import RequestRefused, UsageError
from alexa_local.store import Store
from alexa_local.understand import is_speakable

LARGEST_FILE_BYTES = 64 * 1024 * 1024
"""An address book with pictures of a thousand people is smaller."""

_SAME_PERSON = (
    ("mum", "mom", "mummy", "mommy", "mother", "mama"),
    ("dad", "daddy", "father", "papa"),
    ("grandma", "granny", "gran", "nan", "grandmother"),
    ("grandpa", "grandad", "granddad", "grandfather"),
)


@dataclass(frozen=True)
class Contact:
    """One person.

    Attributes:
        name: the full name, with the owner of the book ("Ann's Mum") where another book's is somebody else.
        nicknames: other names, which may be somebody else's too.
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
    """Everybody in the store; what was read of it is kept, for nobody else writes there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: Household | None = None

    def import_file(self, path: Path, book: str = EVERYBODYS) -> ImportReport:
        """Take in a vCard or CSV file; broken entries are reported and the others kept.

        Raises:
            UsageError: the file cannot be read, or is far too large, or the book's name cannot be said.
        """
        try:
            if path.stat().st_size > LARGEST_FILE_BYTES:
                raise UsageError(f"{path} is too large for an address book. Export it without pictures.")
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read ({error.strerror}). Check the name and its permissions."
            ) from error
        return self.import_bytes(data, book)

    def import_bytes(self, data: bytes, book: str = EVERYBODYS) -> ImportReport:
        """Take in the content of a vCard or CSV file, all of it or, when the disk fails, nothing.

        Args:
            data: the content.
            book: whose address book it is; the others' are left alone.

        Raises:
            UsageError: the book's name cannot be said.
        """
        book = " ".join(book.split())
        if book and not is_speakable(book):
            raise UsageError(
                f"The book's name {book!r} cannot be said. Give its owner's name in Latin letters."
            )
        entries, problems = read_address_book(data)
        people = _merged(entries)
        self._read = None
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT book, name FROM contacts WHERE book = ?", (book,)).fetchall()
            book = rows[0]["book"] if rows else book  # "ann" is the book "Ann"
            known = {row["name"] for row in rows}
            for entry in people:
                _replace(connection, book, entry)
        updated = sum(entry.name in known for entry in people)
        return ImportReport(len(people) - updated, updated, tuple(problems))

    def all(self) -> list[Contact]:
        """Everybody once, by name."""
        return [self._contact(person) for person in self._household().people]

    def of(self, owner: str) -> list[Contact]:
        """Those of one person's own address book."""
        return [self._contact(person) for person in self._household().people if person.is_of(owner)]

    def resolve(self, said: str, speaker: str = "") -> Contact:
        """The person who is meant: by full name or nickname first, then by first name, then by last name.

        Args:
            said: the name.
            speaker: who says it, if that is known; their own address book comes first.

        Raises:
            RequestRefused: nobody is called that, or several are; the message asks which.
        """
        household = self._household()
        found = household.called(said, speaker)
        if not found:
            raise RequestRefused(f"I don't know anybody called {capwords(said)}.")
        if len(found) > 1:
            names = spoken.listing([household.name_of(person) for person in found], "or")
            raise Asked(f"Which {capwords(said)}: {names}?", "contact")
        return self._contact(found[0])

    def _contact(self, person: Person) -> Contact:
        household = self._household()
        return Contact(household.name_of(person), tuple(household.nicknames_of(person)), person.addresses)

    def _household(self) -> Household:
        if self._read is None:
            names: dict[int, dict[str, Name]] = defaultdict(dict)
            for row in self._store.read("SELECT * FROM contact_names"):
                names[row["contact"]][row["spoken"]] = Name(row["written"], row["rank"])
            addresses: dict[int, list[tuple[str, str]]] = defaultdict(list)
            for row in self._store.read("SELECT * FROM contact_addresses ORDER BY contact, position"):
                addresses[row["contact"]].append((row["kind"], row["value"]))
            self._read = Household(
                Person((row["book"],), row["name"], names[row["id"]], tuple(addresses[row["id"]]))
                for row in self._store.read("SELECT * FROM contacts ORDER BY name")
            )
        return self._read


def _merged(entries: list[Entry]) -> list[Entry]:
    """Phones export one person several times; entries of one name become one."""
    people: dict[str, Entry] = {}
    for entry in entries:
        first = people.setdefault(entry.name, entry)
        if first is not entry:
            first.nicknames += entry.nicknames
            first.addresses += [address for address in entry.addresses if address not in first.addresses]
    return list(people.values())


def _replace(connection: sqlite3.Connection, book: str, entry: Entry) -> None:
    connection.execute("DELETE FROM contacts WHERE book = ? AND name = ?", (book, entry.name))
    number = connection.execute(
        "INSERT INTO contacts (book, name) VALUES (?, ?)", (book, entry.name)
    ).lastrowid
    for sound, (written, rank) in _names(entry).items():
        connection.execute("INSERT INTO contact_names VALUES (?, ?, ?, ?)", (number, sound, written, rank))
    for position, (kind, value) in enumerate(entry.addresses):
        connection.execute(
            "INSERT INTO contact_addresses VALUES (?, ?, ?, ?)", (number, position, kind, value)
        )


def _names(entry: Entry) -> dict[str, Name]:
    """What a person may be called, with how exactly it tells who; the most exact use of a word counts."""
    names: dict[str, Name] = {}
    for written, rank in (
        (entry.name, EXACT),
        *((nickname, EXACT) for nickname in entry.nicknames),
        *((other, EXACT) for name in (entry.name, *entry.nicknames) for other in _others(name)),
        (f"{entry.given} {entry.family}".strip(), EXACT),
        (entry.given or entry.name.split()[0], GIVEN),
        (entry.family or entry.name.split()[-1], FAMILY),
    ):
        if sound := sound_of(written):
            names.setdefault(sound, Name(written, rank))
    return names


def _others(name: str) -> tuple[str, ...]:
    return next((group for group in _SAME_PERSON if sound_of(name) in group), ())
