"""What `alexa-local models` has done: by the daemon, or without one in this process."""

from __future__ import annotations

import argparse
import base64
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alexa_local.cli.control import ask_daemon
from alexa_local.cli.settings import settings_of
from alexa_local.daemon.paths import state_dir
from alexa_local.daemon.renewing import commands_of, plan_of
from alexa_local.errors import DaemonUnreachable, UpdateError, UsageError
from alexa_local.generations.signing import MOST_ENVELOPE_BYTES, read_unverified
from alexa_local.store import as_owner_of
from alexa_local.updates.labour import Helper
from alexa_local.updates.workshop import Workshop, open_courses

ENVELOPE = "generation.json"
"""What `alexa-local-cloud publish --out` calls the signed manifest; the packages lie beside it."""

_LOOK_S = 0.5
_UNDER_WAY = ("applying", "testing")

Models = Mapping[str, Mapping[str, Any]]
Ask = Callable[..., Mapping[str, Any]]
"""Asks one of `commands_of`, by its name and with its fields."""


def report(arguments: argparse.Namespace) -> Models:
    """How each model is; nothing is changed."""
    try:
        models: Models = ask_daemon(arguments, "models")["models"]
        return models
    except DaemonUnreachable as error:
        if isinstance(error.__cause__, PermissionError):
            raise
    config = settings_of(arguments)
    with as_owner_of(state_dir(config.daemon)):
        courses = open_courses(plan_of(config), Helper())
        return {name: course.report() for name, course in courses.items()}


def look(arguments: argparse.Namespace) -> Models:
    """Have the daemon ask the broker again."""
    models: Models = ask_daemon(arguments, "models_look")["models"]
    return models


def update(arguments: argparse.Namespace, file: Path) -> Models:
    """Take a generation from files.

    Raises:
        UsageError: the files cannot be read.
        AlexaLocalError: it is refused, with the reason.
    """
    envelope_file = file / ENVELOPE if file.is_dir() else file
    envelope = _read(envelope_file, 0, MOST_ENVELOPE_BYTES + 1)
    model = read_unverified(envelope).model
    with _desk(arguments) as (ask, work):
        told = ask("models_offer", model=model, envelope=base64.b64encode(envelope).decode())
        if told["state"] == "fetching" and not told["wanted"]:
            raise UpdateError(told["why"])
        while wanted := told["wanted"]:
            package = envelope_file.with_name(f"{wanted['package'][:12]}.package")
            piece = base64.b64encode(_read(package, wanted["at_bytes"], wanted["bytes"])).decode()
            told = ask("models_piece", model=model, wanted=wanted, data=piece)
        done: Mapping[str, Any] = work(model)
    if done["state"] == "refused":
        raise UpdateError(done["why"])
    return {model: done}


def go_back(arguments: argparse.Namespace, model: str) -> Models:
    """Go back to the version before."""
    with _desk(arguments) as (ask, _):
        return {model: ask("models_back", model=model)}


def pin(arguments: argparse.Namespace, model: str, on: bool) -> Models:
    """Let no other version come, or let them come again."""
    with _desk(arguments) as (ask, _):
        return {model: ask("models_pin", model=model, on=on)}


@contextmanager
def _desk(
    arguments: argparse.Namespace,
) -> Iterator[tuple[Ask, Callable[[str], Mapping[str, Any]]]]:
    """Something to ask, and something to have the hard work of a model done by: the daemon, or ourselves."""

    def ask(command: str, **fields: Any) -> Mapping[str, Any]:
        return ask_daemon(arguments, command, **fields)

    try:
        ask("models")
    except DaemonUnreachable as error:
        if isinstance(error.__cause__, PermissionError):
            raise
    else:
        yield ask, lambda model: _wait(ask, model)
        return
    with _alone(arguments) as desk:
        yield desk


@contextmanager
def _alone(
    arguments: argparse.Namespace,
) -> Iterator[tuple[Ask, Callable[[str], Mapping[str, Any]]]]:
    config = settings_of(arguments)
    with as_owner_of(state_dir(config.daemon)):
        workshop = Workshop(plan_of(config))
        table = commands_of(lambda work: work(workshop))

        def ask(command: str, **fields: Any) -> Mapping[str, Any]:
            answer: Mapping[str, Any] = table[command](fields)
            return answer

        def work(model: str) -> Mapping[str, Any]:
            course = workshop.courses[model]
            while course.has_work:
                course.work()
            return course.report()

        try:
            workshop.resume()
            yield ask, work
        finally:
            workshop.close()


def _wait(ask: Ask, model: str) -> Mapping[str, Any]:
    """How a model is once the daemon has done its work on it."""
    while True:
        told: Mapping[str, Any] = ask("models")["models"][model]
        if told["state"] not in _UNDER_WAY or told["why"]:
            return told
        time.sleep(_LOOK_S)


def _read(file: Path, at_bytes: int, length: int) -> bytes:
    try:
        with file.open("rb") as stream:
            stream.seek(at_bytes)
            return stream.read(length)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read ({error.strerror}). Name what `alexa-local-cloud publish --out` wrote."
        ) from error
