"""Who decides what may leave the machine; below every sender, so that none goes around it."""

from __future__ import annotations

from typing import Protocol


class Gate(Protocol):
    """`act.LocalOnly`, or the fake in alexa_local.testing."""

    def is_allowed(self, host: str) -> bool:
        """Whether something may be sent to this host at this moment."""

    def allows_speech(self) -> bool:
        """Whether what derives from speech may be handed to anybody, even on this machine."""
