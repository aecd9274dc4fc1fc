"""The names of one home: what turns a general sentence into a request about this lamp and that person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from alexa_local.understand.names import NICKNAMES, other_wordings, spoken_words

SWITCHABLE_KINDS = frozenset({"light", "switch", "plug", "fan", "media", "heater", "humidifier", "vacuum"})
"""Kinds of device that can be turned on and off."""


DEVICE_TYPES: Mapping[str, frozenset[str] | None] = {
    "switchable": SWITCHABLE_KINDS,
    "device": None,
    "light": frozenset({"light"}),
    "cover": frozenset({"cover"}),
    "thermostat": frozenset({"thermostat"}),
    "scene": frozenset({"scene"}),
    "lock": frozenset({"lock"}),
}
"""Slot types that take a device, with the kinds of device that fit; None for any."""

ENTRY_TYPES = frozenset({*DEVICE_TYPES, "room", "contact", "music", "list", "timer_name"})
"""Slot types that the catalogue fills."""


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
        timer_names: names that timers often have.
        running_timers: names of the timers that are in use.
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
    running_timers: tuple[str, ...] = ()

    def entries(self) -> dict[str, list[tuple[str, str]]]:
        """Names by slot type, each as (the words that are said, the value that the slot gets)."""
        return {slot_type: self.entries_of(slot_type) for slot_type in ENTRY_TYPES}

    def entries_of(self, slot_type: str) -> list[tuple[str, str]]:
        """The names of one slot type."""
        match slot_type:
            case "contact":
                return _spoken(_people(self.contacts))
            case "room":
                return _spoken((room, room) for room in self._all_rooms())
            case "music":
                return _spoken((name, name) for name in self.music)
            case "list":
                return _spoken(_list_names(self.lists))
            case "timer_name":
                return _spoken((name, name) for name in (*self.running_timers, *self.timer_names))
            case "running_timer":
                return _spoken((name, name) for name in self.running_timers)
            case _:
                return _spoken(_names(self.devices, DEVICE_TYPES[slot_type]))

    def _all_rooms(self) -> list[str]:
        return list(dict.fromkeys([*self.rooms, *(device.room for device in self.devices if device.room)]))


def _names(devices: tuple[Device, ...], kinds: frozenset[str] | None) -> Iterator[tuple[str, str]]:
    for device in devices:
        if kinds is None or device.kind in kinds:
            for name in (device.name, *device.aliases):
                yield name, device.name


def _people(contacts: tuple[Contact, ...]) -> Iterator[tuple[str, str]]:
    """What everybody may be called.

    Those are the full name; then the nicknames that the address book has, the full name in other wordings,
    the first name and the surname, and, unless somebody else may be meant, what is short for the first name.
    Whatever else means several people is handed on as it is said, for whoever acts on it to ask which.
    """
    for contact in contacts:
        yield spoken_words(contact.name), contact.name
    for calls in (_nicknames, _wordings, _one_word, _short_names):
        meant: dict[str, dict[str, str]] = {}  # by what is said and by full name: somebody may be there twice
        for contact in contacts:
            for said in calls(contact):
                meant.setdefault(said, {}).setdefault(spoken_words(contact.name), contact.name)
        for said, names in meant.items():
            if len(names) == 1:
                yield said, next(iter(names.values()))
            elif calls is not _short_names:
                yield said, said


def people_called(spoken: str, contacts: tuple[Contact, ...]) -> tuple[str, ...]:
    """Everybody whom a name may mean, also where it means several."""

    def calls(contact: Contact) -> Iterator[str]:
        yield spoken_words(contact.name)
        for wordings in (_nicknames, _wordings, _one_word, _short_names):
            yield from wordings(contact)

    return tuple(dict.fromkeys(one.name for one in contacts if spoken and spoken in calls(one)))


def _nicknames(contact: Contact) -> Iterator[str]:
    return map(spoken_words, contact.nicknames)


def _wordings(contact: Contact) -> Iterator[str]:
    return other_wordings(contact.name)


def _one_word(contact: Contact) -> tuple[str, ...]:
    """First name and surname; "Ann's Mum" has neither."""
    words = next(other_wordings(contact.name), "").split()
    return (words[0], words[-1]) if words and not words[0].endswith("'s") else ()


def _short_names(contact: Contact) -> tuple[str, ...]:
    return NICKNAMES.get(next(other_wordings(contact.name), "").partition(" ")[0], ())


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
