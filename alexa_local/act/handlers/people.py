"""Calls and messages, which the owner's command carries, for there is no telephone; and who asks for them."""

from __future__ import annotations

from alexa_local.act.contacts import Contact
from alexa_local.act.handlers.base import Handler, Slots, done, needed, refused, text
from alexa_local.act.services import Services
from alexa_local.config import CommandSettings
from alexa_local.errors import RequestRefused
from alexa_local.messages import Outcome

_TEACH = "To teach me your voice, type alexa local enroll, and your name."
_KINDS = {"cell": "mobile", "office": "work"}


def call_contact(services: Services, slots: Slots) -> Outcome:
    """Calling Ann Jones."""
    contact = _resolve(services, needed(slots, "contact", "Whom?"))
    command = services.calling.call
    if not command:
        return refused("I have no telephone. Say how to call under contacts call in the configuration.")
    which = text(slots, "which")
    number = _number(contact, which, command)
    services.commands.perform(command, {"name": contact.name, "number": number, "message": ""})
    return done(
        f"Calling {contact.name}{f' at {which}' if which in ('home', 'work') else ''}", call=contact.name
    )


def send_message(services: Services, slots: Slots) -> Outcome:
    """Your message to Ann Jones is on its way."""
    contact = _resolve(services, needed(slots, "contact", "To whom?"))
    message = needed(slots, "message", "What shall I write?")
    command = services.calling.message
    if not command:
        return refused("I can't send messages yet. Say how under contacts message in the configuration.")
    number = _number(contact, "", command)
    services.commands.perform(command, {"name": contact.name, "number": number, "message": message})
    return done(f"Your message to {contact.name} is on its way", message={"to": contact.name})


def hang_up(services: Services, slots: Slots) -> Outcome:
    """No call runs through this machine."""
    return refused("I only start calls. Please hang up on the telephone.")


def unknown_contact(services: Services, slots: Slots) -> Outcome:
    """I don't know anybody called that, or which of several is meant."""
    contact = _resolve(services, needed(slots, "name", "Whom?"))
    return refused(f"Did you mean {contact.name}? Please say the full name.")


def who_am_i(services: Services, slots: Slots) -> Outcome:
    """You are Anna."""
    talker = services.talker
    if talker.person:
        return done(f"You are {talker.person}", person=talker.person)
    if talker.typed:
        return done("You are typing, so I cannot hear who you are")
    if talker.person is None:
        return done(f"I am not sure who you are. {_TEACH}")
    return done(f"I don't know your voice yet. {_TEACH}", person="")


def _resolve(services: Services, said: str) -> Contact:
    """Whom a name means to whoever says it."""
    return services.contacts.resolve(said, services.talker.person or "")


def _number(contact: Contact, which: str, command: CommandSettings) -> str:
    """The number to use; a command that asks for none gets along without."""
    number = contact.number(_KINDS.get(which, which))
    if not number and any("{number}" in part for part in (*command.run, command.topic, command.payload)):
        raise RequestRefused(f"I have no {which + ' ' if which else ''}number for {contact.name}.")
    return number


HANDLERS: dict[str, Handler] = {
    "CallContact": call_contact,
    "SendMessage": send_message,
    "HangUp": hang_up,
    "WhoAmI": who_am_i,
    "UnknownContact": unknown_contact,
}
