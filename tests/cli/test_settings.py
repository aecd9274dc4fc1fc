"""Which configuration a command reads."""

import argparse

import pytest

from alexa_local.cli.settings import settings_of
from alexa_local.config import Config
from alexa_local.errors import ConfigError


def test_a_services_file_that_is_not_ours_to_read_means_the_defaults(tmp_path, monkeypatch):
    """Members of the group may use the control socket, but not read the broker's password."""
    file = tmp_path / "alexa-local" / "config.yaml"
    file.parent.mkdir()
    file.write_text("wakes: {}")
    monkeypatch.delenv("ALEXA_LOCAL_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(ConfigError):
        settings_of(argparse.Namespace(config=None))
    monkeypatch.setattr("os.access", lambda *_: False)
    assert settings_of(argparse.Namespace(config=None)) == Config()
    with pytest.raises(ConfigError):
        settings_of(argparse.Namespace(config=str(file)))
