"""What can be switched while it runs, whether from the control socket or with a button."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from alexa_local.daemon.acting import Act
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.listening import Listen
from alexa_local.daemon.parts import Parts

Answer = Mapping[str, Any]


class Controls:
    """Any thread may use them; each takes effect in the thread that it belongs to."""

    def __init__(self, parts: Parts, act: Act, listen: Listen, bus: EventBus) -> None:
        self._parts, self._act, self._listen, self._bus = parts, act, listen, bus

    def mute(self, on: bool) -> Answer:
        """Listen no more, or again."""
        self._listen.muted = on
        return {"muted": on}

    def toggle_mute(self) -> Answer:
        """The other way round."""
        return self.mute(not self._listen.muted)

    def set_local_only(self, on: bool) -> Future[Answer]:
        """Switch local-only mode, and remember it."""

        def change() -> Answer:
            deleted = self._parts.set_local_only(on)
            self._bus.publish("local_only", {"on": on})
            return {"local_only": on, "deleted": deleted}

        return self._act.submit(change)

    def toggle_local_only(self) -> Future[Answer]:
        """The other way round."""
        return self.set_local_only(not self._parts.local_only())

    def press(self) -> None:
        """End what rings; else listen as if the wake word had been said, or give up listening."""
        if self._parts.is_ringing():
            self._act.submit(self._parts.stop_ringing)
        else:
            self._listen.press()
