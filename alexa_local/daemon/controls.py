"""What can be switched while it runs, whether from the control socket or with a button."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from alexa_local.daemon.acting import Act
from alexa_local.daemon.capturing import Capture
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.listening import Listen
from alexa_local.daemon.parts import Parts
from alexa_local.errors import AlexaLocalError

_log = logging.getLogger(__name__)

Answer = Mapping[str, Any]


class Controls:
    """Any thread may use them; each takes effect in the thread that it belongs to."""

    def __init__(self, parts: Parts, act: Act, capture: Capture, listen: Listen, bus: EventBus) -> None:
        self._parts, self._act, self._bus = parts, act, bus
        self._capture, self._listen = capture, listen

    def mute(self, on: bool) -> Answer:
        """Close the microphone, or open it again, and remember that.

        Raises:
            StorageError: it cannot be remembered; then it is muted all the same, but not unmuted.
        """
        if on:
            self._capture.mute(on)
        self._parts.remember_muted(on)
        self._capture.mute(on)
        return {"muted": on}

    def toggle_mute(self) -> None:
        """The other way round; a disk that refuses is told, as nobody waits for an answer."""
        try:
            self.mute(not self._capture.muted)
        except AlexaLocalError as error:
            _log.error("%s", error)
            self._bus.publish("pipeline_error", {"error": str(error), "code": error.exit_code})

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
