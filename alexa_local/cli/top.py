"""The command `top`: a live view of who works on the board, who is late, and how the board is."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from typing import Any

from alexa_local.cli.control import ask_daemon, duration, realtime

_CLEAR, _HOME_AND_CLEAR = "\x1b[2J\x1b[H", "\x1b[H\x1b[J"
_BAR = 20
GIVEN_UP = {
    "background": "background work is paused",
    "encoder": "the recogniser's small branch is taken more readily",
    "voices": "whisper and speaker wait for the end of a request",
    "beam": "the recogniser keeps fewer readings",
    "partials": "no words are told before the end",
}
"""What the scheduler's rungs mean to who watches."""


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add top."""
    help_ = "Watch the daemon's work: shares of the core, lateness, queues, memory, temperature."
    parser = commands.add_parser("top", help=help_, description=help_, parents=[common])
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="how often (1)")
    parser.add_argument("--once", action="store_true", help="print it once; also where there is no terminal")
    parser.set_defaults(run=_top)


def _top(arguments: argparse.Namespace) -> int:
    if arguments.once or not sys.stdout.isatty():
        print("\n".join(lines(ask_daemon(arguments, "status"))))
        return 0
    sys.stdout.write(_CLEAR)
    while True:
        told = lines(ask_daemon(arguments, "status"))
        sys.stdout.write(_HOME_AND_CLEAR + "\n".join(told) + "\n")
        sys.stdout.flush()
        time.sleep(max(0.1, arguments.every))


def lines(status: Mapping[str, Any]) -> list[str]:
    """The view of a status, as `alexa-local status --json` has it."""
    return [
        f"{status['state']}, up {duration(status['uptime_s'])}; {_board(status.get('board', {}))}",
        *_table("thread", status.get("thread_shares_pct", {})),
        *_table("part", status.get("part_shares_pct", {})),
        *_work(status.get("scheduler", {})),
        *_branches(status),
        *_queues(status),
    ]


def _board(board: Mapping[str, Any]) -> str:
    told = [f"{board.get('resident_mb', 0)} MB"]
    if "temperature_c" in board:
        told.append(f"{board['temperature_c']} °C")
    if "clock_mhz" in board:
        told.append(f"{board['clock_mhz']} of {board['clock_most_mhz']} MHz")
    return ", ".join(told)


def _table(name: str, shares: Mapping[str, float]) -> list[str]:
    """Shares of a core, the largest first, with bars."""
    used = sorted(((share, one) for one, share in shares.items() if share >= 0.05), reverse=True)
    if not used:
        return []
    bars = (f"  {one:<14} {share:6.1f}  {'█' * round(_BAR * min(share, 100) / 100)}" for share, one in used)
    return ["", f"  {name:<14}  % of a core", *(bar.rstrip() for bar in bars)]


def _work(scheduler: Mapping[str, Any]) -> list[str]:
    work = scheduler.get("work", {})
    if not work:
        return []
    rows = [
        f"  {name:<14} {one['turns']:8} {one['late']:6} {one['worst_late_ms']:14.1f}"
        for name, one in work.items()
    ]
    waiting = ", ".join(f"{kind} {count}" for kind, count in scheduler["waiting"].items() if count)
    given_up = [f"  given up: {GIVEN_UP.get(rung, rung)}" for rung in scheduler["given_up"]]
    return [
        *("", "  turns of           count   late  most late (ms)", *rows),
        *([f"  waiting: {waiting}"] if waiting else []),
        *given_up,
    ]


def _branches(status: Mapping[str, Any]) -> list[str]:
    """How hard the recogniser's steps were, where it may choose."""
    share = status.get("large_branch_pct")
    return [] if share is None else [f"  the recogniser's large branch: {share} % of its steps"]


def _queues(status: Mapping[str, Any]) -> list[str]:
    waiting = [
        f"{name} {one['waiting']}/{one['size']}" for name, one in status["queues"].items() if one["waiting"]
    ]
    lost = [f"{name} {count}" for name, count in status["dropped"].items() if count]
    return [
        *("", f"  real-time priority: {realtime(status)}", f"  queues: {', '.join(waiting) or 'empty'}"),
        f"  dropped: {', '.join(lost) or 'nothing'}",
    ]
