"""Why a broker cannot be used, told apart by trying real ones."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from alexa_local.config import MqttSettings
from alexa_local.mqtt.probe import probe
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto

needs_mosquitto = pytest.mark.skipif(
    find_mosquitto() is None, reason="the Debian package mosquitto is missing"
)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that lets in `anna` with the password `right` alone."""
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", passwords, "anna", "right"], check=True, capture_output=True)
    rules = f"allow_anonymous false\npassword_file {passwords}\nuser root\n"
    with Mosquitto(tmp_path, rules) as server:
        yield server


@needs_mosquitto
@pytest.mark.parametrize(
    ("username", "password", "trouble"),
    [
        ("anna", "right", ""),
        ("anna", "wrong", "password"),
        ("bert", "right", "password"),
        ("", "", "password"),
    ],
)
def test_a_wrong_name_or_password_is_told_apart(guarded, username, password, trouble):
    settings = MqttSettings("127.0.0.1", guarded.port, username, password)
    assert probe(settings)[0] == trouble


@needs_mosquitto
def test_a_broker_without_encryption_is_told_apart(guarded, tmp_path):
    ca = next((path for path in (Path("/etc/ssl/certs/ca-certificates.crt"),) if path.exists()), None)
    if ca is None:
        pytest.skip("no certificate authorities are installed")
    settings = MqttSettings("127.0.0.1", guarded.port, "anna", "right", tls_ca_file=ca)
    assert probe(settings)[0] == "encryption"


def test_a_closed_port_is_told_apart():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        trouble, detail = probe(MqttSettings("127.0.0.1", taken.getsockname()[1]))
    assert (trouble, detail) == ("port", "Connection refused")


def test_somebody_else_on_the_port_is_told_apart():
    with socket.create_server(("127.0.0.1", 0)) as server:
        trouble, _ = probe(MqttSettings("127.0.0.1", server.getsockname()[1]), limit_s=0.5)
    assert trouble == "protocol"


def test_an_unknown_name_is_told_apart(monkeypatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert probe(MqttSettings("broker.invalid")) == ("name", "Name or service not known")


@pytest.mark.parametrize(("error", "trouble"), [(113, "route"), (101, "route"), (110, "silence")])
def test_no_route_and_no_answer_are_told_apart(monkeypatch, error, trouble):
    def fail(*_: object) -> None:
        raise OSError(error, "said by the system")

    monkeypatch.setattr(socket, "create_connection", fail)
    assert probe(MqttSettings("192.0.2.1"))[0] == trouble
