"""What is told about a device that comes and goes."""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)

OnState = Callable[[str, str], None]
"""Called with "lost", "retrying" (at every try) or "back", and a sentence about it."""

_LEVELS = {"lost": logging.WARNING, "retrying": logging.DEBUG, "back": logging.INFO}


def log_state(state: str, detail: str) -> None:
    """Write it to the log: one line when a device is lost and one when it is back."""
    log.log(_LEVELS[state], "%s", detail)
