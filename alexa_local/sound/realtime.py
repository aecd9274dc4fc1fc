"""Threads that go before all others: by right, by RTKit's leave, or not at all, with a plain word about it.

Which of a process's threads is PortAudio's is known when it first calls back.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

from alexa_local.sound.rtkit import ask_for_priority
from alexa_local.sound.threads import Spawn, spawn_daemon

log = logging.getLogger(__name__)

PRIORITY = 5
"""Of SCHED_RR, 1 to 99: before all that is ordinary, behind the kernel's own; PulseAudio's have it."""

REMEDY = (
    "Where it is not the service: become a member of the group `audio` (`sudo adduser $USER audio`), "
    "write `@audio - rtprio 10` into /etc/security/limits.d/audio.conf and log in anew; or, on a desktop, "
    "install rtkit."
)


def take_priority(thread: int, priority: int) -> bool:
    """Raise a thread by the right of this process; whether there is one. Its children do not inherit it."""
    try:
        os.sched_setscheduler(thread, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError:
        return False
    return True


def priority_of(thread: int) -> str:
    """ "rr 5" or "normal", as the kernel has it now (RTKit may take back what it gave); "" once it ended."""
    try:
        policy = os.sched_getscheduler(thread) & ~os.SCHED_RESET_ON_FORK
        if policy in (os.SCHED_RR, os.SCHED_FIFO):
            return f"{'rr' if policy == os.SCHED_RR else 'fifo'} {os.sched_getparam(thread).sched_priority}"
    except OSError:
        return ""
    return "normal"


class Realtime:
    """Raises the threads of sound, each when it first works; says once where it may not."""

    def __init__(
        self,
        by_right: Callable[[int, int], bool] = take_priority,
        by_rtkit: Callable[[int, int], bool] = ask_for_priority,
        spawn: Spawn = spawn_daemon,
    ) -> None:
        """Take the ways to ask, each of which gets a thread's number and a priority."""
        self._by_right, self._by_rtkit, self._spawn = by_right, by_rtkit, spawn
        self._threads: dict[str, int] = {}
        self._warned = threading.Event()

    def raising(self, name: str, callback: Callable[..., Any]) -> Callable[..., Any]:
        """The same callback, which raises the thread that calls it when it is called first."""
        raised = False

        def first(*given: Any) -> Any:
            nonlocal raised
            if not raised:
                raised = True
                self.raise_this_thread(name)
            return callback(*given)

        return first

    def raise_this_thread(self, name: str) -> None:
        """Raise the calling thread, which sound waits for: only what takes no time is done in it."""
        thread = self._threads[name] = threading.get_native_id()
        if not self._by_right(thread, PRIORITY):
            self._spawn("rtkit", lambda: self._ask(name, thread))

    def report(self) -> dict[str, str]:
        """What each thread has now, "rr 5" or "normal", by its name; those that ended are left out."""
        told = {name: priority_of(thread) for name, thread in dict(self._threads).items()}
        return {name: priority for name, priority in told.items() if priority}

    def _ask(self, name: str, thread: int) -> None:
        if self._by_rtkit(thread, PRIORITY):
            log.debug("RTKit gave thread %s real-time priority.", name)
        elif not self._warned.is_set():
            self._warned.set()
            log.warning("Sound has no real-time priority: it may stutter while the board is busy. %s", REMEDY)
