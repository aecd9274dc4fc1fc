"""The music of this process: who plays it, what is told of it, and how it is remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from alexa_local.config import Config
from alexa_local.daemon.parts import Host
from alexa_local.daemon.paths import MUSIC_INDEX, cache_dir
from alexa_local.playback import Mixer, MusicLibrary, MusicPlayer, Playback
from alexa_local.playback.bookmark import Bookmark
from alexa_local.store import Store

_NEXT_TOLD = 10


class HomeMusic:
    """The library and its player, as threads of the daemon.

    Attributes:
        player: plays.
        library: knows what there is; `start` has it look.
    """

    def __init__(self, config: Config, host: Host, mixer: Mixer, playback: Playback, store: Store) -> None:
        """Start the thread that plays; the folders are not yet looked at."""
        self._config, self._host, self._playback = config, host, playback
        self.library = MusicLibrary(config.music.folders, cache_dir(config.daemon) / MUSIC_INDEX)
        closers: list[Callable[[], None]] = []
        self.player = MusicPlayer(
            *(self.library, mixer),
            lambda name, target: host.spawn(name, target, lambda: closers[0]()),
            self._on_event,
        )
        closers.append(self.player.close)
        self._bookmark = Bookmark(self.player, self.library, store)

    @property
    def is_playing(self) -> bool:
        """Whether music is heard."""
        return self.player.now_playing is not None and not self.player.is_paused

    def start(self) -> None:
        """Look through the folders, and hold where the last run was."""
        self.library.start(lambda name, target: self._host.spawn(name, target, self.library.close))
        self._host.spawn("bookmark", self._bookmark.run, self._bookmark.close)

    def report(self) -> Mapping[str, Any]:
        """What plays, what comes next, and what there is; ready for JSON."""
        return {**_place(self.player), "library": self.library.report()}

    def _on_event(self, name: str, data: Mapping[str, Any]) -> None:
        self._host.bus.publish(name, data)
        self._bookmark.note(name)
        if self._config.voice.replies and data.get("reason"):
            self._playback.say(data["reason"])


def _place(player: MusicPlayer) -> dict[str, Any]:
    place = player.place
    if place is None:
        return {"state": "stopped"}
    track = place.track
    coming = place.queue[place.index + 1 : place.index + 1 + _NEXT_TOLD]
    return {
        "state": "paused" if place.is_paused else "playing",
        "title": track.title,
        "artist": track.artist,
        "album": track.album,
        "seconds": round(place.seconds, 1),
        "length_s": track.seconds,
        "number": place.index + 1,
        "of": len(place.queue),
        "next": [{"title": one.title, "artist": one.artist} for one in coming],
    }
