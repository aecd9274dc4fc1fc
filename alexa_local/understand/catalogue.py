"""The names of one home: what turns a general sentence into a request about this lamp and that person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

SWITCHABLE_KINDS = frozenset({"light", "switch", "plug", "fan", "media", "heater", "humidifier", "vacuum"})
"""Kinds of device that can be turned on and off."""

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
)
_SMALL_NUMBERS = [*_SMALL.split(), "seventeen", "eighteen", "nineteen"]
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety"


@dataclass(frozen=True)
class Device:
    """Something in the home that can be commanded.

    Attributes:
        name: the name that the handler gets back, such as "Reading lamp".
        kind: light, switch, plug, fan, cover, thermostat, scene or another word.
        room: the room's name, "" when it belongs to none.
        aliases: other names that people use.
    """

    name: str
    kind: str
    room: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contact:
    """Somebody who can be called or written to.

    Attributes:
        name: full name.
        nicknames: other names, such as "mum".
        numbers: telephone number by "mobile", "home", "work".
    """

    name: str
    nicknames: tuple[str, ...] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Catalogue:
    """All names that a request may use.

    Attributes:
        devices: what can be commanded.
        rooms: names of rooms (those of the devices are added to them).
        contacts: people.
        music: names of playlists, artists, albums, folders and songs.
        lists: names of lists.
        timer_names: names that timers often have; the running ones may be added.
    """

    devices: tuple[Device, ...] = ()
    rooms: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    music: tuple[str, ...] = ()
    lists: tuple[str, ...] = ("shopping", "to do")
    timer_names: tuple[str, ...] = (
        *("pasta", "egg", "eggs", "pizza", "tea", "coffee", "rice", "bread", "cake", "chicken", "potatoes"),
        *(
            "oven",
            "laundry",
            "washing",
            "dryer",
            "nap",
            "workout",
            "homework",
            "kitchen",
            "cooking",
            "baking",
        ),
        *("cookies", "dinner", "lunch", "breakfast", "soup", "steak", "turkey", "break", "meditation"),
    )

    def entries(self) -> dict[str, list[tuple[str, str]]]:
        """Names by slot type, each as (the words that are said, the value that the slot gets)."""
        people = dict(_unambiguous(self.contacts))
        return {
            "switchable": _spoken(_names(self.devices, SWITCHABLE_KINDS)),
            "device": _spoken(_names(self.devices, None)),
            "light": _spoken(_names(self.devices, {"light"})),
            "cover": _spoken(_names(self.devices, {"cover"})),
            "thermostat": _spoken(_names(self.devices, {"thermostat"})),
            "scene": _spoken(_names(self.devices, {"scene"})),
            "room": _spoken((room, room) for room in self._all_rooms()),
            "contact": _spoken(people.items()),
            "music": _spoken((name, name) for name in self.music),
            "list": _spoken(_list_names(self.lists)),
            "timer_name": _spoken((name, name) for name in self.timer_names),
        }

    def _all_rooms(self) -> list[str]:
        return list(dict.fromkeys([*self.rooms, *(device.room for device in self.devices if device.room)]))


def spoken_words(name: str) -> str:
    """A name as it is said: lower-case letters, apostrophes, numbers in words; "" when nothing is left."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    plain = re.sub(
        r"\d+", lambda match: f" {_number_words(match[0])} ", plain.replace("’", "'").replace("&", " and ")
    )
    words = (word.strip("'") for word in re.sub(r"[^a-z']+", " ", plain).split())
    return " ".join(word for word in words if word)


def _number_words(digits: str) -> str:
    number = int(digits)
    if number < 20:
        return _SMALL_NUMBERS[number]
    if number < 100:
        return _TENS.split()[number // 10] + (f" {_SMALL_NUMBERS[number % 10]}" if number % 10 else "")
    return " ".join(_SMALL_NUMBERS[int(digit)] for digit in digits)


def _names(devices: tuple[Device, ...], kinds: frozenset[str] | set[str] | None) -> Iterator[tuple[str, str]]:
    for device in devices:
        if kinds is None or device.kind in kinds:
            for name in (device.name, *device.aliases):
                yield name, device.name


def _unambiguous(contacts: tuple[Contact, ...]) -> Iterator[tuple[str, str]]:
    """Every contact's full name and nicknames, and first names and surnames that only one contact has."""
    owners: dict[str, set[str]] = {}
    for contact in contacts:
        full = spoken_words(contact.name)
        for name in {full, *full.split()[:1], *full.split()[-1:]}:
            owners.setdefault(name, set()).add(contact.name)
    for name, names in owners.items():
        if len(names) == 1:
            yield name, next(iter(names))
    for contact in contacts:
        yield spoken_words(contact.name), contact.name
        for nickname in contact.nicknames:
            yield spoken_words(nickname), contact.name


def _list_names(lists: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in lists:
        bare = re.sub(r"\s+list$", "", name, flags=re.IGNORECASE)
        yield bare, name
        if bare.casefold() == "shopping":
            yield "grocery", name
            yield "groceries", name


def _spoken(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    seen: dict[str, str] = {}
    for name, value in pairs:
        words = spoken_words(name)
        if words:
            seen.setdefault(words, value)
    return list(seen.items())


ENTRY_TYPES = frozenset(Catalogue().entries())
"""Slot types that the catalogue fills."""
