"""What music there is: the tracks and playlists in some folders, and what they are called.

Tags are read once for each file and again only when it changed; an index keeps them over restarts. A thread
of its own looks after the folders, so that neither the start nor a request waits for ten thousand files.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

from alexa_local.context import PRIVATE
from alexa_local.errors import AudioFileError, ConfigError, RequestRefused
from alexa_local.playback.folders import Walker
from alexa_local.playback.index import Known, load_index, save_index
from alexa_local.playback.playlists import PLAYLIST_SUFFIXES, files_of, playlist_name, read_playlist
from alexa_local.playback.search import NOISE, Search, all_words, names_of, words_of
from alexa_local.playback.tracks import SUFFIXES, Track, read_track
from alexa_local.sound.threads import Spawn

log = logging.getLogger(__name__)

MOST_NAMES = 2000
"""So many names are told to whoever listens for them; more would take a small board seconds to learn."""

LOOK_AGAIN_S = 60.0
"""A request has the folders looked through again when the last look is older than this."""

_FIRST_SHOWN = 250
_MOST_TOLD = 10
_SOON_S, _PATIENCE_S = 5.0, 3.0
_PLAYLIST_LIKENESS = 0.1
"""A playlist is meant although a track's name fits better by this: its owner chose the name."""


@dataclass(frozen=True)
class Shelf:
    """What was found by one look.

    Attributes:
        known: the tracks by their file, with the time of each one's last change in ns.
        playlists: the files of the playlists.
        is_whole: whether the look came to its end.
    """

    known: Known
    playlists: tuple[Path, ...] = ()
    is_whole: bool = True

    @cached_property
    def tracks(self) -> list[Track]:
        """In the order of folders, discs and numbers."""
        return sorted((track for _, track in self.known.values()), key=lambda track: track.place)

    @cached_property
    def search(self) -> Search[Track]:
        """Finds tracks."""
        return Search([(track, tuple(names_of(track))) for track in self.tracks])

    @cached_property
    def playlist_search(self) -> Search[Path]:
        """Finds playlists."""
        return Search([(path, (playlist_name(path),)) for path in self.playlists])

    @cached_property
    def composed(self) -> dict[str, str]:
        """Files by their composed names: a Mac writes é as two characters."""
        return {unicodedata.normalize("NFC", file): file for file in self.known}


