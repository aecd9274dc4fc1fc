"""`alexa-local outbox`: what waits to be sent, with or without a daemon."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from alexa_local.cli.control import ask_daemon, duration
from alexa_local.errors import DaemonUnreachable


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add outbox and outbox clear."""
    text = "Say which requests wait to be sent to a server that reads them again (see `mqtt.rerank`)."
    outbox = commands.add_parser("outbox", help=text, description=text, parents=[common])
    outbox.add_argument("--json", action="store_true", help="one JSON object")
    outbox.add_argument(
        "action", nargs="?", choices=["clear"], help="clear: delete them, so that they are never sent"
    )
    outbox.set_defaults(run=_outbox)


def _outbox(arguments: argparse.Namespace) -> int:
    if arguments.action == "clear":
        deleted = _ask(arguments, "outbox_clear")
        print(json.dumps(deleted) if arguments.json else f"{_requests(deleted['deleted'])} deleted")
        return 0
    told = _ask(arguments, "outbox")
    if arguments.json:
        print(json.dumps(told))
        return 0
    waiting = told["waiting"]
    oldest = f", the oldest for {duration(waiting[0]['age_s'])}" if waiting else ""
    size = f", {sum(one['bytes'] for one in waiting)} bytes" if waiting else ""
    held = f", for {told['waits_for']} than this metered one" if waiting and told.get("waits_for") else ""
    print(f"{_requests(len(waiting))} waiting{held}{size}{oldest}")
    for name in ("answers", "outcomes", "deleted"):
        counts = ", ".join(f"{what} {count}" for what, count in told.get(name, {}).items() if count)
        if counts:
            print(f"{name} since the start: {counts}")
    return 0


def _ask(arguments: argparse.Namespace, command: str) -> Mapping[str, Any]:
    """What the daemon says; without one, what its database does."""
    try:
        return ask_daemon(arguments, command)
    except DaemonUnreachable as error:
        if isinstance(error.__cause__, PermissionError):
            raise
        return _from_database(arguments, command)


def _from_database(arguments: argparse.Namespace, command: str) -> Mapping[str, Any]:
    from alexa_local.act import LocalOnly, SystemClock
    from alexa_local.cli.settings import settings_of
    from alexa_local.daemon.paths import DATABASE, state_dir
    from alexa_local.mqtt.outbox import Outbox
    from alexa_local.store import existing_store

    with existing_store(state_dir(settings_of(arguments).daemon) / DATABASE) as store:
        outbox = Outbox(store, SystemClock(), LocalOnly(store)) if store else None
        if command == "outbox_clear":
            return {"deleted": outbox.clear() if outbox else 0}
        return {"waiting": [each.as_json() for each in outbox.waiting()] if outbox else []}


def _requests(count: int) -> str:
    return f"{count} request{'' if count == 1 else 's'}"
