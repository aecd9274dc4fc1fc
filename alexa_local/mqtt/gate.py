"""Who decides what may leave the machine; below every sender, so that none goes around it."""

from __future__ import annotations

import enum
from typing import Protocol


class Kind(enum.Enum):
    """What a message is; every sender names it, and nothing is sent without."""

    SPEECH = "speech"
    """What derives from speech: lattices, texts, intents, slots, events and statistics of requests."""

    COMMAND = "command"
    """What the owner configured to follow from a request, such as a lamp's switch. In local-only mode it goes
    to a broker on this machine and no further."""

    PRESENCE = "presence"
    """That the device is there, its versions and switches. Nothing that derives from speech: while local-only
    mode is on not even a state that can be changed by voice, but the mode itself."""

    UPDATES = "updates"
    """Subscriptions to models that come in."""


class Gate(Protocol):
    """`act.LocalOnly`, or the fake in alexa_local.testing."""

    def allows(self, kind: Kind, host: str = "") -> bool:
        """Whether this kind may be sent to a host at this moment; "" stands for any."""
