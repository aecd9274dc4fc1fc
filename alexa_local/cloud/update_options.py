"""The words of `publish`, `unpublish` and `keys`; what they do is imported only when they are meant."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_publish(parser: argparse.ArgumentParser) -> None:
    """The options of `publish`, beside those for the broker."""
    add = parser.add_argument
    add("folder", metavar="FOLDER", type=Path, help="the model, with a manifest.json")
    add("--key", metavar="FILE", type=Path, action="append", required=True, help="signs it (PEM)")
    add("--version", metavar="N", default="next", help="above all before it (next: one above the last)")
    add(
        "--from",
        metavar="FOLDER",
        type=Path,
        action="append",
        default=[],
        dest="older",
        help="an older generation that devices have, for a short update; may be given again",
    )
    add("--name", metavar="NAME", help="of the model, where it is not the folder's")
    trust = "devices trust this key from now on (PEM); may be given again"
    add("--add-key", metavar="FILE", type=Path, action="append", default=[], help=trust)
    forget = "devices never trust this key again; may be given again"
    add("--revoke-key", metavar="ID", action="append", default=[], help=forget)
    add("--out", metavar="DIR", type=Path, help="write the files there, and publish nothing")
    parser.set_defaults(run=_publish)


def add_unpublish(parser: argparse.ArgumentParser) -> None:
    """The options of `unpublish`, beside those for the broker."""
    parser.add_argument("name", metavar="NAME", help="the model")
    parser.set_defaults(run=_unpublish)


def add_keys(parser: argparse.ArgumentParser, parser_class: type[argparse.ArgumentParser]) -> None:
    """The commands below `keys`."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=parser_class)
    new = commands.add_parser("new", help="make a key")
    new.add_argument("file", metavar="FILE", type=Path, help="the private key; FILE.pub is the public one")
    new.set_defaults(run=_new_key)
    show = commands.add_parser("show", help="say a key's id")
    show.add_argument("file", metavar="FILE", type=Path, help="a private or a public key")
    show.set_defaults(run=_show_key)


def _publish(arguments: argparse.Namespace) -> int:
    from alexa_local.cloud.updates import run_publish

    return run_publish(arguments)


def _unpublish(arguments: argparse.Namespace) -> int:
    from alexa_local.cloud.updates import run_unpublish

    return run_unpublish(arguments)


def _new_key(arguments: argparse.Namespace) -> int:
    from alexa_local.cloud.updates import run_new_key

    return run_new_key(arguments)


def _show_key(arguments: argparse.Namespace) -> int:
    from alexa_local.cloud.updates import run_show_key

    return run_show_key(arguments)
