"""Which generation of a model is used: the shipped one, or one of two slots that updates are put into.

A slot counts only while the model's record says what lies whole in it; so a record that is replaced at once,
or not at all, decides what the next start runs, and whatever else is in the folder is of no consequence.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from alexa_local.errors import ModelError

_LOG = logging.getLogger(__name__)

Slot = Literal["a", "b"]
Place = Literal["shipped", "a", "b"]
SLOTS: tuple[Slot, Slot] = ("a", "b")
RECORD = "state.json"


@dataclass(frozen=True)
class Held:
    """What lies whole in a slot.

    Attributes:
        version: its number.
        manifest: the sha256 of its manifest.json, which has those of all other files.
    """

    version: int
    manifest: str


@dataclass(frozen=True)
class Choice:
    """Where a model is to be taken from.

    Attributes:
        active: the place that the next start uses.
        before: the place that was used before it, and is gone back to.
        held: what lies whole in which slot.
    """

    active: Place = "shipped"
    before: Place = "shipped"
    held: Mapping[Slot, Held] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON."""
        held = {slot: {"version": one.version, "manifest": one.manifest} for slot, one in self.held.items()}
        return {"active": self.active, "before": self.before, "held": held}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Choice:
        """The opposite; ValueError, KeyError or TypeError for anything else."""
        held = {slot: Held(int(one["version"]), str(one["manifest"])) for slot, one in told["held"].items()}
        for place in (told["active"], told["before"]):
            if place not in get_args(Place) or (place != "shipped" and place not in held):
                raise ValueError(f"nothing is in {place!r}")
        if not set(held) <= set(SLOTS):
            raise ValueError("there is no such slot")
        return cls(told["active"], told["before"], held)


def read_choice(folder: Path) -> Choice:
    """What the record in a model's folder of slots says; without a readable one, the shipped model it is."""
    try:
        return Choice.from_json(json.loads((folder / RECORD).read_bytes())["choice"])
    except (FileNotFoundError, NotADirectoryError):
        return Choice()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        _LOG.error("%s cannot be read (%s); the shipped model is used.", folder / RECORD, error)
        return Choice()


def slots_to_try(folder: Path, shipped: int) -> Iterator[tuple[Path, str]]:
    """The slots to take a model from before the shipped one, best first, each with its manifest's sha256.

    A slot that is no newer than what is shipped has been overtaken by a new release of the program; but who
    went back to the shipped model wants that one.
    """
    choice = read_choice(folder)
    for place in dict.fromkeys((choice.active, choice.before)):
        if place == "shipped":
            return
        held = choice.held[place]
        if held.version > shipped:
            yield folder / place, held.manifest


def check_manifest(file: Path, sha256: str) -> None:
    """Raise a ModelError unless the manifest is the one that was accepted."""
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}). Update the model again.") from error
    if found != sha256:
        raise ModelError(f"{file} is not the manifest that was accepted. Update the model again.")
