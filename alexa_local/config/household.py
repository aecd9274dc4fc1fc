"""The settings of the household: its devices, its people and whom they call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True)
class CommandSettings:
    """What to do: run a program, publish an MQTT message, or both; `{slot}` becomes the slot's value."""

    run: tuple[str, ...] = ()
    """A program and its arguments, one list item each; no shell takes part, so nothing needs quoting."""

    topic: str = ""
    """The MQTT topic to publish to."""

    payload: str = ""
    """The MQTT message."""

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.run or self.topic)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if self.payload and not self.topic:
            yield "payload", "expected a `topic` beside it, to publish it to"


_Switchable = Literal["light", "switch", "fan", "media", "heater", "humidifier", "vacuum"]
DeviceKind = Literal[_Switchable, "cover", "thermostat", "lock", "scene"]
_STATES = ("ON", "OFF", "OPEN", "CLOSE", "STOP", "LOCK", "UNLOCK")


@dataclass(frozen=True)
class DeviceSettings:
    """One thing in the home that can be spoken to."""

    name: str
    """What people call it, such as `reading lamp`."""

    kind: DeviceKind
    """What it is; this decides what can be asked of it."""

    room: str = ""
    """The room it is in, such as `living room`."""

    aliases: tuple[str, ...] = ()
    """Other names for it."""

    topic: str = ""
    """The MQTT topic that its commands go to."""

    payload: str = ""
    """The MQTT message; `{state}` is `ON`, `OFF`, `OPEN`, `CLOSE`, `STOP`, `LOCK` or `UNLOCK`, `{value}` a
    number (percent or degrees Celsius). Empty for `{state}`, or `{value}` where there is one."""

    states: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The message for each state instead of `payload`: of `ON`, `OFF`, `OPEN`, `CLOSE`, `STOP`, `LOCK` and
    `UNLOCK` those that it knows. All else it is not asked for."""

    run: tuple[str, ...] = ()
    """A program and its arguments to run instead, with the same replacements."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if not self.name.strip():
            yield "name", "expected a name that people say"
        if unknown := sorted(self.states.keys() - set(_STATES)):
            yield f"states.{unknown[0]}", f"expected one of {', '.join(f'`{state}`' for state in _STATES)}"
        if self.states and (self.payload or not self.topic):
            yield "states", "expected a `topic` beside it, to publish them to, and no `payload`"
        if bool(self.topic) == bool(self.run):
            yield "", "expected either `topic` or `run`, to know what switches it"


@dataclass(frozen=True)
class HomeSettings:
    """The things in the home."""

    devices: tuple[DeviceSettings, ...] = ()
    """Lights, switches, covers, thermostats and so on."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        seen: dict[tuple[str, str], int] = {}
        for index, device in enumerate(self.devices):
            place = (device.name.casefold(), device.room.casefold())
            if place in seen:
                yield (
                    f"devices[{index}].name",
                    f"{device.name!r} is already the name of devices[{seen[place]}] there",
                )
            seen.setdefault(place, index)


@dataclass(frozen=True)
class PersonSettings:
    """What one person may ask for by voice."""

    name: str
    """As they are enrolled: see `alexa-local people`."""

    allowed: tuple[str, ...] = ()
    """Intents that they may ask for and no others; empty for all."""

    denied: tuple[str, ...] = ()
    """Intents that they may not ask for."""


@dataclass(frozen=True)
class GuestSettings:
    """What anybody may ask for by voice whose voice is not known."""

    allowed: tuple[str, ...] = ()
    """Intents that they may ask for and no others; empty for all."""

    denied: tuple[str, ...] = ("Unlock",)
    """Intents that they may not ask for."""


@dataclass(frozen=True)
class PeopleSettings:
    """Who speaks, and what follows from it; typed requests are not concerned."""

    model: str = "speaker"
    """The folder's name among the models: the network that tells voices apart; empty for none."""

    adapt: bool = False
    """Whether a profile follows its person's voice, by requests that surely are theirs."""

    members: tuple[PersonSettings, ...] = ()
    """What some people may ask for; who is enrolled and not here may ask for everything."""

    guests: GuestSettings = GuestSettings()
    """What all others may ask for, also who is not recognised for sure."""

    sensitive: tuple[str, ...] = ()
    """Intents that are never done by voice alone, whoever speaks: a voice can be replayed or imitated. They
    have to be typed."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        seen: dict[str, int] = {}
        for index, one in enumerate(self.members):
            if one.name.casefold() in seen:
                yield (
                    f"members[{index}].name",
                    f"{one.name!r} is already the name of members[{seen[one.name.casefold()]}]",
                )
            seen.setdefault(one.name.casefold(), index)


@dataclass(frozen=True)
class ContactsSettings:
    """How to call and write to people; `{name}`, `{number}` and `{message}` are replaced."""

    call: CommandSettings = CommandSettings()
    """How to call."""

    message: CommandSettings = CommandSettings()
    """How to send a message."""
