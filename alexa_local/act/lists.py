"""Shopping and other lists, kept in the store."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from alexa_local.act import spoken
from alexa_local.errors import RequestRefused
from alexa_local.store import Store

MOST_ITEMS = 500
"""On one list; reading more aloud takes a quarter of an hour."""

_ARTICLE = re.compile(r"^(?:the|some|a|an|my|more)\s+(?=\S)", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """What became of some items: it was done for some; others were on the list already, or not on it."""

    done: tuple[str, ...]
    not_done: tuple[str, ...]


class Lists:
    """Every list, by name; a list exists while something is on it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def items(self, name: str) -> list[str]:
        """What is on a list, in the order it was written."""
        rows = self._store.read("SELECT item FROM list_items WHERE list = ? ORDER BY id", name.casefold())
        return [row["item"] for row in rows]

    def names(self) -> list[str]:
        """Lists that have something on them."""
        return [row["list"] for row in self._store.read("SELECT DISTINCT list FROM list_items ORDER BY list")]

    def add(self, name: str, items: Iterable[str]) -> Change:
        """Write items on a list, each once.

        Raises:
            RequestRefused: the list is full; nothing was written.
        """
        done: list[str] = []
        already: list[str] = []
        with self._store.transaction() as connection:
            for item in _clean(items):
                if _matching(item, self.items(name)):
                    already.append(item)
                    continue
                connection.execute(
                    "INSERT INTO list_items (list, item) VALUES (?, ?)", (name.casefold(), item)
                )
                done.append(item)
            if len(self.items(name)) > MOST_ITEMS:
                raise RequestRefused(
                    f"The {name} list is full. It has {spoken.number(MOST_ITEMS)} things on it."
                )
        return Change(tuple(done), tuple(already))

    def remove(self, name: str, items: Iterable[str]) -> Change:
        """Strike items from a list; `egg` strikes `eggs`."""
        done: list[str] = []
        missing: list[str] = []
        with self._store.transaction() as connection:
            for item in _clean(items):
                written = _matching(item, self.items(name))
                if written:
                    connection.execute(
                        "DELETE FROM list_items WHERE list = ? AND item = ?", (name.casefold(), written)
                    )
                (done if written else missing).append(written or item)
        return Change(tuple(done), tuple(missing))

    def clear(self, name: str) -> int:
        """Empty a list; returns how many things were on it."""
        return self._store.write("DELETE FROM list_items WHERE list = ?", name.casefold())


def _clean(items: Iterable[str]) -> list[str]:
    """Items without what only belongs to the sentence: `some milk` and `the milk` are milk."""
    bare = (_ARTICLE.sub("", " ".join(item.split())) for item in items)
    return list(dict.fromkeys(item for item in bare if item))


def _matching(item: str, written: list[str]) -> str:
    wanted = _singular(item)
    return next((one for one in written if _singular(one) == wanted), "")


def _singular(item: str) -> str:
    item = item.casefold()
    return item[:-1] if item.endswith("s") and not item.endswith("ss") else item
