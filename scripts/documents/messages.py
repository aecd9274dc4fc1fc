"""What is published for which spoken request: each is understood and done, and what is sent is noted."""

from __future__ import annotations

import tempfile
from pathlib import Path

from alexa_local.act import Actor, LocalOnly, make_services
from alexa_local.config import CommandSettings, ContactsSettings, DeviceSettings
from alexa_local.messages import Hypothesis
from alexa_local.mqtt import broker
from alexa_local.store import Store, open_store
from alexa_local.testing.clock import FakeClock
from alexa_local.testing.player import FakePlayer
from alexa_local.testing.publisher import FakePublisher
from alexa_local.understand import Catalogue, Contact, Device, Understander, load_owner_intents
from scripts.documents.blocks import table

_OWNERS = Path(__file__).parents[2] / "packaging/examples/coffee-orders.yaml"
_PERSON = b"BEGIN:VCARD\nVERSION:3.0\nFN:Ann Jones\nTEL;TYPE=CELL:+15550100\nEND:VCARD\n"
_DEVICES = (
    DeviceSettings("lamp", "light", topic="home/lamp", payload='{"state": "{state}"}'),
    DeviceSettings("spotlight", "light", topic="home/spotlight"),
    DeviceSettings("blinds", "cover", topic="home/blinds"),
    DeviceSettings("heating", "thermostat", topic="home/heating"),
    DeviceSettings("movie night", "scene", topic="home/scene"),
)
_CALLING = ContactsSettings(
    call=CommandSettings(topic="phone/call", payload='{"name": "{name}", "number": "{number}"}'),
    message=CommandSettings(topic="phone/message", payload="{number}: {message}"),
)
_SAID = (
    "turn on the lamp",
    "turn off the lamp",
    "turn on the spotlight",
    "dim the spotlight to forty percent",
    "make the spotlight blue",
    "open the blinds",
    "close the blinds",
    "stop the blinds",
    "set the blinds to thirty percent",
    "set the heating to twenty one degrees",
    "turn on movie night",
    "call ann jones",
    "tell ann jones i'm late",
    "can i have a large dark roast latte with some milk",
)


def reference() -> str:
    """A table with a row for each request."""
    configured = {each.topic: each.payload for each in (*_DEVICES, _CALLING.call, _CALLING.message)}
    configured[load_owner_intents(_OWNERS).actions["orderDrink"].topic] = "{slots}"
    rows: list[tuple[str, ...]] = []
    for said, (topic, payload) in zip(_SAID, _sent(), strict=True):
        template = configured[topic]
        rows.append((said, f"`{template}`" if template else "none", f"`{topic}`", f"`{payload}`"))
    return table(("said", "configured payload", "topic", "what is published"), rows)


def limits() -> str:
    """What holds for every message."""
    return (
        f"- A message waits at most {broker.CONNECT_LIMIT_S:g} s for a connection, and "
        f"{broker.CONFIRM_LIMIT_S:g} s for the broker's confirmation. "
        "Then it is given up: no light goes on an hour later.\n"
        f"- A payload has at most {broker.MOST_PAYLOAD_BYTES // 1024} KiB."
    )


def _sent() -> list[tuple[str, str]]:
    """(topic, payload) of the one message that each request publishes."""
    with tempfile.TemporaryDirectory(prefix="al-") as folder, open_store(Path(folder, "home.db")) as store:
        publisher = FakePublisher()
        actor, understander = _household(store, publisher)
        for count, text in enumerate(_SAID, 1):
            outcome = actor.perform(understander.interpret([Hypothesis(text, 0.0)]))
            if not outcome.ok or len(publisher.sent) != count:
                raise ValueError(f"{text!r} did not publish one message ({outcome.reply}). Word it anew.")
        return publisher.sent


def _household(store: Store, publisher: FakePublisher) -> tuple[Actor, Understander]:
    """Who does requests, and who understands them, in a home with the devices and the person above."""
    services = make_services(
        store, FakeClock(), FakePlayer(), LocalOnly(store), _DEVICES, _CALLING, publisher
    )
    services.contacts.import_bytes(_PERSON)
    names = Catalogue(
        devices=tuple(Device(one.name, one.kind) for one in _DEVICES),
        contacts=tuple(Contact(one.name, one.nicknames, one.numbers) for one in services.contacts.all()),
    )
    owner = load_owner_intents(_OWNERS)
    return Actor(services, owner.actions), Understander(names, owner)
