"""What may be asked for by whom, by the owner's configuration; a voice that is not known is a guest's.

What guests may not do takes more certainty than a name on a list does: see `Talker.is_sure`.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping

from alexa_local.config import GuestSettings, PeopleSettings, PersonSettings
from alexa_local.errors import ConfigError
from alexa_local.messages import Talker

ALWAYS = frozenset({"Stop", "Cancel", "Help", "WhoAmI"})
"""Whoever can be heard may have it be quiet, and ask why it does not do something."""


class Permissions:
    """Says why a request is not done, if it is not; nothing is asked twice, so it is one look at a table."""

    def __init__(self, settings: PeopleSettings, intents: Collection[str]) -> None:
        """Take the configuration's word.

        Args:
            settings: the section `people`.
            intents: every intent there is.

        Raises:
            ConfigError: an intent is named that there is not: what was to be forbidden would be allowed.
        """
        if faults := list(_unknown(settings, intents)):
            raise ConfigError("The configuration names intents that there are not:\n  " + "\n  ".join(faults))
        self._members: Mapping[str, PersonSettings] = {one.name.casefold(): one for one in settings.members}
        self._guests, self._sensitive = settings.guests, frozenset(settings.sensitive)

    def objection(self, intent: str, talker: Talker) -> str:
        """Why an intent is not done for whoever asks, as a sentence to say; "" where it may be."""
        if talker.typed or intent in ALWAYS:
            return ""
        if intent in self._sensitive:
            return "I never do that by voice alone. Please type it: alexa local say, and then the request."
        if talker.person:
            mine = self._members.get(talker.person.casefold())
            if mine and not _may(mine, intent):
                return f"Sorry {talker.person}, you may not do that."
            if not talker.is_sure and not _may(self._guests, intent):
                return (
                    f"I am not sure enough that you are {talker.person}. Please say it again in more words."
                )
            return ""
        if _may(self._guests, intent):
            return ""
        if talker.person is None:
            return "I only do that for people whose voice I know, and I am not sure who is speaking."
        return "I only do that for people whose voice I know."


def _may(rights: PersonSettings | GuestSettings, intent: str) -> bool:
    return intent not in rights.denied and (not rights.allowed or intent in rights.allowed)


def _unknown(settings: PeopleSettings, intents: Collection[str]) -> Iterator[str]:
    """Every name of an intent that is none, with the key it stands at."""
    named = {
        "people.sensitive": settings.sensitive,
        "people.guests.allowed": settings.guests.allowed,
        "people.guests.denied": settings.guests.denied,
    }
    for index, one in enumerate(settings.members):
        named[f"people.members[{index}].allowed"] = one.allowed
        named[f"people.members[{index}].denied"] = one.denied
    for key, names in named.items():
        for name in names:
            if name not in intents:
                near = difflib.get_close_matches(name, list(intents), n=1)
                meant = f"; did you mean `{near[0]}`?" if near else ""
                yield f"{key}: `{name}` is no intent{meant}"
