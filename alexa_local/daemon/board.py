"""How the board is: its temperature and clock, the process's memory, and what each thread uses."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_SOONEST_S = 1.0
_USER_TICKS, _SYSTEM_TICKS = 11, 12
"""Fields of /proc/PID/stat after the name in parentheses, proc(5)."""


def temperature_c(root: Path = Path("/")) -> float | None:
    """Of the hottest zone, degrees Celsius; None where the board does not tell."""
    zones = [_number(file) for file in (root / "sys/class/thermal").glob("thermal_zone*/temp")]
    known = [zone / 1000 for zone in zones if zone is not None]
    return round(max(known), 1) if known else None


def clock_mhz(root: Path = Path("/")) -> tuple[int, int] | None:
    """The first core's clock now, and at most; None where the board does not tell."""
    folder = root / "sys/devices/system/cpu/cpu0/cpufreq"
    now, most = _number(folder / "scaling_cur_freq"), _number(folder / "cpuinfo_max_freq")
    return None if now is None or most is None else (round(now / 1000), round(most / 1000))


def resident_mb(root: Path = Path("/")) -> float:
    """The process's resident memory, MB (10^6 bytes); 0 where it cannot be told."""
    try:
        pages = int((root / "proc/self/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _number(file: Path) -> float | None:
    try:
        return float(file.read_text())
    except (OSError, ValueError):
        return None


class Threads:
    """What each thread used since it was last asked, but for the last second: ticks are coarse."""

    def __init__(self, root: Path = Path("/"), clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to count."""
        self._tasks, self._clock = root / "proc/self/task", clock
        self._before: dict[int, float] = {}
        self._shares: dict[str, float] = {}
        self._asked_s = clock()
        self.shares_pct()

    def shares_pct(self) -> dict[str, float]:
        """Percent of a core by the thread's name, those together that Python does not know as "other"."""
        if self._shares and self._clock() - self._asked_s < _SOONEST_S:
            return self._shares
        names = {thread.native_id: thread.name for thread in threading.enumerate()}
        now_s, used = self._clock(), self._used()
        over_s = max(now_s - self._asked_s, 1e-3)
        shares: dict[str, float] = {}
        for number, seconds in used.items():
            name = names.get(number, "other")
            shares[name] = shares.get(name, 0.0) + seconds - self._before.get(number, 0.0)
        self._before, self._asked_s = used, now_s
        self._shares = {name: round(100 * seconds / over_s, 1) for name, seconds in sorted(shares.items())}
        return self._shares

    def _used(self) -> dict[int, float]:
        """Seconds of processor time by the thread's number."""
        used = {}
        for folder in self._tasks.glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has just ended
                continue
            ticks = int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])
            used[int(folder.name)] = ticks / _TICKS_A_SECOND
        return used


def report(root: Path = Path("/")) -> dict[str, Any]:
    """For the status; what the board does not tell is missing."""
    clock = clock_mhz(root)
    found: dict[str, Any] = {"resident_mb": resident_mb(root)}
    if (degrees := temperature_c(root)) is not None:
        found["temperature_c"] = degrees
    if clock is not None:
        found["clock_mhz"], found["clock_most_mhz"] = clock
    return found
