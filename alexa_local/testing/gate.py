"""A gate that a test opens and shuts."""

from __future__ import annotations

from collections.abc import Collection

from alexa_local.mqtt import Kind


class FakeGate:
    """Lets everything through while it is `open`, and else what is in `always`."""

    def __init__(self, is_open: bool = True, always: Collection[Kind] = ()) -> None:
        self.open = is_open
        self.always = always

    def allows(self, kind: Kind, host: str = "") -> bool:
        """Whether the gate is open to this kind."""
        return self.open or kind in self.always
