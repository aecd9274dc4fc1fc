"""The configuration as the commands read it."""

from __future__ import annotations

import argparse
import os

from alexa_local.config import Config, find_config, load_config


def settings_of(arguments: argparse.Namespace) -> Config:
    """The configuration; the defaults when the service's file, perhaps with a password, is not ours to read.

    Only for commands beside the daemon: the daemon itself never starts with other settings than its own.

    Raises:
        ConfigError: it is wrong, or was asked for and cannot be read.
    """
    file = find_config(arguments.config)
    asked_for = arguments.config or os.environ.get("ALEXA_LOCAL_CONFIG")
    if file and not asked_for and not os.access(file, os.R_OK):
        return Config()
    return load_config(arguments.config)
