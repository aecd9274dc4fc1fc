"""The music of this process: who plays it, what is told of it, and how it is remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from alexa_local.config import Config, MusicSettings
from alexa_local.daemon.parts import Host
from alexa_local.daemon.paths import MUSIC_INDEX, cache_dir
from alexa_local.playback import Mixer, MusicLibrary, MusicPlayer, Playback
from alexa_local.playback.bookmark import Bookmark
from alexa_local.playback.music import Place
from alexa_local.playback.served import Line, ServedPlayer, Server, must_be_installed
from alexa_local.playback.served_watch import ServerWatch
from alexa_local.store import Store

_NEXT_TOLD = 10


class Library(Protocol):
    """What music there is: in folders, or on a server."""

    on_change: Callable[[], None]

    def names(self) -> tuple[str, ...]:
        """What it is called."""

    def report(self) -> dict[str, object]:
        """How much there is."""


class Music(Protocol):
    """The music, by whoever plays it.

    Attributes:
        is_elsewhere: whether it does not pass our mixer.
    """

    is_elsewhere: bool

    @property
    def player(self) -> MusicPlayer | ServedPlayer:
        """Plays."""

    @property
    def library(self) -> Library:
        """Knows what there is."""

    @property
    def is_playing(self) -> bool:
        """Whether music is heard; told at once, also where a server would have to be asked."""

    def start(self) -> None:
        """Begin to look at what there is; `library.on_change` is told of it."""


class HomeMusic:
    """Music from folders, played by our own mixer."""

    is_elsewhere = False

    def __init__(self, config: Config, host: Host, mixer: Mixer, playback: Playback, store: Store) -> None:
        """Start the thread that plays; the folders are not yet looked at."""
        self._config, self._host, self._playback = config, host, playback
        self.library = MusicLibrary(config.music.folders, cache_dir(config.daemon) / MUSIC_INDEX)
        closers: list[Callable[[], None]] = []
        self.player = MusicPlayer(
            *(self.library, mixer),
            lambda name, target: host.spawn(name, target, lambda: closers[0]()),
            self._on_event,
            lambda seconds: host.promise("music", seconds),
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

    def _on_event(self, name: str, data: Mapping[str, Any]) -> None:
        self._host.bus.publish(name, data)
        self._bookmark.note(name)
        if self._config.voice.replies and data.get("reason"):
            self._playback.say(data["reason"])


class ServedMusic:
    """Music of a server, which plays it itself."""

    is_elsewhere = True

    def __init__(self, settings: MusicSettings, host: Host, mixer: Mixer, store: Store) -> None:
        """Reach for nothing yet; ConfigError when the server's library is not installed."""
        must_be_installed()
        self._host = host
        server = Server(settings.mpd_host, settings.mpd_port, settings.mpd_password_file)
        line = Line(server.connect, server.name)
        self.library = ServerWatch(line, mixer, host.bus.publish, store)
        self.player = ServedPlayer(line, lambda: self.library.shelf)

    @property
    def is_playing(self) -> bool:
        """Whether music was heard when the server told something last."""
        return self.library.is_playing

    def start(self) -> None:
        """Follow the server."""
        self._host.spawn("music", self.library.run, self.library.close)


def open_music(config: Config, host: Host, mixer: Mixer, playback: Playback, store: Store) -> Music:
    """The music that the settings ask for."""
    if config.music.backend == "mpd":
        return ServedMusic(config.music, host, mixer, store)
    return HomeMusic(config, host, mixer, playback, store)


def report(music: Music) -> dict[str, Any]:
    """What plays, what comes next, and what there is; ready for JSON."""
    return {**_told_of(music.player.place), "library": music.library.report()}


def _told_of(place: Place | None) -> dict[str, Any]:
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
        "number": place.before + place.index + 1,
        "of": place.before + len(place.queue) + place.after,
        "next": [{"title": one.title, "artist": one.artist} for one in coming],
    }
