"""How a sound object starts a thread: through a function that whoever supervises threads can replace."""

from __future__ import annotations

import threading
from collections.abc import Callable

Spawn = Callable[[str, Callable[[], None]], None]
"""Starts a thread of that name which runs that function; the function returns when its owner is closed."""


def spawn_daemon(name: str, target: Callable[[], None]) -> None:
    """Start a plain daemon thread: what is used where nobody supervises."""
    threading.Thread(target=target, name=name, daemon=True).start()
