"""Asking systemd for the second wall: the network of the service and its children follows the mode."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

_LOG = logging.getLogger(__name__)
_WISH = "network"


class NetworkWall:
    """Leaves a wish in the service's runtime folder, where `alexa-local-network.path` finds it.

    The daemon has no right to change its own walls, and must not have it. Started by hand it has no such
    folder, and nothing happens: local-only mode's first wall, which asks before each sending, stands alone.
    """

    def __init__(self, env: Mapping[str, str] = os.environ) -> None:
        """Find the folder."""
        folder = env.get("RUNTIME_DIRECTORY", "").split(":")[0]
        self._wish = Path(folder, _WISH) if folder else None

    def follow(self, local_only: bool) -> None:
        """Ask for a closed network in local-only mode, and for an open one otherwise; never fails."""
        if self._wish is None:
            return
        try:
            new = self._wish.with_name(f".{_WISH}")
            new.write_text("closed\n" if local_only else "open\n")
            new.replace(self._wish)
        except OSError as error:
            _LOG.error("Systemd was not told that local-only is %s: %s", "on" if local_only else "off", error)
