"""A clock that stands still until a test moves it."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo


class FakeClock:
    """Wall clock, elapsed time and zone, each moved by hand.

    Attributes:
        boot_id: the present boot.
    """

    def __init__(self, local_time: str = "2025-11-21 19:30:00", zone: str = "Europe/London") -> None:
        self.boot_id = "boot 1"
        self._zone: datetime.tzinfo = ZoneInfo(zone)
        self._now_s = datetime.datetime.fromisoformat(local_time).replace(tzinfo=self._zone).timestamp()
        self._elapsed_s = 1000.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now_s

    def elapsed(self) -> float:
        """Seconds since boot."""
        return self._elapsed_s

    def zone(self) -> datetime.tzinfo:
        """The local zone."""
        return self._zone

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now_s += seconds
        self._elapsed_s += seconds

    def set_wall(self, seconds_ahead: float) -> None:
        """Set the wall clock, while no time passes."""
        self._now_s += seconds_ahead

    def move_to(self, zone: str) -> None:
        """Change the local zone."""
        self._zone = ZoneInfo(zone)

    def reboot(self, off_for_s: float = 0.0, wall_loses_s: float = 0.0) -> None:
        """Restart the machine; without a battery its wall clock falls behind."""
        self._now_s += off_for_s - wall_loses_s
        self._elapsed_s = 10.0
        self.boot_id = f"boot {int(self.boot_id.split()[1]) + 1}"
