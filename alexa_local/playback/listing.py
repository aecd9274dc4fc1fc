"""Which of the music found is meant by what a playlist names; and a word about the rest."""

from __future__ import annotations

import logging
import os
import unicodedata
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from alexa_local.context import PRIVATE
from alexa_local.errors import AudioFileError
from alexa_local.playback.playlists import files_of, read_playlist
from alexa_local.playback.shelf import Shelf
from alexa_local.playback.tracks import Track

log = logging.getLogger(__name__)

_MOST_TOLD = 10


class Listing:
    """Resolves playlists; what one names in vain is told once, and not every time that it is played."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Music is in these folders alone."""
        self._folders = folders
        self._told: set[str] = set()

    def tracks(self, shelf: Shelf, playlist: Path) -> list[Track]:
        """The tracks of a playlist in its own order."""
        try:
            entries = read_playlist(playlist)
        except AudioFileError as error:
            self._tell(str(error))
            return []
        found: list[Track] = []
        streams: list[str] = []
        outside: list[str] = []
        missing: list[str] = []
        for entry in entries:
            files = files_of(entry, playlist)
            file = next(filter(None, (self._known_as(shelf, one) for one in files)), None)
            if file:
                found.append(shelf.known[file][1])
            elif not files:
                streams.append(entry)
            else:
                (missing if any(map(self._is_inside, files)) else outside).append(entry)
        self._explain(playlist, streams, "streams are not fetched: music comes from this device alone")
        self._explain(playlist, outside, "files outside of music.folders are not played: move them there")
        self._explain(playlist, missing, "no such music: check the names")
        return found

    def _known_as(self, shelf: Shelf, file: str) -> str | None:
        """The file that is known by this name, or by the same name written otherwise."""
        if file in shelf.known:
            return file
        for folder in self._folders:  # a playlist may name the place that a link of ours leads to
            place = os.path.realpath(folder)
            if file.startswith(f"{place}/") and (other := f"{folder}{file[len(place) :]}") in shelf.known:
                return other
        return shelf.composed.get(unicodedata.normalize("NFC", file))

    def _is_inside(self, file: str) -> bool:
        places = chain(map(str, self._folders), map(os.path.realpath, self._folders))
        return any(file.startswith(f"{place}/") for place in places)

    def _explain(self, playlist: Path, entries: Sequence[str], why: str) -> None:
        if entries:
            named = ", ".join(map(repr, entries[:_MOST_TOLD]))
            more = f" and {len(entries) - _MOST_TOLD} more" if len(entries) > _MOST_TOLD else ""
            self._tell(f"In the playlist {str(playlist)!r}: {named}{more}: {why}.")

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            log.warning("%s", line, extra=PRIVATE)
