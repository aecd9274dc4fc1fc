"""The commands that ask a running daemon something; they load nothing that they do not need."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from alexa_local.errors import DaemonUnreachable, UsageError

OF_TOP = ("part_shares_pct", "thread_shares_pct", "scheduler", "board", "microphone_blocks")
"""What `alexa-local top` tells of the status."""

_STOP_LIMIT_S = 20.0


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add status, say, stop, mode, mute, contacts and events."""

    def add(name: str, run: Callable[[argparse.Namespace], int], help_: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(
            name, help=help_, description=help_, parents=[common]
        )
        parser.set_defaults(run=run)
        return parser

    status = add("status", _status, "Say how the daemon is.")
    status.add_argument("--json", action="store_true", help="one JSON object")
    say = add(
        "say", _say, "Have the daemon understand and do TEXT as if it had heard it, and print the answer."
    )
    say.add_argument("text", nargs="+", metavar="TEXT")
    say.add_argument("--json", action="store_true", help="what was understood and done, as one JSON object")
    add("stop", _stop, "End the daemon. (To end an alarm or the music: alexa-local say stop)")
    mode = add("mode", _mode, "Switch a mode. In local-only nothing is sent over the network.")
    mode.add_argument("mode", choices=["local-only"])
    mode.add_argument("switch", choices=["on", "off"])
    mute = add("mute", _mute, "Stop or start listening; typed requests are done all the same.")
    mute.add_argument("switch", choices=["on", "off"])
    contacts = add("contacts", _contacts, "Import an address book (vCard or CSV), with or without a daemon.")
    contacts.add_argument("action", choices=["import"])
    contacts.add_argument("file", metavar="FILE", type=Path)
    contacts.add_argument(
        "--book",
        metavar="NAME",
        default="",
        help="whose address book it is, such as Ann, where several people have one (without: everybody's)",
    )
    add("events", _events, "Print what happens, as JSON lines, until interrupted.")


def _socket(arguments: argparse.Namespace) -> Path:
    from alexa_local.cli.settings import settings_of
    from alexa_local.daemon.paths import client_socket_path

    return client_socket_path(settings_of(arguments).daemon)


def ask_daemon(arguments: argparse.Namespace, command: str, **fields: Any) -> dict[str, Any]:
    """What the running daemon answers to a command."""
    from alexa_local.daemon.client import ask

    answer = ask(_socket(arguments), command, **fields)
    answer.pop("ok")
    return answer


def _status(arguments: argparse.Namespace) -> int:
    status = ask_daemon(arguments, "status")
    if arguments.json:
        print(json.dumps(status))
        return 0
    dead = [name for name, alive in status.pop("threads").items() if not alive]
    for name in ("queues", *OF_TOP):
        status.pop(name, None)
    dropped = [f"{name} {count}" for name, count in status["dropped"].items() if count]
    status["uptime"] = duration(status.pop("uptime_s"))
    status["dropped"] = ", ".join(dropped) or "nothing"
    status["realtime"] = realtime(status)
    if dead:
        status["dead threads"] = ", ".join(dead)
    width = max(map(len, status))
    for name, value in status.items():
        print(f"{name.replace('_', ' '):{width}}  {_word(value)}")
    return 0


def realtime(status: Mapping[str, Any]) -> str:
    """What priority sound's threads have: "microphone rr 5, loudspeaker rr 5"."""
    return ", ".join(f"{name} {has}" for name, has in status.get("realtime", {}).items()) or "nobody"


def _say(arguments: argparse.Namespace) -> int:
    answer = ask_daemon(arguments, "say", text=" ".join(arguments.text))
    if arguments.json:
        print(json.dumps(answer))
    else:
        print(answer["reply"] or ("Done." if answer["done"] else "That was not done."))
    return 0 if answer["done"] or answer.get("asks") else 1  # a question is no failure


def _stop(arguments: argparse.Namespace) -> int:
    """Ask for the end, and wait until it is there, so that the next daemon can start at once."""
    path = _socket(arguments)
    process = ask_daemon(arguments, "status")["process"]
    ask_daemon(arguments, "stop")
    deadline_s = time.monotonic() + _STOP_LIMIT_S
    while path.exists():
        if time.monotonic() > deadline_s:
            raise DaemonUnreachable(
                f"The daemon (process {process}) does not end. Look at its log, and kill it."
            )
        time.sleep(0.02)
    return 0


def _mode(arguments: argparse.Namespace) -> int:
    answer = ask_daemon(arguments, "mode", on=arguments.switch == "on")
    print(f"local-only is {_word(answer['local_only'])}")
    if deleted := answer.get("deleted"):
        print(f"{deleted} request{'' if deleted == 1 else 's'} that waited to be sent: deleted")
    return 0


def _mute(arguments: argparse.Namespace) -> int:
    muted = ask_daemon(arguments, "mute", on=arguments.switch == "on")["muted"]
    print("not listening" if muted else "listening")
    return 0


def _contacts(arguments: argparse.Namespace) -> int:
    """Through the daemon, which then knows the names at once; without one, into its database."""
    import base64

    from alexa_local.cli.pictures import without_pictures

    try:
        data = without_pictures(arguments.file.read_bytes())
    except OSError as error:
        raise UsageError(f"{arguments.file} cannot be read ({error.strerror}). Check its name.") from error
    try:
        encoded = base64.b64encode(data).decode()
        report = ask_daemon(arguments, "contacts", data=encoded, book=arguments.book)
    except DaemonUnreachable:
        from alexa_local.cli.offline import import_contacts
        from alexa_local.cli.settings import settings_of

        report = import_contacts(settings_of(arguments), data, arguments.book)
    for problem in report["problems"]:
        print(f"{arguments.file}: {problem}", file=sys.stderr)
    print(f"{report['added']} contacts added, {report['updated']} updated")
    return 0 if report["added"] or report["updated"] else UsageError.exit_code


def _events(arguments: argparse.Namespace) -> int:
    from alexa_local.daemon.client import listen

    for event in listen(_socket(arguments)):
        print(json.dumps(event, ensure_ascii=False), flush=True)
    return 0


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def duration(seconds: float) -> str:
    """Seconds as people say them, such as "2 h 5 min"."""
    minutes, hours, days = int(seconds) // 60 % 60, int(seconds) // 3600 % 24, int(seconds) // 86400
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(part for part in parts if part) or f"{int(seconds)} s"
