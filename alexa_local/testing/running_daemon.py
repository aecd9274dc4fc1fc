"""A real daemon in a thread of a test, with fakes where it would need a model, a device or a disk."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alexa_local.config import Config, DaemonSettings
from alexa_local.daemon.client import ask
from alexa_local.daemon.daemon import Daemon, OpenSource
from alexa_local.errors import AlexaLocalError
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.quiet_microphone import QuietMicrophone

_LIMIT_S = 120.0


class RunningDaemon:
    """Has a silent microphone unless it gets another source.

    Attributes:
        home: its fakes.
        microphone: its microphone; a new one whenever it is opened again.
        socket: its control socket.
        code: its exit code, once it has ended.
        error: the error that ended it.
    """

    def __init__(
        self,
        folder: Path,
        home: FakeHome,
        open_source: OpenSource | None = None,
        finite: bool = False,
        env: Mapping[str, str] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Start it with these `settings`, sections by name.

        AssertionError, with the daemon's error in it, when it does not get ready.
        """
        self.home = home
        self.microphone = QuietMicrophone()
        self.socket = folder / "control.sock"
        self.code: int | None = None
        self.error: AlexaLocalError | None = None
        config = Config(daemon=DaemonSettings(socket=self.socket), **(settings or {}))
        source = open_source or self._open_microphone
        self._daemon = Daemon(config, source, home.assemble, finite, env or {})
        self._events = self._daemon.bus.subscribe()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self.event("idle")

    def _open_microphone(self, _on_state: object) -> QuietMicrophone:
        self.microphone = QuietMicrophone()
        return self.microphone

    def _run(self) -> None:
        try:
            self.code = self._daemon.run()
        except AlexaLocalError as error:
            self.error = error
        finally:
            self._events.queue.close()

    def ask(self, command: str, **fields: object) -> dict[str, Any]:
        """Ask it something on its control socket."""
        return ask(self.socket, command, timeout_s=_LIMIT_S, **fields)

    def event(self, name: str) -> dict[str, Any]:
        """Wait until this happens; returns its details."""
        while event := self._events.queue.get(_LIMIT_S):
            if event.name == name:
                return dict(event.data)
        raise AssertionError(f"the daemon ended or waited before {name!r} happened: {self.error!r}")

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join(_LIMIT_S)
        assert not self._thread.is_alive()

    def end(self) -> None:
        """End it; harmless when it has ended."""
        self._daemon.request_stop("the test's end")
        self.join()
