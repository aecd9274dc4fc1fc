"""An owner's own intents: one YAML file with sentences, slots and what to run, publish or say.

    intents:
      makeTea:                                  # the intent's name
        sentences:                              # hassil templates: [optional], (one|other), (any;order)
          - "(make|brew) [me] a [{size}] {tea} [for {number:cups} people]"
        run: [tea-machine, --kind, "{tea}"]     # started without a shell, a slot is always one argument
        publish: {topic: kitchen/tea, payload: "{slots}"}   # {slots} is all of them as JSON
        reply: "One {size} {tea} coming up."    # slots that were not said are left out
        closed: true                            # when it is the nearest, it must be one of these sentences
    slots:
      size: [small, large]                      # the value is what was said
      tea:                                      # or value: what is said for it
        green tea: ["green tea", "[japanese] green"]
        black tea: ["(black|english) tea"]
    rules:
      please: "[please|if you like]"            # used as <please>

Sentences may also use the types and rules of the built-in sentences ({duration}, {time}, {day}, {number},
{percent}, {room}, {device}, {contact} ...), and {any:slot} for any words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alexa_local.errors import ConfigError
from alexa_local.understand.grammar import Grammar
from alexa_local.understand.owner_file import OwnerFile

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")


@dataclass(frozen=True)
class OwnerAction:
    """What to do for an intent; `{slot}` in any text stands for the slot's value, "" when it was not said.

    Attributes:
        run: a program and its arguments, empty for none.
        topic: where to publish, "" for nowhere.
        payload: what to publish.
        reply: what to say, "" for nothing.
    """

    run: tuple[str, ...] = ()
    topic: str = ""
    payload: str = "{slots}"
    reply: str = ""

    def argv(self, slots: Mapping[str, Any]) -> list[str]:
        """The program and its arguments; a slot's value never becomes more than one argument."""
        return [fill(argument, slots) for argument in self.run]

    def message(self, slots: Mapping[str, Any]) -> tuple[str, str]:
        """Topic and payload to publish; a slot cannot add levels or wildcards to the topic."""
        safe = {name: re.sub(r"[/+#\0]", "_", _text(value)) for name, value in slots.items()}
        return fill(self.topic, safe), fill(self.payload, slots)

    def answer(self, slots: Mapping[str, Any]) -> str:
        """The reply, without the gaps that missing slots would leave."""
        return re.sub(r"\s+([.,!?])", r"\1", " ".join(fill(self.reply, slots).split()))


@dataclass(frozen=True)
class OwnerIntents:
    """The intents of one file.

    Attributes:
        grammar: their sentences.
        actions: what to do, by the intent's name.
        path: the file.
    """

    grammar: Grammar
    actions: Mapping[str, OwnerAction] = field(default_factory=dict)
    path: Path | None = None


def fill(text: str, slots: Mapping[str, Any]) -> str:
    """Replaces every {slot} by its value, once: braces within a value stay as they are."""

    def value(match: re.Match[str]) -> str:
        if match[1] == "slots" and "slots" not in slots:
            return json.dumps(dict(slots), ensure_ascii=False, sort_keys=True)
        return _text(slots.get(match[1], ""))

    return _PLACEHOLDER.sub(value, text)


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def load_owner_intents(path: str | Path) -> OwnerIntents:
    """Reads an owner's file.

    Raises:
        ConfigError: lists every fault of the file with its line, what was expected, what may be meant.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"Intents file {path} cannot be read: {reason}. Check its name and its rights."
        ) from error
    file = OwnerFile(path, text)
    grammar = file.grammar()
    actions = {name: OwnerAction(**parts) for name, parts in file.actions().items()}
    if file.faults:
        count = len(file.faults)
        heading = f"{path}: {count} {'thing' if count == 1 else 'things'} to correct:"
        raise ConfigError("\n".join([heading, *(f"  {fault}" for fault in file.faults)]))
    return OwnerIntents(grammar, actions, path)
