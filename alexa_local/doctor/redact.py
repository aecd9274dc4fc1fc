"""Takes out of texts what tells who lives here and what they said, before they leave the house.

Two sieves: whatever is known to be a name, number, host or password is replaced; and of the log only words
that stand in the program's own text are kept, so that what nobody thought of does not get out either.
"""

from __future__ import annotations

import dataclasses
import getpass
import os
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import alexa_local
from alexa_local.act.contacts import Contacts
from alexa_local.config import Config
from alexa_local.daemon.paths import DATABASE, SERVICE_STATE, state_dir
from alexa_local.errors import StorageError
from alexa_local.store import existing_store

HIDDEN = "[hidden]"
_SHOWN_TEXTS = {
    "audio.input_device",
    "audio.output_device",
    "wake.model",
    "recogniser.model",
    "endpoint.model",
    "people.model",
}
"""Text settings that tell of hardware and models; known names are taken out of them all the same."""

_QUERIES = (
    "SELECT name FROM contacts UNION SELECT book FROM contacts",
    "SELECT written FROM contact_names",
    "SELECT value FROM contact_addresses",
    "SELECT name FROM voices",
)
_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 2


def private_words(config: Config) -> tuple[frozenset[str], bool]:
    """Everything known that must not get out, and whether the contacts could be read."""
    found = set(_texts(config, ""))
    found |= {socket.gethostname(), os.path.expanduser("~"), _user()}  # noqa: PTH111 - "" without a home
    contacts, readable = _contacts(config)
    found |= contacts
    words = {word for text in found for word in text.split()} | found
    return frozenset(word for word in words if len(word) >= _SHORTEST), readable


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _contacts(config: Config) -> tuple[set[str], bool]:
    """The contacts' names and addresses, the service's too, and whether all could be read."""
    found: set[str] = set()
    for folder in dict.fromkeys((state_dir(config.daemon), SERVICE_STATE)):
        try:
            with existing_store(folder / DATABASE) as store:
                if store is None:
                    continue
                found |= {str(row[0]) for query in _QUERIES for row in store.read(query)}
                found |= {person.name for person in Contacts(store).all()}
        except StorageError:
            return found, False
    return found, True


def _texts(section: Any, key: str) -> Iterator[str]:
    """Every text setting that is not shown and not the default."""
    hints = get_type_hints(type(section))
    for field in dataclasses.fields(section):
        name = f"{key}.{field.name}" if key else field.name
        value = getattr(section, field.name)
        if (
            name not in _SHOWN_TEXTS
            and get_origin(hints[field.name]) is not Literal
            and value != field.default
        ):
            yield from _flat(value, name)


def _flat(value: Any, key: str) -> Iterator[str]:
    if dataclasses.is_dataclass(value):
        yield from _texts(value, key)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _flat(one, key)
    elif isinstance(value, tuple):
        for one in value:
            yield from _flat(one, key)
    elif isinstance(value, str | Path):
        yield str(value)


class Sieve:
    """Replaces what is private; `known` as from `private_words`."""

    def __init__(self, known: Iterable[str]) -> None:
        longest_first = sorted(known, key=len, reverse=True)
        self._private = re.compile(
            "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in longest_first) or r"(?!)", re.IGNORECASE
        )
        self._own: frozenset[str] | None = None

    def known(self, text: str) -> str:
        """The text without what is known to be private."""
        return self._private.sub(HIDDEN, text)

    def strict(self, text: str) -> str:
        """The same, and of the words only those of the program's own text."""
        if self._own is None:
            self._own = program_words()
        own = self._own
        return _WORD.sub(lambda word: word[0] if word[0].lower() in own else "…", self.known(text))


def program_words() -> frozenset[str]:
    """Every word in the program's source, lower-case."""
    folder = Path(alexa_local.__file__).parent
    texts = (path.read_text(encoding="utf-8") for path in folder.rglob("*.py") if "testing" not in path.parts)
    return frozenset(word.lower() for text in texts for word in _WORD.findall(text))


def shown_config(config: Config) -> dict[str, Any]:
    """The settings for a stranger: numbers, switches and choices; of all else only whether it is set."""
    shown = _shown(config, "")
    assert isinstance(shown, dict)
    return shown


def _shown(section: Any, key: str) -> Any:
    hints = get_type_hints(type(section))
    found: dict[str, Any] = {}
    for field in dataclasses.fields(section):
        name = f"{key}.{field.name}" if key else field.name
        found[field.name] = _shown_value(getattr(section, field.name), hints[field.name], name)
    return found


def _shown_value(value: Any, hint: Any, key: str) -> Any:
    if dataclasses.is_dataclass(value):
        return _shown(value, key)
    if isinstance(value, Mapping):  # the rules' names are the owner's
        return [_shown_value(one, get_args(hint)[-1], key) for one in value.values()]
    if isinstance(value, bool | int | float) or value is None or key in _SHOWN_TEXTS:
        return value
    if get_origin(hint) is Literal:
        return value
    if isinstance(value, tuple):
        return f"{len(value)} set" if value else "none set"
    return "set" if value else "not set"
