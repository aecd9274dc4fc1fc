"""The devices of the home: which are meant, what is sent to them, and the state they were left in."""

from __future__ import annotations

from collections.abc import Sequence

from alexa_local.act import spoken
from alexa_local.act.asking import Asked
from alexa_local.act.commands import Commands
from alexa_local.config import DeviceSettings
from alexa_local.errors import RequestRefused
from alexa_local.store import Store

SWITCHABLE = ("light", "switch", "plug", "fan", "media")
"""Kinds that "turn everything on" means: no heater and no garage door by accident."""

_ALIKE = {"plug": ("plug", "switch"), "switch": ("switch", "plug")}


class Home:
    """The devices of the configuration, with the state that was last asked of each, kept in the store."""

    def __init__(self, devices: Sequence[DeviceSettings], store: Store, commands: Commands) -> None:
        self._own = self._devices = tuple(devices)
        self._store = store
        self._commands = commands

    @property
    def devices(self) -> tuple[DeviceSettings, ...]:
        """All of them."""
        return self._devices

    def add(self, others: Sequence[DeviceSettings]) -> None:
        """Know these beside the configuration's own, instead of those of the last call; from any thread."""
        self._devices = (*self._own, *others)

    def through(self, commands: Commands) -> Home:
        """The same devices, told in another way."""
        return Home(self._devices, self._store, commands)

    def find(
        self, device: str = "", room: str = "", kinds: Sequence[str] = (), all_of_them: bool = False
    ) -> list[DeviceSettings]:
        """The devices that a request means.

        Args:
            device: a name or alias, "" for any.
            room: a room, "" for the whole home.
            kinds: kinds that qualify; none for any.
            all_of_them: whether a name that fits several devices means them all.

        Raises:
            RequestRefused: nothing fits, or a name fits several.
        """
        wanted = tuple(alike for kind in kinds for alike in _ALIKE.get(kind, (kind,)))
        found = [
            one
            for one in self._devices
            if (not device or _same(device, one.name, *one.aliases))
            and (not room or _same(room, one.room))
            and (not wanted or one.kind in wanted)
        ]
        if not found:
            raise RequestRefused(self._nothing_fits(device, room, wanted))
        if device and len(found) > 1 and not all_of_them:
            rooms = spoken.listing([f"the {one.room}" for one in found], "or")
            raise Asked(f"Which {device}: the one in {rooms}?", "room")
        return found

    def command(self, device: DeviceSettings, attribute: str, value: object, state: str = "") -> None:
        """Tell a device something, and remember it once the device was told.

        Args:
            device: which.
            attribute: what the value is: "state", "brightness", "colour", "temperature" or "position".
            value: the new value.
            state: what `{state}` stands for in the device's payload, where the value is not it.

        Raises:
            NetworkError: the broker cannot be reached.
            RequestRefused: local-only mode forbids it, the device's program failed, or the device knows no
                such state.
        """
        is_state = attribute == "state"
        values = {"state": value if is_state else state, "value": "" if is_state else value, attribute: value}
        if device.states:
            if not is_state or value not in device.states:
                raise RequestRefused(f"The {device.name} can't do that.")
            values = {"state": device.states[str(value)]}
        self._commands.perform(device, values, "{state}" if is_state else "{value}")
        with self._store.transaction():
            self._remember(device, attribute, str(value))
            if state:
                self._remember(device, "state", state)

    def remembered(self, device: DeviceSettings, attribute: str) -> str:
        """The value that was last asked of a device, "" when none was."""
        sql = "SELECT value FROM device_states WHERE device = ? AND attribute = ?"
        rows = self._store.read(sql, _key(device), attribute)
        return rows[0]["value"] if rows else ""

    def _remember(self, device: DeviceSettings, attribute: str, value: str) -> None:
        sql = "INSERT INTO device_states VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        self._store.write(sql, _key(device), attribute, value)

    def _nothing_fits(self, device: str, room: str, kinds: Sequence[str]) -> str:
        place = f" in the {room}" if room else ""
        if device:
            return f"I don't know any {device}{place}."
        if not self._devices:
            return "No devices are set up yet. Add them under home devices in the configuration."
        return f"I don't know any {spoken.listing(list(kinds) or ['device'], 'or')}{place}."


def _key(device: DeviceSettings) -> str:
    return f"{device.room}/{device.name}".casefold()


def _same(said: str, *names: str) -> bool:
    return said.casefold() in (name.casefold() for name in names)
