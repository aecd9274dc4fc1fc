"""`alexa-local models`: which models there are, and whether they are whole."""

from __future__ import annotations

import argparse
from typing import Any

from alexa_local.errors import ModelError


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add models."""
    text = "Check that the models of the configuration are there and unaltered."
    parser = commands.add_parser("models", help=text, description=text, parents=[common])
    parser.set_defaults(run=_models)


def _models(arguments: argparse.Namespace) -> int:
    from alexa_local.cli.settings import settings_of
    from alexa_local.models import open_model

    config = settings_of(arguments)
    faults = []
    for name in config.models:
        try:
            model = open_model(name, config.daemon.models_dir)
            print(f"{name}: whole, in {model.folder}")
        except ModelError as error:
            print(f"{name}: broken")
            faults.append(str(error))
    if faults:
        raise ModelError(" ".join(faults))
    return 0
