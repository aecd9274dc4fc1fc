"""Where the socket and the state are, for the service, root and a user."""

from pathlib import Path

import pytest

from alexa_local.config import DaemonSettings
from alexa_local.daemon.paths import cache_dir, client_socket_path, socket_path, state_dir

SERVICE = {"RUNTIME_DIRECTORY": "/run/x:/run/y", "STATE_DIRECTORY": "/var/lib/x"}
USER = {"XDG_RUNTIME_DIR": "/run/user/1000", "XDG_STATE_HOME": "/home/u/.state"}


@pytest.mark.parametrize(
    ("env", "uid", "socket", "state"),
    [
        (SERVICE, 999, "/run/x/control.sock", "/var/lib/x"),
        ({}, 0, "/run/alexa-local/control.sock", "/var/lib/alexa-local"),
        (USER, 1000, "/run/user/1000/alexa-local/control.sock", "/home/u/.state/alexa-local"),
        ({"XDG_STATE_HOME": "/s"}, 1000, "/s/alexa-local/control.sock", "/s/alexa-local"),
    ],
)
def test_the_places_follow_from_who_runs_it(env, uid, socket, state):
    assert socket_path(DaemonSettings(), env, uid) == Path(socket)
    assert state_dir(DaemonSettings(), env, uid) == Path(state)


def test_the_configuration_comes_first():
    settings = DaemonSettings(socket=Path("/a"), state_dir=Path("/b"))
    assert (socket_path(settings, SERVICE), state_dir(settings, SERVICE)) == (Path("/a"), Path("/b"))


def test_a_users_command_finds_the_service_when_there_is_no_daemon_of_their_own(tmp_path, monkeypatch):
    service = tmp_path / "service"
    monkeypatch.setattr("alexa_local.daemon.paths.SERVICE_RUNTIME", service)
    monkeypatch.setattr("os.getuid", lambda: 1000)
    env = {"XDG_RUNTIME_DIR": str(tmp_path / "user")}
    own = tmp_path / "user" / "alexa-local" / "control.sock"
    assert client_socket_path(DaemonSettings(), env) == own
    service.mkdir()
    assert client_socket_path(DaemonSettings(), env) == service / "control.sock"
    own.parent.mkdir(parents=True)
    own.touch()
    assert client_socket_path(DaemonSettings(), env) == own


def test_what_can_be_made_again_lies_in_the_services_cache_and_elsewhere_with_the_state():
    service = SERVICE | {"CACHE_DIRECTORY": "/var/cache/x"}
    assert cache_dir(DaemonSettings(), service) == Path("/var/cache/x")
    assert cache_dir(DaemonSettings(), SERVICE) == Path("/var/lib/x")
    assert cache_dir(DaemonSettings(state_dir=Path("/b")), service) == Path("/b")
