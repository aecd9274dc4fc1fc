"""A running daemon with fakes behind it, and a folder short enough for Unix sockets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alexa_local.testing.parts import FakeHome
from alexa_local.testing.running_daemon import RunningDaemon


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="al-") as path:  # pytest's own paths may exceed 107 bytes
        yield Path(path)


@pytest.fixture
def start(folder) -> Iterator[Callable[..., RunningDaemon]]:
    running: list[RunningDaemon] = []

    def start(home: FakeHome | None = None, **options: object) -> RunningDaemon:
        running.append(RunningDaemon(folder, home or FakeHome(), **options))
        return running[-1]

    start.running = running
    yield start
    for daemon in running:
        daemon.end()
