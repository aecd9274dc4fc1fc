"""Shopping and other lists."""

from __future__ import annotations

from alexa_local.act import spoken
from alexa_local.act.handlers.base import Handler, Slots, done, needed, refused, text
from alexa_local.act.services import Services
from alexa_local.messages import Outcome


def add_to_list(services: Services, slots: Slots) -> Outcome:
    """I added milk and eggs to the shopping list."""
    name, key = _names(slots)
    change = services.lists.add(key, _items(slots))
    if not change.done:
        verb = spoken.is_or_are(change.not_done)
        return done(f"{spoken.listing(change.not_done)} {verb} already on {name}")
    also = f"; {spoken.listing(change.not_done)} you had already" if change.not_done else ""
    return done(
        f"I added {spoken.listing(change.done)} to {name}{also}",
        list=key,
        added=list(change.done),
    )


def remove_from_list(services: Services, slots: Slots) -> Outcome:
    """I took milk off the shopping list."""
    name, key = _names(slots)
    change = services.lists.remove(key, _items(slots))
    if not change.done:
        return refused(f"There is no {spoken.listing(change.not_done, 'or')} on {name}.")
    also = f"; there was no {spoken.listing(change.not_done, 'or')}" if change.not_done else ""
    return done(
        f"I took {spoken.listing(change.done)} off {name}{also}",
        list=key,
        removed=list(change.done),
    )


def read_list(services: Services, slots: Slots) -> Outcome:
    """There are two things on the shopping list: milk and eggs."""
    name, key = _names(slots)
    items = services.lists.items(key)
    if not items:
        return done(f"{name} is empty", list=key, items=[])
    verb = "is" if len(items) == 1 else "are"
    things = spoken.count(len(items), "thing")
    return done(f"There {verb} {things} on {name}: {spoken.listing(items)}", list=key, items=items)


def clear_list(services: Services, slots: Slots) -> Outcome:
    """The shopping list is empty now."""
    name, key = _names(slots)
    services.lists.clear(key)
    return done(f"{name} is empty now", list=key, items=[])


def _names(slots: Slots) -> tuple[str, str]:
    """What a list is called, and its name in the store: "my list" is another one for each who is known."""
    name, owner = text(slots, "list").casefold().removesuffix(" list") or "shopping", text(slots, "owner")
    return (f"your {name} list", f"{owner.casefold()}'s {name}") if owner else (f"the {name} list", name)


def _items(slots: Slots) -> list[str]:
    items = needed(slots, "items", "What?")
    return [items] if isinstance(items, str) else [str(item) for item in items]


HANDLERS: dict[str, Handler] = {
    "AddToList": add_to_list,
    "RemoveFromList": remove_from_list,
    "ReadList": read_list,
    "ClearList": clear_list,
}
