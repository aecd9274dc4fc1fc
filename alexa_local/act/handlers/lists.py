"""Shopping and other lists."""

from __future__ import annotations

from alexa_local.act import spoken
from alexa_local.act.handlers.base import Handler, Slots, done, needed, refused, text
from alexa_local.act.services import Services
from alexa_local.messages import Outcome


def add_to_list(services: Services, slots: Slots) -> Outcome:
    """I added milk and eggs to the shopping list."""
    name = _name(slots)
    change = services.lists.add(name, _items(slots))
    if not change.done:
        verb = spoken.is_or_are(change.not_done)
        return done(f"{spoken.listing(change.not_done)} {verb} already on the {name} list")
    also = f"; {spoken.listing(change.not_done)} you had already" if change.not_done else ""
    return done(
        f"I added {spoken.listing(change.done)} to the {name} list{also}",
        list=name,
        added=list(change.done),
    )


def remove_from_list(services: Services, slots: Slots) -> Outcome:
    """I took milk off the shopping list."""
    name = _name(slots)
    change = services.lists.remove(name, _items(slots))
    if not change.done:
        return refused(f"There is no {spoken.listing(change.not_done, 'or')} on the {name} list.")
    also = f"; there was no {spoken.listing(change.not_done, 'or')}" if change.not_done else ""
    return done(
        f"I took {spoken.listing(change.done)} off the {name} list{also}",
        list=name,
        removed=list(change.done),
    )


def read_list(services: Services, slots: Slots) -> Outcome:
    """There are two things on the shopping list: milk and eggs."""
    name = _name(slots)
    items = services.lists.items(name)
    if not items:
        return done(f"The {name} list is empty", list=name, items=[])
    verb = "is" if len(items) == 1 else "are"
    things = spoken.count(len(items), "thing")
    return done(f"There {verb} {things} on the {name} list: {spoken.listing(items)}", list=name, items=items)


def clear_list(services: Services, slots: Slots) -> Outcome:
    """The shopping list is empty now."""
    name = _name(slots)
    services.lists.clear(name)
    return done(f"The {name} list is empty now", list=name, items=[])


def _name(slots: Slots) -> str:
    return text(slots, "list").casefold().removesuffix(" list") or "shopping"


def _items(slots: Slots) -> list[str]:
    items = needed(slots, "items", "What?")
    return [items] if isinstance(items, str) else [str(item) for item in items]


HANDLERS: dict[str, Handler] = {
    "AddToList": add_to_list,
    "RemoveFromList": remove_from_list,
    "ReadList": read_list,
    "ClearList": clear_list,
}
