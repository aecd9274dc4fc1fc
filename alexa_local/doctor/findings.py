"""What a check found: one line that states a fact, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from alexa_local.errors import AlexaLocalError

State = Literal["ok", "warn", "fail"]
"""All is well; it works, but not as well as it could; it does not work."""


@dataclass(frozen=True)
class Finding:
    """One line of the examination.

    Attributes:
        name: what was examined, such as "microphone".
        state: how it is.
        fact: what was found, without a full stop.
        remedy: what to do, a whole sentence; "" where nothing is to be done.
        figures: what was measured, by a name with its unit.
    """

    name: str
    state: State
    fact: str
    remedy: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.state:4}  {self.name}: {self.fact}. {self.remedy}".rstrip()

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return asdict(self)


def failure(name: str, error: AlexaLocalError, state: State = "fail") -> Finding:
    """An error as a finding: its first sentence is the fact, the rest the remedy."""
    fact, _, remedy = str(error).partition(". ")
    return Finding(name, state, fact.rstrip("."), remedy)
