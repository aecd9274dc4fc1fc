"""A gate that a test opens and shuts."""

from __future__ import annotations


class FakeGate:
    """Lets through what `open` says."""

    def __init__(self, is_open: bool = True) -> None:
        self.open = is_open

    def is_allowed(self, host: str) -> bool:
        """Whether the gate is open."""
        return self.open

    def allows_speech(self) -> bool:
        """The same."""
        return self.open
