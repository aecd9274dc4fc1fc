"""`alexa-local-cloud acl`: what may be said to it, and what it then prints or writes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_USUAL = "/etc/mosquitto/alexa-local.acl"


def add_acl(parser: argparse.ArgumentParser) -> None:
    """Add its options."""
    parser.set_defaults(run=run_acl)

    def option(name: str, metavar: str, about: str, default: str = "") -> None:
        parser.add_argument(f"--{name}", metavar=metavar, default=default, help=about)

    def names(name: str, metavar: str, about: str) -> None:
        parser.add_argument(f"--{name}", metavar=metavar, action="append", default=[], help=about)

    option("prefix", "TOPIC", "that of all topics (alexa-local)", "alexa-local")
    names("device", "NAME", "a device, by its user's name; without any, each user is the device of that name")
    names("worker", "USER", "a user that reads lattices again")
    names("publisher", "USER", "a user that publishes models")
    names("home-assistant", "USER", "Home Assistant's user")
    option(
        "home-assistant-prefix",
        "TOPIC",
        "the prefix of its discovery, where devices use that",
        "homeassistant",
    )
    names("topic", "TOPIC", "a topic that devices command the home with; + and # stand for any")
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        help="write the list there, and print mosquitto.conf's lines alone",
    )


def run_acl(arguments: argparse.Namespace) -> int:
    """Print both, mosquitto.conf's lines as comments; or write the one and print the other."""
    from alexa_local.cloud.acl import Parties, access_list, configuration
    from alexa_local.errors import StorageError

    text = access_list(
        Parties(
            arguments.prefix,
            tuple(arguments.device),
            tuple(arguments.worker),
            tuple(arguments.publisher),
            tuple(arguments.home_assistant),
            arguments.home_assistant_prefix if arguments.home_assistant else "",
            tuple(arguments.topic),
        )
    )
    lines = configuration(str(arguments.out.absolute() if arguments.out else _USUAL))
    if arguments.out is None:
        comments = "".join(f"#   {line}\n" for line in lines.splitlines())
        sys.stdout.write(f"# mosquitto.conf:\n{comments}{text}")
        return 0
    try:
        arguments.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{arguments.out} cannot be written ({error.strerror}). Name another file."
        ) from error
    sys.stdout.write(lines)
    return 0
