"""What systemd hears."""

import os
import socket

import numpy as np
import pytest

from alexa_local.notify import Notifier
from alexa_local.testing.quiet_microphone import QuietMicrophone


@pytest.fixture
def manager(folder, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "notify"))
        yield manager


def until(manager, wanted):
    heard = []
    while wanted not in heard:
        heard.append(manager.recv(4096).decode())
    return heard


def test_the_daemon_tells_ready_then_alive_and_stopping_at_the_end(manager, start):
    daemon = start(env={"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "300000"})
    assert until(manager, "READY=1") == ["READY=1"]
    daemon.microphone.step()
    until(manager, "WATCHDOG=1")
    daemon.end()
    assert until(manager, "STOPPING=1")[-1] == "STOPPING=1"


def test_the_watchdog_is_not_fed_when_an_open_microphone_gives_nothing(manager, start):
    start(env={"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "30000"})
    heard = []
    while heard.count("STATUS=waiting") < 10:  # ten looks
        heard.append(manager.recv(4096).decode())
    assert heard.count("WATCHDOG=1") == 1, "only the first look, which has nothing to compare with"


def test_the_watchdog_is_fed_without_a_microphone_as_long_as_the_thread_turns(manager, start):
    def open_source(on_state):
        on_state("lost", "No microphone found.")
        return QuietMicrophone()

    start(env={"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "300000"}, open_source=open_source)
    for _ in range(3):
        until(manager, "WATCHDOG=1")


def test_an_abstract_socket_is_understood(monkeypatch):
    name = f"\0alexa-local-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name[1:])
        notifier = Notifier()
        notifier.status("two\nlines")
        assert manager.recv(100) == b"STATUS=two lines"
        notifier.close()


@pytest.mark.parametrize("env", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}])
def test_without_systemd_nothing_happens(env, monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    notifier = Notifier()
    notifier.ready()
    notifier.close()
    notifier.alive()


@pytest.mark.parametrize(
    ("env", "expected_s"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_watchdog_counts_only_when_it_is_ours(env, expected_s):
    notifier = Notifier({"NOTIFY_SOCKET": "/nowhere", **env})
    assert np.isclose(notifier.watchdog_s, expected_s)
    notifier.close()
