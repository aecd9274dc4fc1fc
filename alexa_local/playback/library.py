"""What music there is: the tracks and playlists in some folders, and what they are called.

Tags are read once for each file and again only when it changed; an index keeps them over restarts. A thread
of its own looks after the folders, so that neither the start nor a request waits for ten thousand files.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from alexa_local.errors import ConfigError, RequestRefused
from alexa_local.playback.folders import Walker
from alexa_local.playback.index import Known, load_index, save_index
from alexa_local.playback.listing import Listing
from alexa_local.playback.playlists import PLAYLIST_SUFFIXES, playlist_name
from alexa_local.playback.shelf import Shelf
from alexa_local.playback.tracks import SUFFIXES, Track, read_track
from alexa_local.sound.threads import Spawn

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 60.0
"""A request has the folders looked through again when the last look is older than this."""

_FIRST_SHOWN = 250
_SOON_S, _PATIENCE_S = 5.0, 3.0


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
        self._listing = Listing(self.folders)
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
        if self._is_watched:
            found.prepare()
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
        """What the music that was found last is called; see `Shelf.names`."""
        return self._shelf.names()

    def report(self) -> dict[str, object]:
        """What there is, in numbers, and the names of the playlists; ready for JSON."""
        shelf = self._shelf
        is_reading = self._is_watched and not shelf.is_whole
        return {"from": list(map(str, self.folders)), **shelf.counts(), "is_reading": is_reading}

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
        playlist, tracks = shelf.meant(query)
        found = self._listing.tracks(shelf, playlist) if playlist else []
        if playlist and not found and not tracks:
            name = playlist_name(playlist)
            raise RequestRefused(f"Nothing of the playlist {name} is in your music folders.")
        return found or tracks
