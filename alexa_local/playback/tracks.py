"""One piece of music: what its tags say, or its place among the folders where they say nothing."""

from __future__ import annotations

import logging
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen

from alexa_local.context import PRIVATE

log = logging.getLogger(__name__)

SUFFIXES = frozenset({".flac", ".mp3", ".ogg", ".oga", ".opus", ".wav"})

_LONGEST = 200
"""Characters of a tag that are looked at: somebody's life story may be in one."""


@dataclass(frozen=True, slots=True)
class Track:
    """One piece of music.

    Attributes:
        file: the file's whole path.
        title: from its tags, or the file's name.
        artists: from its tags, or the folder above the album's.
        album: from its tags, or the file's folder.
        album_artist: whose album it is, where the tags say so: one for all pieces, as on a sampler.
        disc: which of the album's discs it is on, 0 when unknown.
        number: place on that, 0 when unknown.
        seconds: how long it is, 0.0 when unknown.
    """

    file: str
    title: str
    artists: tuple[str, ...] = ()
    album: str = ""
    album_artist: str = ""
    disc: int = 0
    number: int = 0
    seconds: float = 0.0

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.file)

    @property
    def folder(self) -> str:
        """The name of the folder that the file is in."""
        return _shown(self.path.parent.name)

    @property
    def artist(self) -> str:
        """All artists, as one says it; "" when there is none."""
        *before, last = self.artists or ("",)
        return f"{', '.join(before)} and {last}" if before else last

    @property
    def place(self) -> tuple[str, int, int, str]:
        """What to sort by: the folder, and the place in the album."""
        folder, _, name = self.file.rpartition("/")
        return folder, self.disc, self.number, name


def read_track(file: str, top: str) -> Track:
    """A track by its tags, and by its place below the folder `top` where it has none."""
    path = Path(file)
    tags, seconds = _tags_of(path)
    inside = tuple(_shown(part) for part in path.parent.relative_to(top).parts)
    artists = tags.get("artist") or tags.get("albumartist") or (inside[-2:-1] if len(inside) >= 2 else ())
    named = re.match(r"\d+(?=[ ._-])", path.name)
    return Track(
        file=file,
        title=_first(tags, "title") or re.sub(r"^\d+[ ._-]+", "", _shown(path.stem)).replace("_", " "),
        artists=tuple(sys.intern(one) for one in artists),  # which thousands of tracks have in common
        album=sys.intern(_first(tags, "album") or (inside[-1] if inside else "")),
        album_artist=sys.intern(_first(tags, "albumartist")),
        disc=_number(_first(tags, "discnumber")),
        number=_number(_first(tags, "tracknumber")) or (int(named.group()) if named else 0),
        seconds=seconds,
    )


def _tags_of(path: Path) -> tuple[dict[str, tuple[str, ...]], float]:
    try:
        found = mutagen.File(path, easy=True)
        seconds = float(getattr(found.info, "length", 0.0)) if found is not None else 0.0
        tags = found.tags if found is not None and found.tags is not None else {}
        names = ("title", "artist", "album", "albumartist", "discnumber", "tracknumber")
        return {name: _values(tags[name]) for name in names if name in tags}, round(seconds, 1)
    except Exception as error:  # foreign code on a file that may be anything: then its name must do
        log.debug("No tags in %s: %r", path, error, extra=PRIVATE)
        return {}, 0.0


def _shown(name: str) -> str:
    """A file's name as text: what is no UTF-8 in it could be neither said nor sent."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _values(tag: Any) -> tuple[str, ...]:
    """What a tag holds, each once, without what is no text."""
    texts = (" ".join(str(value).split())[:_LONGEST] for value in (tag if isinstance(tag, list) else [tag]))
    return tuple(dict.fromkeys(text for text in texts if text and text.isprintable()))


def _first(tags: dict[str, tuple[str, ...]], name: str) -> str:
    return next(iter(tags.get(name, ())), "")


def _number(text: str) -> int:
    """1 of "1", "01" and "1/2"."""
    found = re.match(r"\d{1,6}", text)
    return int(found.group()) if found else 0
