"""All that the handlers work with, in one frozen bundle that whoever starts the program puts together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from alexa_local.act.alarms import Alarms
from alexa_local.act.clock import Clock
from alexa_local.act.commands import Commands
from alexa_local.act.contacts import Contacts
from alexa_local.act.home import Home
from alexa_local.act.lists import Lists
from alexa_local.act.local_only import LocalOnly
from alexa_local.act.schedule import Schedule
from alexa_local.act.timers import Timers
from alexa_local.config import ContactsSettings
from alexa_local.messages import TYPED, Talker
from alexa_local.store import Store

VOLUME_SETTING = "volume"
"""The store's setting with the last volume in percent."""


class Player(Protocol):
    """The loudspeaker and the music; `alexa_local.testing.player.FakePlayer` is the other one."""

    @property
    def volume(self) -> int:
        """Percent."""

    @volume.setter
    def volume(self, percent: int) -> None: ...

    @property
    def muted(self) -> bool:
        """Whether nothing is to be heard."""

    @muted.setter
    def muted(self, on: bool) -> None: ...

    def play(self, query: str = "", shuffle: bool = False) -> str:
        """Play what fits the words, or everything; returns what begins, "" when nothing fits."""

    def pause(self) -> bool:
        """Hold the music; whether any was playing."""

    def resume(self) -> bool:
        """Go on with the music; whether any was held."""

    def next(self) -> str:
        """Skip to the next piece; returns it, "" when there is none."""

    def previous(self) -> str:
        """Go back a piece; returns it, "" when there is none."""

    def stop(self) -> bool:
        """End the music; whether any was playing or held."""

    def now_playing(self) -> str:
        """The piece that plays or is held, "" for none."""

    @property
    def held(self) -> bool:
        """Whether it is held."""


@dataclass(frozen=True)
class Services:
    """What handlers may use.

    Attributes:
        clock: the time.
        store: settings that are remembered.
        timers: timers.
        alarms: alarms.
        schedule: what rings.
        lists: shopping and other lists.
        contacts: people.
        calling: how to call and write to them.
        home: devices.
        player: loudness and music.
        commands: runs programs and publishes messages.
        local_only: whether anything may leave the machine.
        talker: who asks, in a request.
    """

    clock: Clock
    store: Store
    timers: Timers
    alarms: Alarms
    schedule: Schedule
    lists: Lists
    contacts: Contacts
    calling: ContactsSettings
    home: Home
    player: Player
    commands: Commands
    local_only: LocalOnly
    talker: Talker = TYPED
