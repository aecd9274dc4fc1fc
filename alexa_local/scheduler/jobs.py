"""A quantum of work: small enough that whoever is more urgent can wait for its end."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.IntEnum):
    """How urgent work is by its nature; a lower number goes first.

    REALTIME: sound that comes in; what is late is lost or answered late.
    INTERACTIVE: somebody waits for the result.
    BACKGROUND: nobody does.
    """

    REALTIME = 0
    INTERACTIVE = 1
    BACKGROUND = 2


@dataclass(frozen=True, order=True)
class Job:
    """One quantum that waits or runs; they sort by who goes first.

    Attributes:
        kind: its class.
        deadline_s: when it should be done, on the monotonic clock.
        number: in the order of asking.
        name: whose work it is, such as "listen"; costs are measured by name.
        asked_s: when it was asked for.
    """

    kind: Kind
    deadline_s: float
    number: int
    name: str
    asked_s: float
