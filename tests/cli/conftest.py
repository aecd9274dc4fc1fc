"""A command line whose configuration, state and socket are in a folder of the test."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alexa_local import doctor
from alexa_local.cli import main
from alexa_local.doctor import Unit
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.running_daemon import RunningDaemon


@pytest.fixture
def folder(monkeypatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="al-") as name:
        config = Path(name, "config.yaml")
        config.write_text(f"daemon: {{socket: {name}/control.sock, state_dir: {name}/state}}\n")
        monkeypatch.setenv("ALEXA_LOCAL_CONFIG", str(config))
        yield Path(name)


@pytest.fixture
def command(folder, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs a command; returns its exit code, standard output and standard error."""

    def command(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def daemon(folder) -> Iterator[RunningDaemon]:
    daemon = RunningDaemon(folder, FakeHome())
    yield daemon
    daemon.end()


@pytest.fixture
def unit(monkeypatch) -> list[str]:
    """What is done to the service, as whose daemon the one that runs counts."""
    done: list[str] = []

    class FakeUnit(Unit):
        @contextmanager
        def set_aside(self) -> Iterator[None]:
            done.append("stopped")
            yield
            done.append("started")

        def restart(self) -> None:
            done.append("restarted")

    monkeypatch.setattr(doctor, "unit_of", lambda process: FakeUnit() if process else None)
    return done
