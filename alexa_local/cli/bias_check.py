"""`alexa-local bias check`: whether a name can be recognised, and what to do where it cannot."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alexa_local.cli.household import names_of
from alexa_local.config import Config
from alexa_local.daemon.paths import open_used

if TYPE_CHECKING:
    from alexa_local.recognise.name_check import NameCheck
    from alexa_local.understand import Catalogue
    from alexa_local.understand.confuse import Alike

_SHORT_SOUNDS = 2.5
"""A name of fewer sounds is easily missed."""

_ALMOST_THE_SAME = 0.2
"""Differing sounds for each sound, below which two names are taken for each other sooner or later."""


@dataclass(frozen=True)
class _Name:
    """What was found out about a name.

    Attributes:
        written: as it was given.
        spoken: its words; "" when it has none.
        speakable: whether all of its letters are Latin ones.
        model: what the recogniser makes of it.
        kinds: what in the household is called so, such as "contact".
        alike: what it may be confused with.
        people: the contact that the name means, or all between whom it does not tell.
    """

    written: str
    spoken: str
    speakable: bool
    model: NameCheck
    kinds: tuple[str, ...]
    alike: tuple[Alike, ...]
    people: tuple[str, ...]


def add_check(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add check to the subcommands of bias."""
    text = "Say whether a name can be recognised, how it is split, and what it may be confused with."
    parser = commands.add_parser("check", help=text, description=text, parents=[common])
    parser.add_argument("name", nargs="+", metavar="NAME", help="a name as the address book writes it")
    parser.add_argument(
        "--contacts",
        metavar="FILE",
        type=Path,
        help="an address book to compare with, instead of the imported contacts",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=_check)


def _check(arguments: argparse.Namespace) -> int:
    from alexa_local.cli.settings import settings_of

    config = settings_of(arguments)
    found = _look_at(" ".join(arguments.name), config, names_of(config, arguments.contacts))
    advice = list(_advice(found))
    if arguments.json:
        print(json.dumps({**asdict(found), "ok": not advice, "advice": advice}, ensure_ascii=False))
    else:
        print(*_lines(found), sep="\n")
        print(*(advice or ["Nothing needs to be done."]), sep="\n")
    return 0


def _look_at(written: str, config: Config, catalogue: Catalogue) -> _Name:
    from alexa_local.recognise.name_check import check_name
    from alexa_local.understand import KnownPhrases, is_speakable, spoken_words
    from alexa_local.understand.catalogue import people_called
    from alexa_local.understand.confuse import sounding_alike

    spoken = spoken_words(written)
    classes = KnownPhrases().of(catalogue)
    people = people_called(spoken, catalogue.contacts)
    meant = dict(catalogue.entries_of("contact"))
    if meant.get(spoken) in people:
        people = (meant[spoken],)
    same = {said for said, value in meant.items() if value in people}
    others = [phrase for each in classes for phrase in each.phrases if phrase not in same]
    return _Name(
        written,
        spoken,
        is_speakable(written),
        check_name(open_used(config.recogniser.model, config.daemon), spoken),
        tuple(each.kind for each in classes if spoken in each.phrases),
        tuple(sounding_alike(spoken, others)) if spoken else (),
        people,
    )


def _lines(found: _Name) -> Iterator[str]:
    yield f'{found.written}: said as "{found.spoken}"' if found.spoken else f"{found.written}: cannot be said"
    model = found.model
    if model.pieces:
        yield "split into " + " | ".join("+".join(pieces) or "(nothing fits)" for pieces in model.pieces)
    if model.fits:
        yield (
            f'the language model: {model.nats_per_piece:.1f} nats a piece after "call" '
            f"(blind guessing {model.chance:.1f}); it adds {model.search_nats:+.1f} to the search, "
            f"being in the catalogue {model.boost_nats:+.1f}"
        )
    yield f"in the catalogue as: {', '.join(found.kinds) or 'nothing'}"
    if found.alike:
        alike = ", ".join(f"{one.phrase} ({100 * (1 - one.difference):.0f} % alike)" for one in found.alike)
        yield f"may be confused with: {alike}"


def _advice(found: _Name) -> Iterator[str]:
    """What to do, a sentence for each thing that stands in the way; nothing when all is well."""
    from alexa_local.understand.sound import weight

    nickname = "Add a nickname to the address book"
    if not found.speakable:
        yield f"It has letters that are not Latin, or none. {nickname} that is written as it sounds."
        return
    if not found.model.fits:
        yield f"No word pieces spell it, or it is too long. {nickname} that is short and in plain letters."
        return
    if len(found.people) > 1:
        yield f"{', '.join(found.people)} are called that, and none of them alone. Say the full name."
    elif not found.kinds:
        yield "Nothing in the household is called that. Import it: `alexa-local contacts import FILE`."
    if weight(found.spoken) < _SHORT_SOUNDS:
        yield "It is very short. Say the full name, or add a longer nickname."
    if found.model.nats_per_piece > found.model.chance:
        yield f"It is spelled unlike what the recogniser has read. {nickname} that is written as it sounds."
    if found.alike and found.alike[0].difference < _ALMOST_THE_SAME:
        yield f'It sounds much like "{found.alike[0].phrase}". Say the full name, or another nickname.'
