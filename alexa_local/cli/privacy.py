"""`alexa-local privacy report`: what left the device, when, how many bytes, and what each byte was."""

from __future__ import annotations

import argparse
import datetime
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alexa_local.cli.control import ask_daemon
from alexa_local.errors import DaemonUnreachable, UsageError

_UNITS_S = {"h": 3600.0, "d": 24 * 3600.0}
_KINDS = {
    "speech": "derives from what was said",
    "command": "what was asked of your devices",
    "presence": "that the device is there",
    "updates": "asking for models",
    "encryption": "added by encryption",
}


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add privacy report."""
    text = "Say what left the device, when, how many bytes, and what each byte was."
    privacy = commands.add_parser("privacy", help=text, description=text, parents=[common])
    privacy.add_argument("action", choices=["report"])
    privacy.add_argument(
        "--since",
        metavar="WHEN",
        default="30d",
        help="from when on: 24h, 7d, 2026-11-01 or 2026-11-01T18:00 (default: 30d, as long as it is kept)",
    )
    privacy.add_argument("--json", action="store_true", help="one JSON object, with every hour")
    privacy.set_defaults(run=_report)


def _report(arguments: argparse.Namespace) -> int:
    report = _ask(arguments, _moment(arguments.since))
    if arguments.json:
        print(json.dumps(report))
    else:
        print("\n".join(_lines(report)))
    return 0


def _ask(arguments: argparse.Namespace, since_s: float) -> Mapping[str, Any]:
    """What the daemon says; without one, what its database does."""
    try:
        return ask_daemon(arguments, "privacy", since_s=since_s)
    except DaemonUnreachable as error:
        if isinstance(error.__cause__, PermissionError):
            raise
    from alexa_local.cli.settings import settings_of
    from alexa_local.daemon.paths import DATABASE, state_dir
    from alexa_local.store import existing_store
    from alexa_local.store.ledger import read_report

    with existing_store(state_dir(settings_of(arguments).daemon) / DATABASE) as store:
        if store is not None:
            return read_report(store, since_s, time.time())
    nothing: dict[str, Any] = {"sent": [], "programs": [], "local_only": []}
    return {"since_s": since_s, "until_s": time.time(), "sent_bytes": 0, "received_bytes": 0, **nothing}


def _moment(text: str) -> float:
    """Seconds since the epoch for what was given as `--since`."""
    if found := re.fullmatch(r"(\d{1,5})([hd])", text):
        return time.time() - int(found[1]) * _UNITS_S[found[2]]
    try:
        return datetime.datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise UsageError(
            f"--since: {text!r} is no moment. Give something like 24h, 7d or 2026-11-01."
        ) from error


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    since, until = (_clock(report[name]) for name in ("since_s", "until_s"))
    yield f"From {since} to {until}: {report['sent_bytes']:,} bytes left this device".replace(",", " ")
    rows = _summed(report["sent"])
    width = max((len(f"{row['bytes']}") for row in rows), default=0)
    for row in rows:
        what = row["topic"] or row["what"]
        counted = f"{row['messages']} times, " if row["messages"] else ""
        yield (
            f"  {row['bytes']:{width}} bytes  {_KINDS.get(row['kind'], row['kind'])}: {what} "
            f"({counted}{row['payload_bytes']} of them contents; {_clock(row['first_s'])} to "
            f"{_clock(row['last_s'])})"
        )
    yield f"{report['received_bytes']} bytes came in" if report["received_bytes"] else "nothing came in"
    for row in _summed(report["programs"]):
        yield f"your program {row['topic']} was started {row['messages']} times; what it sends is not known"
    for period in report["local_only"]:
        ended = _clock(period["ended_s"]) if period["ended_s"] else "now"
        yield f"local-only was on from {_clock(period['began_s'])} to {ended}"


def _summed(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The hours of each kind and topic together, the most bytes first."""
    sums: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        key = row["kind"], row["what"], row["topic"]
        one = sums.setdefault(
            key, {**row, "first_s": row["hour_s"], "messages": 0, "payload_bytes": 0, "bytes": 0}
        )
        one["messages"] += row["messages"]
        one["payload_bytes"] += row["payload_bytes"]
        one["bytes"] += row["payload_bytes"] + row["other_bytes"]
        one["last_s"] = max(one["last_s"], row["last_s"])
    return sorted(sums.values(), key=lambda one: -one["bytes"])


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
