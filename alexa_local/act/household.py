"""Whom a name means where several people keep address books in one household.

A book has an owner, or it is everybody's. Who is in two books, under one name and with one number, is one
person. Where different people share a name, everybody's book comes first; else it means nobody until its
owner is named too, as in "Ann's mum".
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

EVERYBODYS = ""
"""The book without an owner."""

EXACT, GIVEN, FAMILY = range(3)
"""How well a name tells a person from others; stored in the database."""

_TELLING_DIGITS = 9
"""The last digits of a number, without which prefix ever: 0044 and +44 and 0 are the same."""


class Name(NamedTuple):
    """What somebody may be called: as it is written, and how well it tells who."""

    written: str
    rank: int


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody of one or several books.

    Attributes:
        books: the owners' names.
        name: the full name.
        names: all that they may be called, by `sound_of` it.
        addresses: (kind, value); see `address_book.Entry`.
    """

    books: tuple[str, ...]
    name: str
    names: Mapping[str, Name]
    addresses: tuple[tuple[str, str], ...]

    def is_of(self, owner: str) -> bool:
        """Whether somebody has them in a book of their own."""
        return owner.casefold() in (book.casefold() for book in self.books)


class Household:
    """Everybody of all books.

    Attributes:
        people: each of them once.
    """

    def __init__(self, people: Iterable[Person]) -> None:
        self.people = _merged(people)
        self._by_sound: dict[str, list[Person]] = defaultdict(list)
        for person in self.people:
            for sound in person.names:
                self._by_sound[sound].append(person)
        self._owners = {
            f"{sound_of(book)}s ": book for person in self.people for book in person.books if book
        }

    def called(self, said: str, speaker: str = "") -> list[Person]:
        """Whom a name means: nobody, one, or all between whom it does not tell.

        Args:
            said: the name.
            speaker: who says it, if that is known: their own book comes before all others.
        """
        sound = sound_of(said)
        if found := _meant(self._by_sound.get(sound, []), sound, speaker):
            return found
        for owned, book in self._owners.items():
            if sound.startswith(owned):
                name = sound.removeprefix(owned)
                theirs = [person for person in self._by_sound.get(name, []) if book in person.books]
                if found := _meant(theirs, name):
                    return found
        return []

    def name_of(self, person: Person) -> str:
        """The full name, with the book's owner where it means somebody else too."""
        return self._told_apart(person, person.name)

    def nicknames_of(self, person: Person) -> Iterator[str]:
        """Other names of the address books, each also with the owner where it means somebody else too."""
        exact = sorted(name.written for name in person.names.values() if name.rank == EXACT)
        both_ways = ((written, self._told_apart(person, written)) for written in exact)
        yield from dict.fromkeys(name for pair in both_ways for name in pair if name != self.name_of(person))

    def _told_apart(self, person: Person, name: str) -> str:
        owner = next(filter(None, person.books), "")
        return f"{owner}'s {name}" if owner and self.called(name) != [person] else name


def sound_of(name: str) -> str:
    """A name as it sounds: no capitals, accents or punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.sub(r"['’.]", "", re.sub(r"[-_/,]", " ", plain)).split())


def _meant(people: list[Person], sound: str, speaker: str = "") -> list[Person]:
    """Those whom a name tells best; within a book a full name does so better than a nickname."""
    rank = min((person.names[sound].rank for person in people), default=EXACT)
    best = [person for person in people if person.names[sound].rank == rank]
    best = [person for person in best if speaker and person.is_of(speaker)] or best
    if rank != EXACT:
        return best
    named_so = {book for person in best if sound_of(person.name) == sound for book in person.books}
    best = [person for person in best if sound_of(person.name) == sound or named_so.isdisjoint(person.books)]
    return [person for person in best if EVERYBODYS in person.books] or best


def _merged(people: Iterable[Person]) -> list[Person]:
    """Each person once; everybody's book comes first, then the others by owner."""
    by_name: dict[str, list[Person]] = defaultdict(list)
    for person in sorted(people, key=lambda one: one.books):
        same_name = by_name[sound_of(person.name)]
        reached = _reached(person)
        for number, other in enumerate(same_name):
            if not reached.isdisjoint(_reached(other)):
                same_name[number] = _joined(other, person)
                break
        else:
            same_name.append(person)
    return sorted((one for same in by_name.values() for one in same), key=lambda one: (one.name, one.books))


def _joined(first: Person, second: Person) -> Person:
    names = dict(first.names)
    for sound, name in second.names.items():
        if sound not in names or name.rank < names[sound].rank:
            names[sound] = name
    known = _reached(first)
    new = tuple(address for address in second.addresses if _reached_by(address[1]) not in known)
    books = tuple(dict.fromkeys(first.books + second.books))
    return Person(books, first.name, names, first.addresses + new)


def _reached(person: Person) -> set[str]:
    return {_reached_by(value) for _, value in person.addresses}


def _reached_by(value: str) -> str:
    """What tells an address from others, however it was typed."""
    return value.casefold() if "@" in value else value[-_TELLING_DIGITS:]
