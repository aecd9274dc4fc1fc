"""The tags of the music in a file, so that a new start need not open ten thousand others.

It may be deleted: what is missing in it, or wrong, is read again from the music.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path

from alexa_local.errors import StorageError
from alexa_local.playback.tracks import Track
from alexa_local.store import durable_write

log = logging.getLogger(__name__)

_VERSION = 1

Known = dict[str, tuple[int, Track]]
"""Tracks by their file, each with the time of its last change in ns, when the tags were read."""


def load_index(file: Path) -> Known:
    """What was known at the end of the last look; nothing without a file, or with a damaged one."""
    try:
        kept = json.loads(file.read_bytes())
        if kept["version"] != _VERSION:
            return {}
        return {row[1]: (int(row[0]), _track(*row[1:])) for row in kept["tracks"]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        log.warning("The index of the music is damaged, and made anew (%s: %r).", file, error)
        return {}


def save_index(file: Path, known: Mapping[str, tuple[int, Track]]) -> None:
    """Keep it for the next start; a disk that refuses costs that one time, and a line in the log."""
    rows = [(changed, *astuple(track)) for changed, track in known.values()]
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable_write(file, json.dumps({"version": _VERSION, "tracks": rows}).encode())
    except (OSError, StorageError) as error:
        log.warning("The index of the music is not kept: %s", error)


def _track(
    file: str, title: str, artists: list[str], album: str, album_artist: str, *numbers: float
) -> Track:
    """A row; TypeError or ValueError when it is none."""
    disc, number, seconds = numbers
    texts = (file, title, album, album_artist, *artists)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a row of it is none")
    return Track(file, title, tuple(artists), album, album_artist, int(disc), int(number), float(seconds))
