"""Music of a server, MPD, in place of one's own: for people whose music is played by one already.

The server keeps the music, the queue and the place in it. It is reached within this machine alone: over a
network this program talks to nobody but the broker. What the server plays does not pass through our mixer,
and so it cannot be taken out of what the microphone hears.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from alexa_local.errors import ConfigError, RequestRefused
from alexa_local.playback.music import BACK_TO_BEGINNING_S, Place
from alexa_local.playback.shelf import Shelf
from alexa_local.playback.tracks import Track

try:
    import mpd
except ImportError:  # it is an extra, and `must_be_installed` says so
    mpd = None

log = logging.getLogger(__name__)

NO_ANSWER = "The music server does not answer. Is it running?"
REFUSES = "The music server refused that. The log says why."

_FAULTS: tuple[type[Exception], ...] = (OSError, mpd.MPDError) if mpd else (OSError,)
"""What a call may raise when the server is gone, or refuses."""

_TIMEOUT_S = 5.0
_ADDED_AT_ONCE = 500

_Answer = TypeVar("_Answer")


def must_be_installed() -> None:
    """ConfigError when the library that talks to the server is missing."""
    if mpd is None:
        raise ConfigError(
            "`music.backend` is mpd, but python-mpd2 is not installed. "
            "Run `apt install python3-mpd`, or set it to folders."
        )


@dataclass(frozen=True)
class Server:
    """Where a server is.

    Attributes:
        host: the path of its socket, or a name of this machine.
        port: for a name.
        password_file: what it asks for, None for nothing.
    """

    host: str
    port: int = 6600
    password_file: Path | None = None

    def connect(self) -> Any:
        """A connected `mpd.MPDClient`; one of _FAULTS when nobody answers."""
        client = mpd.MPDClient()
        client.timeout = _TIMEOUT_S
        client.connect(self.host, self.port)
        if self.password_file:
            client.password(self.password_file.read_text().strip())
        return client

    @property
    def name(self) -> str:
        """For people."""
        return self.host if self.host.startswith("/") else f"{self.host}:{self.port}"


Connect = Callable[[], Any]


class Line:
    """A connection, made when it is wanted and made again when it was lost.

    Attributes:
        name: the server's, for people.
    """

    def __init__(self, connect: Connect, name: str) -> None:
        """Nothing is connected yet."""
        self.name = name
        self._connect = connect
        self._lock = threading.Lock()
        self._client: Any = None
        self._is_down = False

    def do(self, work: Callable[[Any], _Answer]) -> _Answer:
        """What the work gives, with a connected client; from any thread, one after the other.

        Raises:
            RequestRefused: nobody answers, which is told in the log once.
        """
        with self._lock:
            if self._client is not None:
                try:
                    return work(self._client)
                except _FAULTS:  # most likely it was idle for so long that the server hung up
                    self._drop()
            try:
                self._client = self._connect()
                answer = work(self._client)
            except _FAULTS as error:
                self._drop()
                self._tell(error)
                raise RequestRefused(REFUSES if _is_refusal(error) else NO_ANSWER) from error
            self._tell(None)
            return answer

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(*_FAULTS):
                client.disconnect()

    def _tell(self, error: Exception | None) -> None:
        if error is not None and not self._is_down:
            log.error("%s", _trouble(self.name, error))
        elif error is None and self._is_down:
            log.info("The music server at %s answers again.", self.name)
        self._is_down = error is not None


class ServedPlayer:
    """Has a server play; the methods are those of `MusicPlayer`."""

    def __init__(self, line: Line, shelf: Callable[[], Shelf]) -> None:
        """Ask over this line for what is on the shelf."""
        self._line, self._shelf = line, shelf

    @property
    def place(self) -> Place | None:
        """Where it is, None when stopped."""
        return self._line.do(_place_of)

    @property
    def now_playing(self) -> Track | None:
        """The track that is heard or held, None when stopped."""
        place = self.place
        return place.track if place else None

    @property
    def is_paused(self) -> bool:
        """Whether it holds in the middle of a track."""
        return self._line.do(lambda client: client.status().get("state") == "pause")

    def play(self, query: str | None = None, shuffle: bool = False) -> Track | None:
        """Play what a request means, or everything; return the first track, None when nothing fits."""
        playlist, tracks = self._shelf().meant(query or "")
        if playlist is not None:
            return self._line.do(lambda client: _play_list(client, playlist.stem, shuffle))
        if not tracks:
            return None
        files = [track.file for track in tracks]
        if shuffle:
            random.shuffle(files)
        return self._line.do(lambda client: _play_files(client, files))

    def pause(self) -> bool:
        """Hold; whether there was something to hold."""
        return self._line.do(lambda client: _hold(client, True))

    def resume(self) -> bool:
        """Go on, also with what an earlier run stopped; whether there was something to go on with."""
        return self._line.do(lambda client: _hold(client, False))

    def next(self) -> Track | None:
        """Play the next track; stop after the last one."""
        return self._line.do(_next)

    def previous(self) -> Track | None:
        """Play the track before; or this one again, if some of it was heard or there is none before."""
        return self._line.do(_previous)

    def stop(self) -> bool:
        """End the music, whose queue the server keeps; whether something was playing."""
        return self._line.do(_stop)


def _is_refusal(error: Exception) -> bool:
    """Whether the server answered, and said no."""
    return mpd is not None and isinstance(error, mpd.CommandError)


def _trouble(name: str, error: Exception) -> str:
    """What is wrong with the server of that name, and what to do about it."""
    if _is_refusal(error):
        return f"The music server at {name} refuses: {error}. Does it want a `music.mpd_password_file`?"
    return f"The music server at {name} does not answer ({error}). Start it: systemctl start mpd."


def read_shelf(client: Any) -> Shelf:
    """All that a server has, folder by folder: one answer with everything may be longer than it gives."""
    known = {track.file: (0, track) for track in _tracks(client)}
    lists = sorted(str(one["playlist"]) for one in client.listplaylists() if "playlist" in one)
    return Shelf(known, tuple(Path(f"{name}.m3u") for name in lists))


def _tracks(client: Any) -> Iterator[Track]:
    folders = [""]
    while folders:
        for entry in client.lsinfo(folders.pop()):
            if "file" in entry:
                yield track_of(entry)
            elif "directory" in entry:
                folders.append(entry["directory"])


def track_of(entry: Mapping[str, Any]) -> Track:
    """A track as a server describes it; a tag is a text, or a list of them."""

    def texts(name: str) -> tuple[str, ...]:
        value = entry.get(name, ())
        return (value,) if isinstance(value, str) else tuple(map(str, value))

    def first(name: str) -> str:
        return next(iter(texts(name)), "")

    file = first("file")
    return Track(
        file=file,
        title=first("title") or first("name") or Path(file).stem.replace("_", " "),
        artists=texts("artist") or texts("albumartist"),
        album=first("album"),
        album_artist=first("albumartist"),
        disc=_number(first("disc")),
        number=_number(first("track")),
        seconds=_seconds(first("duration") or first("time")),
    )


def _number(text: str) -> int:
    digits = text.partition("/")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _seconds(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _place_of(client: Any) -> Place | None:
    status = client.status()
    if status.get("state") not in ("play", "pause"):
        return None
    song = client.currentsong()
    if not song:
        return None
    index, count = _number(status.get("song", "0")), _number(status.get("playlistlength", "1"))
    coming = map(track_of, client.playlistinfo(f"{index}:{min(count, index + 11)}"))
    queue = tuple(coming) or (track_of(song),)
    seconds, is_paused = _seconds(status.get("elapsed", "")), status["state"] == "pause"
    return Place(queue, 0, seconds, is_paused, before=index, after=max(0, count - index - len(queue)))


def _playing(client: Any) -> Track | None:
    song = client.currentsong()
    return track_of(song) if song else None


def _play_files(client: Any, files: list[str]) -> Track | None:
    client.clear()
    client.random(0)
    for start in range(0, len(files), _ADDED_AT_ONCE):
        client.command_list_ok_begin()
        for file in files[start : start + _ADDED_AT_ONCE]:
            client.add(file)
        client.command_list_end()
        if start == 0:
            client.play(0)
    return _playing(client)


def _play_list(client: Any, name: str, shuffle: bool) -> Track | None:
    client.clear()
    client.random(0)
    client.load(name)
    if shuffle:
        client.shuffle()
    client.play(0)
    return _playing(client)


def _hold(client: Any, paused: bool) -> bool:
    status = client.status()
    if status.get("state") == "stop":
        if paused or status.get("playlistlength", "0") == "0":
            return False
        client.play()
    else:
        client.pause(int(paused))
    return True


def _next(client: Any) -> Track | None:
    status = client.status()
    if status.get("state") == "stop":
        return None
    if "nextsong" not in status:
        client.stop()
        return None
    _go(client, client.next)
    return _playing(client)


def _previous(client: Any) -> Track | None:
    status = client.status()
    if status.get("state") == "stop":
        return None
    if _seconds(status.get("elapsed", "")) > BACK_TO_BEGINNING_S or status.get("song", "0") == "0":
        _go(client, lambda: client.seekcur(0))
    else:
        _go(client, client.previous)
    return _playing(client)


def _go(client: Any, move: Callable[[], object]) -> None:
    """Move, and let it be heard if it was held."""
    move()
    client.pause(0)


def _stop(client: Any) -> bool:
    was_playing = client.status().get("state") != "stop"
    client.stop()
    return was_playing
