"""Does what was understood: timers, alarms, lists, people, devices and music, each behind a small handler."""

from alexa_local.act.actor import Actor
from alexa_local.act.alarms import Alarms
from alexa_local.act.assemble import make_services
from alexa_local.act.clock import Clock, SystemClock
from alexa_local.act.commands import Commands, Publisher
from alexa_local.act.contacts import Contact, Contacts, ImportReport
from alexa_local.act.dialogue import Dialogue
from alexa_local.act.home import Home
from alexa_local.act.lists import Lists
from alexa_local.act.local_only import LocalOnly
from alexa_local.act.schedule import Ring, Schedule
from alexa_local.act.services import VOLUME_SETTING, Player, Services
from alexa_local.act.timers import Timers
from alexa_local.act.watch import Watch

__all__ = [
    "VOLUME_SETTING",
    "Actor",
    "Alarms",
    "Clock",
    "Commands",
    "Contact",
    "Contacts",
    "Dialogue",
    "Home",
    "ImportReport",
    "Lists",
    "LocalOnly",
    "Player",
    "Publisher",
    "Ring",
    "Schedule",
    "Services",
    "SystemClock",
    "Timers",
    "Watch",
    "make_services",
]
