"""The three ways of telling time: the wall clock, time elapsed since boot, and the local zone."""

from __future__ import annotations

import datetime
import logging
import os
import time
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LOG = logging.getLogger(__name__)
_LOCALTIME = Path("/etc/localtime")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Where time comes from; `alexa_local.testing.clock.FakeClock` is the other one."""

    boot_id: str
    """Changes with every start of the machine, and only then."""

    def now(self) -> float:
        """Seconds since the epoch; may jump when the clock is set."""

    def elapsed(self) -> float:
        """Seconds since the machine started; never jumps, and counts on while the machine sleeps."""

    def zone(self) -> datetime.tzinfo:
        """The local time zone, as it is set at this moment."""


class SystemClock:
    """The machine's clocks."""

    def __init__(self) -> None:
        try:
            self.boot_id = _BOOT_ID.read_text(encoding="ascii").strip()
        except OSError:
            self.boot_id = f"unknown-{os.getpid()}-{time.time_ns()}"  # every start counts as a new boot

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def elapsed(self) -> float:
        """Seconds since the machine started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def zone(self) -> datetime.tzinfo:
        """The zone of $TZ or of /etc/localtime; UTC with a warning when neither can be used."""
        name = os.environ.get("TZ", "").lstrip(":") or _linked_zone()
        try:
            if name:
                return ZoneInfo(name)
            with _LOCALTIME.open("rb") as stream:
                return ZoneInfo.from_file(stream, key="localtime")
        except (OSError, ValueError, ZoneInfoNotFoundError):
            _LOG.warning("The time zone %r is unknown; using UTC. Install tzdata and run timedatectl.", name)
            return datetime.UTC


def local(clock: Clock, moment_s: float | None = None) -> datetime.datetime:
    """A moment, by default this one, on the wall clock of the house."""
    return datetime.datetime.fromtimestamp(clock.now() if moment_s is None else moment_s, clock.zone())


def _linked_zone() -> str:
    """`Europe/Berlin` when /etc/localtime is a link into the zone database."""
    _, found, name = str(_LOCALTIME.resolve()).partition("/zoneinfo/")
    return name if found else ""
