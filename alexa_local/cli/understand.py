"""`alexa-local understand`: what words would mean, while nothing is done."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alexa_local.messages import Interpretation


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add understand."""
    text = "Say what TEXT would mean in this home, without doing it; no daemon is needed."
    parser = commands.add_parser("understand", help=text, description=text, parents=[common])
    parser.add_argument("text", nargs="*", metavar="TEXT")
    parser.add_argument("--contacts", metavar="FILE", type=Path, help="people, instead of the imported ones")
    parser.add_argument(
        "--clashes", action="store_true", help="where sentences of your own mean something else"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=_understand)


def _understand(arguments: argparse.Namespace) -> int:
    from alexa_local.cli.household import names_of
    from alexa_local.cli.settings import settings_of
    from alexa_local.daemon.paths import open_used
    from alexa_local.errors import UsageError
    from alexa_local.messages import Hypothesis
    from alexa_local.recognise import spoken_form
    from alexa_local.understand import OUT_OF_SCOPE, RequestReader, Understander, load_owner_intents

    config = settings_of(arguments)
    settings = config.understanding
    names = names_of(config, arguments.contacts)
    owner = load_owner_intents(settings.intents_file) if settings.intents_file else None
    if arguments.clashes:
        return _clashes(arguments, owner, names)
    words = spoken_form(" ".join(arguments.text))
    if not words:
        raise UsageError("There is nothing to understand. Give some words, such as: what time is it")
    reader = RequestReader(open_used(settings.model, config.daemon)) if settings.model else None
    found = Understander(names, owner, reader).interpret([Hypothesis(words, 0.0)])
    if arguments.json:
        print(json.dumps(_as_json(found), ensure_ascii=False))
    else:
        print(*_lines(found), sep="\n")
    return 1 if found.intent in ("", OUT_OF_SCOPE) else 0


def _clashes(arguments: argparse.Namespace, owner: Any, names: Any) -> int:
    from alexa_local.errors import ConfigError
    from alexa_local.understand.clash import clashes

    if owner is None:
        raise ConfigError("There are no intents of your own. Name a file with understanding.intents_file.")
    found = clashes(owner, names)
    if arguments.json:
        print(json.dumps({"clashes": [vars(one) for one in found]}))
    else:
        for one in found:
            print(f"{one.intent}: {one.sentence!r} means {one.other} too")
        print(f"{len(found)} clashes" if found else "No clashes were found.")
    return 1 if found else 0


def _as_json(found: Interpretation) -> dict[str, Any]:
    return {
        "intent": found.intent,
        "slots": dict(found.slots),
        "text": found.text,
        "confidence": found.confidence,
        "also": [_as_json(one) for one in found.also],
    }


def _lines(found: Interpretation) -> Iterator[str]:
    yield f"{found.intent or 'not understood'} ({round(100 * found.confidence)} % sure)"
    for name, value in found.slots.items():
        yield f"  {name}: {value}"
    for one in found.also:
        yield from _lines(one)
