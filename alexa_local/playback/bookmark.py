"""Keeps the queue and the place in it over restarts, and writes as rarely as a memory card likes.

Nothing begins to play by itself after a start: at night that would startle people. It holds where it was, and
"resume", "next" and "what's playing" go on from there.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Sequence
from typing import Any

from alexa_local.errors import StorageError
from alexa_local.playback.library import MusicLibrary
from alexa_local.playback.music import MusicPlayer
from alexa_local.playback.tracks import Track
from alexa_local.store import Store

log = logging.getLogger(__name__)

QUEUE_SETTING, PLACE_SETTING = "music_queue", "music_place"
"""The store's settings: the files of the queue, and where in it the music is."""

AFTER_CHANGE_S = 2.0
"""So long after somebody changed something it is written, together with what they change meanwhile."""

PROGRESS_S = 30.0
"""So often the place is written while music plays: after a power cut, this much is heard again at most."""


class Bookmark:
    """Remembers where the music is; its thread is "bookmark"."""

    def __init__(self, music: MusicPlayer, library: MusicLibrary, store: Store) -> None:
        self._music, self._library, self._store = music, library, store
        self._happened, self._closed = threading.Event(), threading.Event()
        self._kept: tuple[int, float] | None = None
        self._kept_queue: Sequence[Track] = ()
        self._fault = ""

    def note(self, name: str, data: object = None) -> None:
        """Something happened, of which the music is worth a note; from any thread."""
        if name == "music":
            self._happened.set()

    def run(self) -> None:
        """Go back to the kept place, and then keep each new one until closed."""
        self.restore()
        while not self._closed.is_set():
            place = self._music.place
            is_moving = place is not None and not place.is_paused
            if self._happened.wait(PROGRESS_S if is_moving else None):
                self._closed.wait(AFTER_CHANGE_S)
                self._happened.clear()
            self.keep()

    def close(self) -> None:
        """Let the thread keep the last place and end."""
        self._closed.set()
        self._happened.set()

    def keep(self) -> None:
        """Write what has changed; a disk that refuses is told once."""
        place = self._music.place
        new = (place.index, round(place.seconds, 1)) if place else None
        is_same_queue = place is not None and place.queue is self._kept_queue
        if new == self._kept and (is_same_queue or place is None):
            return
        try:
            with self._store.transaction():
                if not is_same_queue:
                    files = [track.file for track in place.queue] if place else []
                    self._store.remember(QUEUE_SETTING, json.dumps(files))
                self._store.remember(PLACE_SETTING, json.dumps(new))
        except StorageError as error:
            if str(error) != self._fault:
                log.error("The place in the music is not kept: %s", error)
            self._fault = str(error)
            return
        self._kept, self._kept_queue, self._fault = new, place.queue if place else (), ""

    def restore(self) -> None:
        """Hold where the last run was, with what is still there of its queue."""
        try:
            files = json.loads(self._store.setting(QUEUE_SETTING, "[]"))
            index, seconds = json.loads(self._store.setting(PLACE_SETTING, "null")) or (0, 0.0)
            if files and self._library.wait_known(files):
                self._hold_at(files, int(index), float(seconds))
        except (StorageError, ValueError, TypeError, AttributeError) as error:
            log.warning("The place in the music is forgotten: %s", error)

    def _hold_at(self, files: Sequence[Any], index: int, seconds: float) -> None:
        found = [self._library.track(file) for file in files]
        tracks = [track for track in found if track]
        is_there = 0 <= index < len(found) and found[index] is not None
        place = sum(track is not None for track in found[: max(0, index)])
        if tracks:
            self._music.restore(tracks, min(place, len(tracks) - 1), seconds if is_there else 0.0)
        place_now = self._music.place
        if place_now is not None and is_there and len(tracks) == len(files):
            self._kept, self._kept_queue = (place_now.index, round(place_now.seconds, 1)), place_now.queue
