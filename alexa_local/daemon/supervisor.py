"""Named threads with one rule: whoever ends before it was told to ends the process; systemd restarts it."""

from __future__ import annotations

import logging
import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_log = logging.getLogger(__name__)
_JOIN_S = 5.0


@dataclass
class _Worker:
    name: str
    target: Callable[[], None]
    stop: Callable[[], None]
    thread: threading.Thread = field(init=False)


class Supervisor:
    """Starts threads in order, waits, and stops them in the reverse order.

    Attributes:
        stopping: set once the end has begun; targets return soon after.
        died: the name of the first thread that ended too early, or "".
    """

    def __init__(self, join_s: float = _JOIN_S) -> None:
        self.stopping = threading.Event()
        self.died = ""
        self._workers: list[_Worker] = []
        self._join_s = join_s
        self._stop_reason = ""
        self._handlers_before: dict[int, Any] = {}
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)

    def spawn(self, name: str, target: Callable[[], None], stop: Callable[[], None] = lambda: None) -> None:
        """Start `target` in a thread; `stop` must make it return, from another thread, at any time."""
        worker = _Worker(name, target, stop)
        worker.thread = threading.Thread(target=self._run, args=(worker,), name=name, daemon=True)
        self._workers.append(worker)
        worker.thread.start()

    def threads(self) -> dict[str, bool]:
        """Whether each thread is alive, in the order of their start."""
        return {worker.name: worker.thread.is_alive() for worker in self._workers}

    def _run(self, worker: _Worker) -> None:
        try:
            worker.target()
            if not self.stopping.is_set():
                _log.critical(
                    "Thread %s returned although nobody asked it to; ending the process.", worker.name
                )
        except (
            BaseException
        ):  # a thread's root: whatever it was, the process must not go on without the thread
            _log.critical("Thread %s died; ending the process.", worker.name, exc_info=True)
            self.died = self.died or worker.name
        if not self.stopping.is_set():
            self.died = self.died or worker.name
            self.request_stop(f"thread {worker.name} ended")

    def request_stop(self, reason: str) -> None:
        """Begin the end, from any thread or signal handler."""
        self._stop_reason = self._stop_reason or reason
        try:
            self._waker.send(b"\0")
        except OSError:
            pass  # full: the wait ends anyway; closed: it is over

    def handle_signals(self) -> None:
        """SIGTERM and SIGINT begin the end; a second SIGINT ends at once. Only in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            return

        def handle(number: int, _frame: object) -> None:
            if number == signal.SIGINT:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            self.request_stop(signal.Signals(number).name)

        for number in (signal.SIGTERM, signal.SIGINT):
            self._handlers_before[number] = signal.signal(number, handle)

    def wait(self, every_s: float, tick: Callable[[], None]) -> str:
        """Call `tick` every so often until the end begins; return the reason for the end."""
        next_s = time.monotonic()
        while not self._stop_reason:
            now_s = time.monotonic()
            if now_s >= next_s:
                tick()
                next_s = now_s + every_s
            select.select([self._woken], [], [], max(0.0, next_s - time.monotonic()))
        return self._stop_reason

    def stop(self) -> bool:
        """Stop every thread, the last started first; False, loudly, when one does not return."""
        self.stopping.set()
        all_returned = True
        for worker in reversed(self._workers):
            try:
                worker.stop()
            except Exception:  # the other threads must still be stopped
                _log.exception("Stopping thread %s failed.", worker.name)
            worker.thread.join(self._join_s)
            if worker.thread.is_alive():
                all_returned = False
                _log.error(
                    "Thread %s did not stop within %g s and is left behind.", worker.name, self._join_s
                )
        return all_returned

    def close(self) -> None:
        """Put the signals back and release the sockets."""
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)
        self._waker.close()
        self._woken.close()
