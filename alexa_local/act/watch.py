"""The loop of the thread `timers`: waits for the next thing that is due, and hands on what rings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from alexa_local.act.schedule import LONGEST_WAIT_S, Ring, Schedule
from alexa_local.errors import StorageError

_LOG = logging.getLogger(__name__)


class Watch:
    """Reports every change of what rings; `changed` wakes it, `stop` ends it, both from any thread."""

    def __init__(
        self, schedule: Schedule, on_due: Callable[[Ring], None], on_ringing: Callable[[Sequence[Ring]], None]
    ) -> None:
        """Make a watch.

        Args:
            schedule: what is watched.
            on_due: called once for each thing that fell due; one that was `missed` is to be told.
            on_ringing: called whenever what rings has changed, with all of it; nothing means silence.
        """
        self._schedule = schedule
        self._on_due = on_due
        self._on_ringing = on_ringing
        self._wake = threading.Event()
        self._stopping = False
        self._last: list[Ring] = []
        self._told: set[tuple[str, str]] = set()

    def changed(self) -> None:
        """Look again: something was set, cancelled or dismissed."""
        self._wake.set()

    def stop(self) -> None:
        """Make `run` return."""
        self._stopping = True
        self._wake.set()

    def run(self) -> None:
        """Watch until `stop`."""
        while not self._stopping:
            wait_s = self.look()
            self._wake.wait(wait_s)
            self._wake.clear()

    def look(self) -> float | None:
        """One look; returns the seconds until the next, None for when something changes.

        A disk that refuses does not burn the pasta: what is due is told once, and written down later.
        """
        try:
            for ring in self._schedule.due():
                told = (ring.kind, ring.label) in self._told
                if not told:
                    self._on_due(ring)
                if told or ring.missed:
                    self._schedule.dismiss([ring])
            self._told.clear()
            ringing = self._schedule.ringing()
            wait_s = self._schedule.next_due_in_s()
        except StorageError as error:
            _LOG.error("%s", error)
            self._tell_unwritten()
            return LONGEST_WAIT_S
        if ringing != self._last:
            self._last = ringing
            self._on_ringing(ringing)
        return LONGEST_WAIT_S if ringing else wait_s

    def _tell_unwritten(self) -> None:
        for ring in self._schedule.overdue():
            if (ring.kind, ring.label) not in self._told:
                self._told.add((ring.kind, ring.label))
                self._on_due(ring)
