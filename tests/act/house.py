"""A whole house for the tests: an actor over a database file that outlives it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alexa_local.act import Actor, LocalOnly, Services, make_services
from alexa_local.config import ContactsSettings, DeviceSettings
from alexa_local.messages import Interpretation, Outcome
from alexa_local.store import Store, open_store
from alexa_local.testing.clock import FakeClock
from alexa_local.testing.player import FakePlayer
from alexa_local.testing.publisher import FakePublisher

DEVICES = (
    DeviceSettings("reading lamp", "light", "living room", ("lamp",), topic="home/lamp"),
    DeviceSettings("ceiling light", "light", "living room", topic="home/ceiling"),
    DeviceSettings("kitchen light", "light", "kitchen", topic="home/kitchen", payload='{"state": "{state}"}'),
    DeviceSettings("coffee maker", "plug", "kitchen"),
    DeviceSettings("blinds", "cover", "bedroom", topic="home/blinds"),
    DeviceSettings("thermostat", "thermostat", "hall", topic="home/heating"),
    DeviceSettings("heater", "heater", "bath", topic="home/heater"),
    DeviceSettings("movie night", "scene", topic="home/scene", payload="movie"),
    DeviceSettings("fan", "fan", "bedroom", topic="home/fan/bedroom"),
    DeviceSettings("fan", "fan", "bath", topic="home/fan/bath"),
)

PEOPLE = b"""BEGIN:VCARD
VERSION:3.0
FN:Ann Jones
N:Jones;Ann;;;
NICKNAME:Mum
TEL;TYPE=home:+44 20 1111
TEL;TYPE=cell:+44 7700 2222
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Ann Brown
N:Brown;Ann;;;
EMAIL:ann@example.org
END:VCARD
"""


class House:
    """An actor with everything it needs, over one database file that outlives it."""

    def __init__(
        self, folder: Path, calling: ContactsSettings, devices: Sequence[DeviceSettings] = DEVICES
    ) -> None:
        self.clock = FakeClock()
        self.player = FakePlayer()
        self.publisher = FakePublisher()
        self._path = folder / "home.db"
        self._calling = calling
        self._devices = devices
        self.changes = 0
        self.store: Store
        self.services: Services
        self.actor: Actor
        self.open()

    def open(self) -> None:
        self.store = open_store(self._path)
        self.services = make_services(
            self.store,
            self.clock,
            self.player,
            LocalOnly(self.store),
            self._devices,
            self._calling,
            self.publisher,
            self._note_change,
        )
        self.actor = Actor(self.services)

    def restart(self) -> None:
        """End the program and start it again, within the same boot."""
        self.store.close()
        self.open()

    def ask(self, intent: str, **slots: object) -> Outcome:
        return self.actor.perform(Interpretation(intent, slots))

    def reply(self, intent: str, **slots: object) -> str:
        return self.ask(intent, **slots).reply

    def _note_change(self) -> None:
        self.changes += 1
