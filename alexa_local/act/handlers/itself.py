"""The assistant itself: stopping, help, local-only mode and good manners."""

from __future__ import annotations

from alexa_local.act.asking import Asked
from alexa_local.act.clock import local
from alexa_local.act.handlers.base import Handler, Slots, done, refused
from alexa_local.act.services import Services
from alexa_local.act.spoken import count, listing
from alexa_local.messages import Outcome

_HELP = (
    "You can ask me for the time and the date, timers and alarms, music and the volume, lights and other "
    "devices, lists, calls and messages. For example: set a timer for ten minutes, or: what's on my list."
)


def stop(services: Services, slots: Slots) -> Outcome:
    """What rings first, then the music; the daemon ends what is being said."""
    if services.schedule.dismiss():
        return done(stopped="ringing")
    return done(stopped="music" if services.player.stop() else "")


def cancel(services: Services, slots: Slots) -> Outcome:
    """A request that was taken back."""
    return done("Okay")


def undo(services: Services, slots: Slots) -> Outcome:
    """Nothing that could be taken back: what can be has become another request."""
    return refused("There is nothing that I could take back.")


def again(services: Services, slots: Slots) -> Outcome:
    """Nothing that could be done again."""
    return refused("There is nothing to do again.")


def correct(services: Services, slots: Slots) -> Outcome:
    """Not that one, but which?"""
    choices = slots.get("choices") or ()
    if len(choices) > 1:
        raise Asked(f"Which one: {listing(list(choices), 'or')}?", "device")
    return refused("I don't know what else you mean.")


def help_(services: Services, slots: Slots) -> Outcome:
    """What can be said."""
    return done(_HELP)


def local_only_on(services: Services, slots: Slots) -> Outcome:
    """From here on nothing leaves the machine, and what waited to is deleted."""
    reply = "Local only mode is on. Nothing leaves this device"
    deleted = services.local_only.set(True)
    if deleted:
        reply += f". I deleted {count(deleted, 'request')} that waited to be sent"
    return done(reply, local_only=True)


def local_only_off(services: Services, slots: Slots) -> Outcome:
    """The network may be used again."""
    services.local_only.set(False)
    return done("Local only mode is off", local_only=False)


def greeting(services: Services, slots: Slots) -> Outcome:
    """Good morning."""
    hour = local(services.clock).hour
    return done("Good morning" if 4 <= hour < 12 else "Good afternoon" if 12 <= hour < 18 else "Good evening")


def goodbye(services: Services, slots: Slots) -> Outcome:
    """Good night, late in the day."""
    hour = local(services.clock).hour
    return done("Good night" if hour >= 19 or hour < 4 else "Goodbye")


def thanks(services: Services, slots: Slots) -> Outcome:
    """You're welcome."""
    return done("You're welcome")


HANDLERS: dict[str, Handler] = {
    "Stop": stop,
    "Cancel": cancel,
    "Undo": undo,
    "Again": again,
    "Correct": correct,
    "Help": help_,
    "LocalOnlyOn": local_only_on,
    "LocalOnlyOff": local_only_off,
    "Greeting": greeting,
    "Goodbye": goodbye,
    "Thanks": thanks,
}
