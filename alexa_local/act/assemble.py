"""Puts the services together over one store, in the one order that works."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from alexa_local.act.alarms import Alarms
from alexa_local.act.clock import Clock
from alexa_local.act.commands import Commands, Publisher
from alexa_local.act.contacts import Contacts
from alexa_local.act.home import Home
from alexa_local.act.lists import Lists
from alexa_local.act.local_only import LocalOnly
from alexa_local.act.schedule import Schedule
from alexa_local.act.services import Player, Services
from alexa_local.act.timers import Timers
from alexa_local.config import ContactsSettings, DeviceSettings
from alexa_local.store import Store


def make_services(
    store: Store,
    clock: Clock,
    player: Player,
    local_only: LocalOnly,
    devices: Sequence[DeviceSettings] = (),
    calling: ContactsSettings | None = None,
    publisher: Publisher | None = None,
    on_change: Callable[[], None] = lambda: None,
    on_run: Callable[[str], None] = lambda program: None,
) -> Services:
    """Make everything that the handlers work with.

    Args:
        store: the open database.
        clock: the time.
        player: loudness and music.
        local_only: the mode; made before, because the publisher's gate is it.
        devices: the configuration's devices.
        calling: how to call and write to people.
        publisher: the broker, or None without one.
        on_change: called from any thread when something was set, cancelled or dismissed: `Watch.changed`.
        on_run: called before one of the owner's programs is started.
    """
    commands = Commands(publisher, on_run=on_run)
    timers = Timers(store, clock, on_change)
    alarms = Alarms(store, clock, on_change)
    return Services(
        clock=clock,
        store=store,
        timers=timers,
        alarms=alarms,
        schedule=Schedule(store, clock, timers, alarms, on_change),
        lists=Lists(store),
        contacts=Contacts(store),
        calling=calling or ContactsSettings(),
        home=Home(devices, store, commands),
        player=player,
        commands=commands,
        local_only=local_only,
    )
