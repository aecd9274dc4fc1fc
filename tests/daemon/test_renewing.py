"""Which models a daemon starts with, and what becomes of one that it cannot live with."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import pytest

from alexa_local.config import (
    Config,
    DaemonSettings,
    EndpointSettings,
    PeopleSettings,
    RecogniserSettings,
    UnderstandingSettings,
    UpdatesSettings,
    WakeSettings,
    WhisperSettings,
)
from alexa_local.daemon.client import Unheard, ask, mark_restart, unmark_restart
from alexa_local.daemon.daemon import RESTART_CODE
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.parts import Host
from alexa_local.daemon.renewing import Renewal, plan_of
from alexa_local.errors import ConfigError, ModelError
from alexa_local.testing.labour import FakeLabour
from alexa_local.testing.tiny_publisher import TINY, TinyPublisher
from alexa_local.updates import workshop
from alexa_local.updates.workshop import Workshop


@pytest.fixture
def config(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """One tiny model, of which version 2 is on trial."""
    publisher = TinyPublisher(folder / "publisher")
    publisher.install_key(folder / "keys")
    monkeypatch.delenv("ALEXA_LOCAL_MODELS", raising=False)
    monkeypatch.setattr("alexa_local.models.manifest._CHECKOUT", publisher.folder(1).parent)
    monkeypatch.setattr(workshop, "Helper", lambda _: FakeLabour())
    config = Config(
        wake=WakeSettings(model=TINY),
        recogniser=RecogniserSettings(model=TINY),
        endpoint=EndpointSettings(model=TINY),
        understanding=UnderstandingSettings(model=""),
        whisper=WhisperSettings(model=""),
        people=PeopleSettings(model=""),
        updates=UpdatesSettings(keys=folder / "keys"),
        daemon=DaemonSettings(socket=folder / "c.sock", state_dir=folder / "state"),
    )
    with contextlib.closing(Workshop(plan_of(config))) as shop:
        course = shop.courses[TINY]
        course.offer(publisher.envelope(publisher.generation(2)))
        while wanted := course.wanted():
            course.put(wanted, publisher.piece(wanted.package, wanted.index, wanted.bytes))
        while course.has_work:
            course.work()
    return config


class Life:
    """One life of a daemon, from loading to its end."""

    def __init__(self, config: Config) -> None:
        self._config, self.is_well = config, True
        self.opened: list[int] = []

    def load(self, opened):
        version = opened[TINY].generation
        self.opened.append(version)
        return version

    def live(self, load=None, then: BaseException | None = None) -> None:
        with contextlib.ExitStack() as at_the_end:
            host = Host(
                *(EventBus(), lambda *_: None, at_the_end, threading.Event()), is_well=lambda: self.is_well
            )
            Renewal(self._config, host).load(load or self.load)
            if then:
                raise then


def states(config: Config) -> tuple[int, str]:
    with contextlib.closing(Workshop(plan_of(config))) as shop:
        told = shop.courses[TINY].report()
    return told["version"], told["state"]


def test_a_model_on_trial_that_cannot_be_loaded_is_given_up_at_once(config):
    life = Life(config)

    def load(opened):
        if life.load(opened) == 2:
            raise KeyError("no such tensor")

    life.live(load)
    assert life.opened == [2, 1]
    assert states(config) == (1, "rolled back")


def test_a_model_that_is_not_on_trial_is_not_given_up(config):
    life = Life(config)
    life.live()
    with contextlib.closing(Workshop(plan_of(config))) as shop:
        shop.starting()
        shop.courses[TINY].served()

    def load(_):
        raise ModelError("It does not fit.")

    with pytest.raises(ModelError):
        life.live(load)
    assert states(config) == (2, "active")


def test_proper_ends_and_faults_of_the_configuration_are_no_deaths(config):
    life = Life(config)
    for _ in range(5):
        life.live()
        with pytest.raises(ConfigError):
            life.live(then=ConfigError("wrong"))
    assert states(config) == (2, "trial") and set(life.opened) == {2}


@pytest.mark.parametrize("is_well", [True, False])
def test_two_lives_that_end_badly_bring_back_the_model_before(config, is_well):
    life = Life(config)
    life.is_well = is_well
    for _ in range(2):
        if is_well:
            with pytest.raises(ZeroDivisionError):
                life.live(then=ZeroDivisionError())
        else:
            life.live()
    life.live()
    assert life.opened == [2, 2, 1]


def test_whoever_asks_while_the_daemon_starts_anew_waits_for_it(start, folder):
    first = start()
    first._daemon._restart("a test")
    first.join()
    assert first.code == RESTART_CODE
    answers: list[dict] = []
    thread = threading.Thread(
        target=lambda: answers.append(ask(folder / "control.sock", "say", text="light"))
    )
    thread.start()
    second = start()
    thread.join(60)
    assert answers[0]["done"] and second.home.heard == ["light"]


def test_without_a_new_start_nobody_waits(folder):
    with pytest.raises(Unheard):
        ask(folder / "control.sock", "status")
    mark_restart(folder / "control.sock")
    unmark_restart(folder / "control.sock")
    with pytest.raises(Unheard):
        ask(folder / "control.sock", "status")


@pytest.mark.parametrize("hours", [-1, 1], ids=["of long ago", "of before the clock was set back"])
def test_for_a_new_start_that_never_came_nobody_waits(folder, hours):
    socket = folder / "control.sock"
    mark_restart(socket)
    (mark,) = folder.glob("*restart*")
    moment_s = mark.stat().st_mtime + 3600 * hours
    os.utime(mark, (moment_s, moment_s))
    with pytest.raises(Unheard):
        ask(socket, "status")
