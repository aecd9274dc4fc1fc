"""What a request means because of who says it: "my list" is the speaker's own."""

from __future__ import annotations

import re
from dataclasses import replace

from alexa_local.messages import Interpretation, Talker

_OF_LISTS = frozenset({"AddToList", "RemoveFromList", "ReadList", "ClearList"})
_MY_LIST = re.compile(r"\bmy(?: \w+){0,3} list\b")


def personal(meaning: Interpretation, talker: Talker) -> Interpretation:
    """The same, with the slot `owner` where somebody who is known speaks of a list of theirs."""
    if not talker.person:
        return meaning
    slots, also = meaning.slots, tuple(personal(one, talker) for one in meaning.also)
    if meaning.intent in _OF_LISTS and _MY_LIST.search(meaning.text):
        slots = {**slots, "owner": talker.person}
    return replace(meaning, slots=slots, also=also)
