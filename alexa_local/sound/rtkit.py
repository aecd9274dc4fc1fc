"""Real-time priority by RTKit's leave, which desktops give to whoever sits at them.

`busctl` comes with systemd, and so no library for D-Bus is needed.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable, Sequence
from typing import Any

_LIMIT_S = 5.0
_NAME, _PATH = "org.freedesktop.RealtimeKit1", "/org/freedesktop/RealtimeKit1"

Ask = Callable[[Sequence[str]], str]
"""Runs `busctl` with these words; returns what it prints."""


def busctl(words: Sequence[str]) -> str:
    """Ask the system's bus; OSError or SubprocessError where that cannot be, or is refused."""
    command = ["busctl", "--system", "--json=short", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=True).stdout


def ask_for_priority(thread: int, priority: int, ask: Ask = busctl) -> bool:
    """Have RTKit raise a thread of this process, by its kernel's number; whether it did.

    RTKit wants to know first that the kernel ends a thread that never sleeps, which would else hold up the
    whole machine: the limit of its choice is set for this process.
    """
    try:
        most = int(_property("MaxRealtimePriority", ask))
        _limit_time(int(_property("RTTimeUSecMax", ask)))
        number = (str(os.getpid()), str(thread), str(min(priority, most)))
        ask(["call", _NAME, _PATH, _NAME, "MakeThreadRealtimeWithPID", "ttu", *number])
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, KeyError):
        return False
    return True


def _property(name: str, ask: Ask) -> Any:
    return json.loads(ask(["get-property", _NAME, _PATH, _NAME, name]))["data"]


def _limit_time(most_us: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
    if hard == resource.RLIM_INFINITY or hard > most_us:
        resource.setrlimit(resource.RLIMIT_RTTIME, (most_us, most_us))
    elif soft == resource.RLIM_INFINITY or soft > hard:
        resource.setrlimit(resource.RLIMIT_RTTIME, (hard, hard))