class MusicLibrary:
    """The music in some folders and the folders below them.

    Attributes:
        folders: where it is.
        on_change: called, in the thread that read the folders, when something else was found than before.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        index: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Know nothing yet; `index` is the file that keeps the tags, None for no such file."""
        self.folders = [Path(folder).expanduser().absolute() for folder in folders]
        self.on_change: Callable[[], None] = lambda: None
        self._index, self._clock = index, clock
        self._shelf = Shelf({}, is_whole=False)
        self._told_shelf = Shelf({})
        self._walker = Walker()
        self._told: set[str] = set()
        self._looking = threading.Lock()
        self._looked_s = -LOOK_AGAIN_S
        self._is_watched = False
        self._loaded, self._looked = threading.Event(), threading.Event()
        self._wanted, self._closed = threading.Event(), threading.Event()

    # ---- the thread "library"

    def start(self, spawn: Spawn) -> None:
        """Have a thread look through the folders now and when it seems worth it; `close` ends it."""
        self._is_watched = True
        spawn("library", self._run)

    def close(self) -> None:
        """Let the thread end."""
        self._closed.set()
        for event in (self._wanted, self._loaded, self._looked):
            event.set()

    def wait_known(self, files: Sequence[str]) -> bool:
        """Wait until these files are known, or a first look says that they are gone; False at the end."""
        self._loaded.wait()
        if not all(file in self._shelf.known for file in files):
            self._looked.wait()
        return not self._closed.is_set()

    def _run(self) -> None:
        if self._index:
            self._shelf = Shelf(load_index(self._index), is_whole=False)
        self._loaded.set()
        self._wanted.set()
        while not self._closed.is_set():
            self._wanted.wait()
            self._wanted.clear()
            if not self._closed.is_set():
                self._look_calmly()

    def _look_calmly(self) -> None:
        """Look without taking a core from those that listen: as long a rest after each file as it took."""
        try:
            self.look(rest=lambda took_s: self._closed.wait(took_s))
        except ConfigError as error:
            log.info("No music: %s", error)

    # ---- looking

    def look(self, rest: Callable[[float], object] = lambda took_s: None) -> Shelf:
        """Look through the folders; only what is new or changed is opened. Gives what is there.

        Args:
            rest: called after each file that was opened, with the seconds that it took.

        Raises:
            ConfigError: no folder is configured, or none of them exists.
        """
        there = self._there()
        with self._looking:
            before = self._shelf
            found = self._found(there, before, rest)
            self._shelf, self._looked_s = found, self._clock()
            is_new = found.known != before.known
            is_changed = (found.known, found.playlists) != (
                self._told_shelf.known,
                self._told_shelf.playlists,
            )
            self._told_shelf = found
        if is_new and self._index and not self._closed.is_set():
            save_index(self._index, found.known)
        if is_changed:
            self.on_change()
        self._looked.set()
        return found

    def _there(self) -> list[Path]:
        """The folders that exist; ConfigError when none does."""
        if there := [folder for folder in self.folders if folder.is_dir()]:
            return there
        named = ", ".join(f"'{folder}'" for folder in self.folders) or "none is configured"
        raise ConfigError(f"There is no music folder ({named}). Create it, or set it under `music:`.")

    def _found(self, there: Sequence[Path], before: Shelf, rest: Callable[[float], object]) -> Shelf:
        known: Known = {}
        playlists: list[Path] = []
        opened, shown = 0, _FIRST_SHOWN
        for top in map(str, there):
            for found in self._walker.files(top, SUFFIXES | PLAYLIST_SUFFIXES):
                if self._closed.is_set():
                    return before
                file = found.path
                if found.suffix in PLAYLIST_SUFFIXES:
                    playlists.append(Path(file))
                    continue
                kept = before.known.get(file)
                if kept and kept[0] == found.changed_ns:
                    known[file] = kept
                    continue
                start_s = time.thread_time()
                known[file] = found.changed_ns, read_track(file, top)
                rest(time.thread_time() - start_s)
                opened += 1
                if opened == shown and not before.is_whole:  # a first look may take minutes
                    shown *= 2
                    self._shelf = Shelf({**before.known, **known}, tuple(playlists), is_whole=False)
        return Shelf(known, tuple(playlists))

    # ---- what there is

    def tracks(self) -> list[Track]:
        """Everything there is, in the order of folders, discs and numbers.

        Raises:
            ConfigError: no folder is configured, or none of them exists.
        """
        return self._current().tracks

    def track(self, file: str) -> Track | None:
        """The track of a file, if it is one of ours."""
        found = self._shelf.known.get(file)
        return found[1] if found else None

    def names(self) -> tuple[str, ...]:
        """What the music that was found last is called: playlists, artists, albums, folders, then titles.

        At most MOST_NAMES. A folder that is called "Music" is none of them: that means all of it.
        """
        shelf = self._shelf
        groups = (
            (playlist_name(path) for path in shelf.playlists),
            (name for track in shelf.tracks for name in (*track.artists, track.album, track.folder)),
            (track.title for track in shelf.tracks),
        )
        names = dict.fromkeys(chain.from_iterable(groups))
        return tuple(islice((name for name in names if not NOISE.issuperset(all_words(name))), MOST_NAMES))

    def report(self) -> dict[str, object]:
        """What there is, in numbers, and the names of the playlists; ready for JSON."""
        shelf = self._shelf
        tracks = shelf.tracks
        return {
            "folders": [str(folder) for folder in self.folders],
            "tracks": len(tracks),
            "artists": len({artist for track in tracks for artist in track.artists}),
            "albums": len({(track.album, track.album_artist) for track in tracks if track.album}),
            "playlists": sorted({playlist_name(path) for path in shelf.playlists}),
            "is_reading": self._is_watched and not shelf.is_whole,
        }

    def find(self, query: str | None) -> list[Track]:
        """What a request means: everything for None or "", a playlist, or the tracks whose names fit best.

        Raises:
            ConfigError: no folder is configured, or none of them exists.
            RequestRefused: there is a reason why nothing is found, which is worth telling.
        """
        shelf = self._current()
        found = self._found_in(shelf, query or "")
        if not found and self._is_watched and self._clock() - self._looked_s > _SOON_S:
            self._looked.clear()  # it may have been copied to a folder a moment ago
            self._wanted.set()
            if not self._looked.wait(_PATIENCE_S):
                raise RequestRefused("I am still looking through your music. Ask me again in a minute.")
            found = self._found_in(self._shelf, query or "")
        return found

    def _current(self) -> Shelf:
        """What is known; where nobody else looks after the folders, they are looked at now."""
        if not self._is_watched:
            return self.look()
        self._there()
        if self._clock() - self._looked_s > LOOK_AGAIN_S:
            self._wanted.set()
        return self._shelf

    def _found_in(self, shelf: Shelf, query: str) -> list[Track]:
        if not words_of(query):
            return shelf.tracks
        playlists, listed = shelf.playlist_search.find(query)
        tracks, likeness = shelf.search.find(query)
        if playlists and listed >= likeness - _PLAYLIST_LIKENESS:
            found = self._listed(shelf, playlists[0])
            if not found and not tracks:
                name = playlist_name(playlists[0])
                raise RequestRefused(f"Nothing of the playlist {name} is in your music folders.")
            return found or tracks
        return tracks

    # ---- playlists

    def _listed(self, shelf: Shelf, playlist: Path) -> list[Track]:
        """The tracks of a playlist in its own order; what it names in vain is told once."""
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
        """The file that the library knows by this name, or by the same name written otherwise."""
        if file in shelf.known:
            return file
        for (
            folder
        ) in self.folders:  # a playlist may name a folder's place where the settings name a link to it
            place = os.path.realpath(folder)
            if file.startswith(f"{place}/") and (other := f"{folder}{file[len(place) :]}") in shelf.known:
                return other
        return shelf.composed.get(unicodedata.normalize("NFC", file))

    def _is_inside(self, file: str) -> bool:
        places = chain(map(str, self.folders), map(os.path.realpath, self.folders))
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
