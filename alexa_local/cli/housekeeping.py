"""`alexa-local housekeeping`: what a timer does once a week, and anybody may do at any time."""

from __future__ import annotations

import argparse
import json
import logging
from typing import TYPE_CHECKING, Any

from alexa_local.cli.logs import is_journal

if TYPE_CHECKING:
    from alexa_local.daemon.housekeeping import Chore, House

_LOG = logging.getLogger(__name__)
_STDOUT = 1


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add housekeeping."""
    text = "Check and tidy the database, the models and the disk, beside the daemon; a timer does it weekly."
    parser = commands.add_parser("housekeeping", help=text, description=text, parents=[common])
    parser.add_argument("--dry-run", action="store_true", help="tell what would be done, and do nothing")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=_housekeeping)


def _housekeeping(arguments: argparse.Namespace) -> int:
    from alexa_local.daemon.housekeeping import keep_house

    in_journal = not arguments.json and is_journal(_STDOUT)
    chores = []
    for chore in keep_house(_house(arguments), arguments.dry_run):
        chores.append(chore)
        if in_journal:  # with its priority and fields, and once
            _LOG.log(_level(chore), "%s", chore)
        elif not arguments.json:
            print(chore, flush=True)
    code = next((chore.exit_code for chore in chores if chore.exit_code), 0)
    if arguments.json:
        told = [{"name": one.name, "state": one.state, "told": one.told} for one in chores]
        print(json.dumps({"ok": not code, "dry_run": arguments.dry_run, "chores": told}, ensure_ascii=False))
    return code


def _house(arguments: argparse.Namespace) -> House:
    from alexa_local.cli.settings import settings_of
    from alexa_local.daemon.housekeeping import House
    from alexa_local.daemon.paths import cache_dir, state_dir

    config = settings_of(arguments)
    return House(state_dir(config.daemon), cache_dir(config.daemon), config.models, config.daemon.models_dir)


def _level(chore: Chore) -> int:
    return {"fail": logging.ERROR, "warn": logging.WARNING}.get(chore.state, logging.INFO)
