"""The command line of the owner's server: options, environment, and errors of one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from alexa_local.cloud.main import CREDENTIAL, broker_settings, main, make_parser
from alexa_local.cloud.worker import BrokerSettings
from alexa_local.errors import ConfigError, UsageError


def settings(*words: str, **env: str) -> BrokerSettings:
    return broker_settings(make_parser(env).parse_args(["rerank", *words]), env)


@pytest.mark.parametrize(
    ("words", "host", "port"),
    [
        (["--broker", "broker.home"], "broker.home", 1883),
        (["--broker", "broker.home:1884"], "broker.home", 1884),
        (["--broker", "broker.home", "--tls-ca", "ca.crt"], "broker.home", 8883),
        (["--broker", "[::1]:1885"], "::1", 1885),
        (["--broker", "[::1]"], "::1", 1883),
    ],
)
def test_the_port_is_the_usual_one_unless_it_is_given(words: list[str], host: str, port: int) -> None:
    found = settings(*words)
    assert (found.host, found.port) == (host, port)


def test_options_may_come_from_the_environment_and_words_win() -> None:
    env = {
        "ALEXA_LOCAL_CLOUD_BROKER": "one:1",
        "ALEXA_LOCAL_CLOUD_TLS_CA": "/ca",
        "ALEXA_LOCAL_CLOUD_METRICS": "9401",
    }
    assert settings(**env) == BrokerSettings("one", 1, Path("/ca"))
    assert settings("--broker", "two:2", **env).host == "two"
    assert make_parser(env).parse_args(["rerank"]).metrics == 9401
    assert make_parser({}).parse_args(["rerank"]).prefix == "alexa-local"


def test_the_password_comes_from_a_file_or_from_systemd(tmp_path: Path) -> None:
    (tmp_path / CREDENTIAL).write_text("secret\n")
    other = tmp_path / "other"
    other.write_text("more secret\n")
    assert settings("--broker", "b", CREDENTIALS_DIRECTORY=str(tmp_path)).password == "secret"
    assert settings("--broker", "b", "--password-file", str(other)).password == "more secret"
    assert settings("--broker", "b", CREDENTIALS_DIRECTORY="/nowhere").password == ""
    with pytest.raises(ConfigError, match="password"):
        settings("--broker", "b", "--password-file", "/nowhere")


@pytest.mark.parametrize("words", [[], ["--broker", "b:port"], ["--broker", "b:0"], ["--broker", "b:99999"]])
def test_a_broker_that_cannot_be_meant_is_told(words: list[str]) -> None:
    with pytest.raises(UsageError):
        settings(*words)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["rerank"], 64, "No broker is given"),
        (["rerank", "--broker", "b", "--name", "a b"], 64, "Choose another one"),
        (["rerank", "--metrics", "many"], 64, "See `alexa-local-cloud rerank --help`"),
        (["rerank", "--broker", "b", "--model", "/nowhere"], 66, "missing"),
        (["dance"], 64, "See `alexa-local-cloud --help`"),
    ],
)
def test_an_error_is_one_line_and_a_code(words: list[str], code: int, said: str, capsys, monkeypatch) -> None:
    monkeypatch.delenv("ALEXA_LOCAL_CLOUD_BROKER", raising=False)
    assert main(words) == code
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_an_authority_that_cannot_be_read_is_told(model_folder: Path, capsys) -> None:
    words = ["rerank", "--broker", "b", "--model", str(model_folder), "--tls-ca", "/nowhere"]
    assert main(words) == 78
    assert "Name a PEM file" in capsys.readouterr().err
