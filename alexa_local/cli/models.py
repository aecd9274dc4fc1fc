"""`alexa-local models`: which models there are, whether they are whole, and newer ones from files."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alexa_local.errors import ModelError, UsageError

_ACTIONS = {
    "verify": "check that the models are unaltered (the default)",
    "list": "which version each has, and what becomes of newer ones",
    "update": "take a newer one from what `alexa-local-cloud publish --out` wrote, or ask the broker again",
    "rollback": "go back to the version before",
    "pin": "let no other version come",
    "unpin": "let them come again",
}


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add models."""
    text = "Check the models of the configuration, and have newer ones taken or gone back from."
    about = ". ".join(f"{name}: {what}" for name, what in _ACTIONS.items())
    parser = commands.add_parser("models", help=text, description=text, parents=[common])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("action", nargs="?", choices=[*_ACTIONS], default="verify", help=about)
    parser.add_argument(
        "what", nargs="?", metavar="NAME|FILE", help="the model; for update the file or its folder"
    )
    parser.set_defaults(run=_models)


def _models(arguments: argparse.Namespace) -> int:
    if arguments.action in ("verify", "list"):
        if arguments.what:
            raise UsageError(
                f"`models {arguments.action}` is about all models. Leave {arguments.what!r} away."
            )
        return _verify(arguments) if arguments.action == "verify" else _list(arguments)
    from alexa_local.cli import models_updates as updates

    if arguments.action == "update":
        file = Path(arguments.what) if arguments.what else None
        told = updates.update(arguments, file) if file else updates.look(arguments)
    elif not arguments.what:
        raise UsageError(
            f"`models {arguments.action}` needs the name of a model: see `alexa-local models list`."
        )
    elif arguments.action == "rollback":
        told = updates.go_back(arguments, arguments.what)
    else:
        told = updates.pin(arguments, arguments.what, arguments.action == "pin")
    _show(arguments, told)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from alexa_local.cli.models_updates import report

    _show(arguments, report(arguments))
    return 0


def _show(arguments: argparse.Namespace, models: Mapping[str, Mapping[str, Any]]) -> None:
    if arguments.json:
        print(json.dumps({"models": models}, ensure_ascii=False))
        return
    width = max(map(len, models), default=0)
    for name, told in models.items():
        print(f"{name:{width}}  {told['version']}  {_in_words(told)}")


def _in_words(told: Mapping[str, Any]) -> str:
    """How a model is, such as "fetching 3, 40 %"."""
    words = told["state"]
    if "next" in told:
        words += f" {told['next']}"
    if told.get("bytes"):
        words += f", {100 * told['fetched_bytes'] // told['bytes']} %"
    words += ", pinned" if told.get("pinned") else ""
    return f"{words}: {told['why']}" if told["why"] else words


def _verify(arguments: argparse.Namespace) -> int:
    """Every model as the daemon would open it."""
    from alexa_local.cli.settings import settings_of
    from alexa_local.daemon.paths import open_used

    config = settings_of(arguments)
    found, faults = {}, []
    for name in config.models:
        try:
            model = open_used(name, config.daemon)
            found[name] = {"whole": True, "version": model.generation, "folder": str(model.folder)}
        except ModelError as error:
            found[name] = {"whole": False, "error": str(error)}
            faults.append(error)
        if not arguments.json:
            print(f"{name}: whole, in {model.folder}" if found[name]["whole"] else f"{name}: broken")
    if arguments.json:
        print(json.dumps({"ok": not faults, "models": found}, ensure_ascii=False))
    if faults:
        raise ModelError(" ".join(map(str, faults)))
    return 0
