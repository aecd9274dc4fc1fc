"""A running daemon with fakes behind it, and a folder short enough for Unix sockets."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alexa_local.config import Config, DaemonSettings
from alexa_local.daemon.client import ask
from alexa_local.daemon.daemon import Daemon
from alexa_local.errors import AlexaLocalError
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.quiet_microphone import QuietMicrophone


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="al-") as path:  # pytest's own paths may exceed 107 bytes
        yield Path(path)


class RunningDaemon:
    """A daemon in a thread of the test, with a silent microphone unless it gets another source."""

    def __init__(self, folder: Path, home: FakeHome, open_source=None, finite=False, env=None) -> None:
        self.home = home
        self.microphone = QuietMicrophone()
        self.socket = folder / "control.sock"
        config = Config(daemon=DaemonSettings(socket=self.socket))
        self.daemon = Daemon(
            config, open_source or (lambda _: self.microphone), home.assemble, finite, env or {}
        )
        self.events = self.daemon.bus.subscribe()
        self.code: int | None = None
        self.error: AlexaLocalError | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self.event("idle")

    def _run(self) -> None:
        try:
            self.code = self.daemon.run()
        except AlexaLocalError as error:
            self.error = error
        finally:
            self.events.queue.close()

    def ask(self, command: str, **fields: object) -> dict:
        return ask(self.socket, command, timeout_s=20, **fields)

    def event(self, name: str) -> dict:
        """Wait until it happens."""
        while event := self.events.queue.get(20):
            if event.name == name:
                return dict(event.data)
        raise AssertionError(f"the daemon ended or waited before {name!r} happened: {self.error!r}")

    def join(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()

    def end(self) -> None:
        self.daemon.request_stop("the test's end")
        self.join()


@pytest.fixture
def start(folder) -> Iterator[Callable[..., RunningDaemon]]:
    running: list[RunningDaemon] = []

    def start(home: FakeHome | None = None, **options: object) -> RunningDaemon:
        running.append(RunningDaemon(folder, home or FakeHome(), **options))
        return running[-1]

    yield start
    for daemon in running:
        daemon.end()
