"""When a request is over: named rules, as data, in seconds (the rules' form is that of the configuration)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from alexa_local.config import EndpointRule


class Heard(Protocol):
    """What the rules look at: a recogniser's stream."""

    @property
    def partial(self) -> str:
        """The words so far."""

    @property
    def trailing_silence_s(self) -> float:
        """Seconds since the last word piece."""

    @property
    def length_s(self) -> float:
        """Seconds since the stream began."""


def ended_by(rules: Mapping[str, EndpointRule], heard: Heard) -> str | None:
    """The name of the first rule whose conditions all hold, or None while the request goes on."""
    for name, rule in rules.items():
        if (
            (not rule.needs_words or heard.partial)
            and heard.trailing_silence_s >= rule.trailing_silence_s
            and heard.length_s >= rule.length_s
        ):
            return name
    return None
