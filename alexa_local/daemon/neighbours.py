"""Devices and rooms that the broker told of, beside those of the configuration, which always come first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alexa_local.config import DeviceSettings
from alexa_local.mqtt.topics import Names, Thing
from alexa_local.understand import Device, is_speakable

MOST = 500
"""Devices that are taken; each makes understanding and hearing a little slower."""


def told(sources: Iterable[Names], own: Sequence[DeviceSettings], prefix: str) -> Names:
    """What several sources tell, as far as it can be used; where they tell two of one name, the first.

    Args:
        sources: what each tells.
        own: the devices of the configuration; nobody else gets one of their names in the same room.
        prefix: of our own topics, which are no device's in the home.
    """
    taken = {(name.casefold(), one.room.casefold()) for one in own for name in (one.name, *one.aliases)}
    anywhere = {name for name, _ in taken}
    things: list[Thing] = []
    rooms: dict[str, None] = {}
    for names in sources:
        rooms |= {room: None for room in names.rooms if is_speakable(room)}
        for thing in names.things:
            place = thing.name.casefold(), thing.room.casefold()
            is_taken = place in taken or (not thing.room and place[0] in anywhere)
            is_ours = f"{thing.topic}/".startswith(f"{prefix}/")
            if is_taken or is_ours or not is_speakable(thing.name) or len(things) >= MOST:
                continue
            taken.add(place)
            things.append(thing)
    return Names(tuple(things), tuple(rooms))


def as_settings(things: Iterable[Thing]) -> tuple[DeviceSettings, ...]:
    """Those that can be switched, as if they were configured."""
    return tuple(
        DeviceSettings(
            name=thing.name,
            kind=thing.kind,  # type: ignore[arg-type]  # the schema and `discovered` allow no other
            room=thing.room,
            aliases=thing.aliases,
            topic=thing.topic,
            payload="" if thing.states else thing.payload,
            states=thing.states,
        )
        for thing in things
        if thing.topic
    )


def as_names(things: Iterable[Thing]) -> tuple[Device, ...]:
    """All of them, to be understood."""
    return tuple(Device(one.name, one.kind, one.room, one.aliases) for one in things)
