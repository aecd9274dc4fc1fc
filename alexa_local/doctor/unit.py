"""The installed service, set aside for as long as something else needs its microphone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from alexa_local.errors import DaemonUnreachable

UNIT = "alexa-local.service"
_LIMIT_S = 240.0
"""More than the unit's own limits for its start and its end."""
_ENDS = (signal.SIGTERM, signal.SIGHUP)


class Unit:
    """Systemd's unit of the daemon, for somebody who may stop and start it."""

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Stop it, and start it again, also when this program is told to end in between.

        Raises:
            DaemonUnreachable: it did not start again, such as with a new configuration that is wrong.
        """
        with ended_in_order():
            self._systemctl("stop")
            try:
                yield
            finally:
                self._systemctl("start")

    def restart(self) -> None:
        """Have it take up new settings.

        Raises:
            DaemonUnreachable: it did not start again.
        """
        self._systemctl("restart")

    def _systemctl(self, verb: str) -> None:
        done = subprocess.run(["systemctl", verb, UNIT], capture_output=True, timeout=_LIMIT_S, check=False)
        if done.returncode != 0:
            raise DaemonUnreachable(
                f"The service did not {verb}. `systemctl status alexa-local` says why; "
                "`systemctl start alexa-local` tries again."
            )


def unit_of(process: int | None) -> Unit | None:
    """The unit, when that process is its daemon and we may stop it."""
    if not process or os.geteuid() != 0 or not shutil.which("systemctl"):
        return None
    show = ["systemctl", "show", "--property=MainPID", "--value", UNIT]
    done = subprocess.run(show, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    return Unit() if done.stdout.strip() == str(process) else None


@contextmanager
def ended_in_order() -> Iterator[None]:
    """While this lasts, being told to end is an exception, so that what has to be put back is."""
    before = {number: signal.signal(number, _end) for number in _ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
