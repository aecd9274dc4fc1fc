"""Follows a music server: what it has and what it plays."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

from alexa_local.errors import RequestRefused
from alexa_local.playback.mixer import Mixer
from alexa_local.playback.served import Line, read_shelf, track_of
from alexa_local.playback.served_volume import Loudness
from alexa_local.playback.shelf import Shelf
from alexa_local.store import Store

LOOK_EVERY_S, STEP_S = 1.0, 0.05

_LOOKS_AT_MUSIC = 10


class ServerWatch:
    """What a server has and does; its thread is "music", and asks rather often, which costs next to nothing.

    Attributes:
        on_change: called in the thread when it has other music than before.
        is_playing: whether it played when it was asked last.
        shelf: what it has.
    """

    def __init__(
        self,
        line: Line,
        mixer: Mixer,
        on_event: Callable[[str, Mapping[str, Any]], None],
        store: Store,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        """Ask over this line; events are those of `MusicPlayer`, and the store outlives us."""
        self.on_change: Callable[[], None] = lambda: None
        self.is_playing = False
        self.shelf = Shelf({}, is_whole=False)
        self._line, self._on_event, self._look_every_s = line, on_event, look_every_s
        self._loudness = Loudness(mixer, line, store)
        self._has: object = None
        self._told: Mapping[str, Any] = {"state": "stopped"}
        self._closed = threading.Event()

    def names(self) -> tuple[str, ...]:
        """What its music is called; see `Shelf.names`."""
        return self.shelf.names()

    def report(self) -> dict[str, object]:
        """What it has, in numbers; ready for JSON."""
        shelf = self.shelf
        return {"from": [self._line.name], **shelf.counts(), "is_reading": not shelf.is_whole}

    def close(self) -> None:
        """Let the thread end."""
        self._closed.set()

    def run(self) -> None:
        """Follow the server until closed, and wait for it while it is gone."""
        looks = 0
        while not self._closed.is_set():
            try:
                self._loudness.put_back()
                if looks % _LOOKS_AT_MUSIC == 0:
                    self._line.do(self._read)
                looks += 1
                self._tell(self._line.do(_state_of))
            except RequestRefused:  # which is in the log
                looks = 0
                self._tell({"state": "stopped"})
            self._mind_loudness()
        with contextlib.suppress(RequestRefused):
            self._loudness.restore()
        self._line.close()

    def _mind_loudness(self) -> None:
        """Until the next look; step by step where music is heard."""
        left_s = self._look_every_s
        while left_s > 0 and not self._closed.is_set():
            is_busy = self.is_playing or not self._loudness.is_resting
            if is_busy:
                with contextlib.suppress(RequestRefused):
                    self._loudness.step()
            wait_s = min(left_s, STEP_S) if is_busy else left_s
            self._closed.wait(wait_s)
            left_s -= wait_s

    def _read(self, client: Any) -> None:
        """Look at its music, if that is not what it was."""
        lists = {str(one.get("playlist")): one.get("last-modified") for one in client.listplaylists()}
        has = client.stats().get("db_update"), lists
        if has == self._has:
            return
        shelf = read_shelf(client)
        shelf.prepare()
        is_changed = (shelf.known, shelf.playlists) != (self.shelf.known, self.shelf.playlists)
        self._has, self.shelf = has, shelf
        if is_changed:
            self.on_change()

    def _tell(self, told: Mapping[str, Any]) -> None:
        self.is_playing = told["state"] == "playing"
        if told != self._told:
            self._told = told
            self._on_event("music", told)


def _state_of(client: Any) -> Mapping[str, Any]:
    """What is told of it."""
    state = {"play": "playing", "pause": "paused"}.get(client.status().get("state"), "stopped")
    song = client.currentsong() if state != "stopped" else {}
    track = track_of(song) if song else None
    about = {"title": track.title, "artist": track.artist, "album": track.album} if track else {}
    return {"state": state, **about}
