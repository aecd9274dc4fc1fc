"""Whether the connection costs by the byte, and what therefore waits for another one."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable

from alexa_local.config import MqttSettings

ASK_EVERY_S = 60.0
"""Seconds for which an answer counts."""

_LIMIT_S = 5.0
_NETWORK_MANAGER = "org.freedesktop.NetworkManager"
_QUESTION = (
    *("busctl", "--system", "--json=short", "get-property"),
    *(_NETWORK_MANAGER, "/org/freedesktop/NetworkManager", _NETWORK_MANAGER, "Metered"),
)
_METERED = frozenset({1, 3})
"""NMMetered: yes, and a guessed yes, as with a telephone's hot spot; 0 is unknown, 2 no, 4 a guessed no."""


def ask_network_manager() -> bool | None:
    """What NetworkManager says of the connection that is in use; None when nobody knows.

    `busctl` comes with systemd, and so nothing more is needed where NetworkManager runs.
    """
    try:
        done = subprocess.run(_QUESTION, capture_output=True, timeout=_LIMIT_S, check=True)
        value = json.loads(done.stdout)["data"]
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, KeyError):
        return None
    return value in _METERED if value else None


class Metered:
    """Any thread may ask it; one that asks after a while waits for the answer, which takes milliseconds."""

    def __init__(
        self,
        settings: MqttSettings,
        ask: Callable[[], bool | None] = ask_network_manager,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._ask, self._clock = settings, ask, clock
        self._lock = threading.Lock()
        self._known, self._asked_s = False, -ASK_EVERY_S

    @property
    def on(self) -> bool:
        """Whether the connection costs by the byte; what nobody knows does not."""
        if self._settings.metered != "auto":
            return self._settings.metered == "yes"
        with self._lock:
            if self._clock() - self._asked_s >= ASK_EVERY_S:
                self._known, self._asked_s = bool(self._ask()), self._clock()
            return self._known

    @property
    def holds(self) -> bool:
        """Whether lattices and models wait for another connection."""
        return not self._settings.on_metered and self.on
