"""`alexa-local music`: what plays, what comes next, and what music there is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from alexa_local.cli.control import ask_daemon


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add music."""
    help_ = "Say what plays, what comes next, and what music there is. (To play: alexa-local say play …)"
    parser = commands.add_parser("music", help=help_, description=help_, parents=[common])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=_music)


def _music(arguments: argparse.Namespace) -> int:
    told = ask_daemon(arguments, "music")
    print(json.dumps(told) if arguments.json else "\n".join(lines(told)))
    return 0


def lines(told: Mapping[str, Any]) -> list[str]:
    """The same for people."""
    return [*_now(told), *_library(told["library"])]


def _now(told: Mapping[str, Any]) -> Iterator[str]:
    if told["state"] == "stopped":
        yield "Nothing is playing."
        return
    album = f", {told['album']}" if told["album"] else ""
    place = f"{_clock(told['seconds'])} of {_clock(told['length_s'])}" if told["length_s"] else ""
    place = place or _clock(told["seconds"])
    yield f"{told['state']}  {_piece(told)}{album} ({place}), {told['number']} of {told['of']}"
    for name, one in zip(["next", *[""] * len(told["next"])], told["next"], strict=False):
        yield f"{name:7}  {_piece(one)}"


def _library(library: Mapping[str, Any]) -> Iterator[str]:
    folders = ", ".join(library["from"]) or "no folder: name some under music.folders"
    reading = "; still reading" if library["is_reading"] else ""
    counts = f"{library['tracks']} pieces, {library['artists']} artists, {library['albums']} albums"
    yield f"music    {counts} in {folders}{reading}"
    if library["playlists"]:
        yield f"lists    {', '.join(library['playlists'])}"


def _piece(one: Mapping[str, Any]) -> str:
    return f"{one['title']} by {one['artist']}" if one["artist"] else str(one["title"])


def _clock(seconds: float) -> str:
    """Minutes and seconds, such as 4:07."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
