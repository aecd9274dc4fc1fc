"""A music server without sound, and what the library `mpd` gives to talk to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


class FakeMpd:
    """As much of a server as the program asks for; every client is the server itself.

    Attributes:
        is_up: whether it answers.
        refusal: raised by the next call, if there is one.
        connections: how often somebody connected.
        volumes: what the volume was set to, one after the other.
        queue: the files that are to be played.
        elapsed: how much of the present one was heard.
    """

    def __init__(
        self,
        songs: Sequence[Mapping[str, Any]],
        playlists: Mapping[str, Sequence[str]] | None = None,
        volume: int | None = 80,
    ) -> None:
        self.is_up, self.refusal = True, None
        self.connections = 0
        self.volumes: list[int] = []
        self.queue: list[str] = []
        self.elapsed = 0.0
        self._songs = {str(song["file"]): dict(song) for song in songs}
        self._playlists = dict(playlists or {})
        self._volume, self._state, self._place, self._update = volume, "stop", 0, 1
        self._list: list[Callable[[], object]] | None = None

    def connect(self) -> FakeMpd:
        """A client; OSError while the server is down."""
        self._answer()
        self.connections += 1
        return self

    def add_song(self, **tags: Any) -> None:
        """Have more music."""
        self._songs[tags["file"]] = tags
        self._update += 1

    # ---- what `mpd.MPDClient` has

    def disconnect(self) -> None:
        """Nothing to let go of."""

    def stats(self) -> dict[str, str]:
        """How much there is, and the version of it."""
        self._answer()
        return {"songs": str(len(self._songs)), "db_update": str(self._update)}

    def status(self) -> dict[str, str]:
        """How it is."""
        self._answer()
        status = {"state": self._state, "playlistlength": str(len(self.queue))}
        if self._volume is not None:
            status["volume"] = str(self._volume)
        if self._state != "stop":
            status |= {"song": str(self._place), "elapsed": str(self.elapsed)}
            if self._place + 1 < len(self.queue):
                status["nextsong"] = str(self._place + 1)
        return status

    def currentsong(self) -> dict[str, Any]:
        """What plays."""
        self._answer()
        return self._songs[self.queue[self._place]] if self.queue and self._state != "stop" else {}

    def lsinfo(self, folder: str) -> list[dict[str, Any]]:
        """What is in a folder."""
        self._answer()
        depth = folder.count("/") + 1 if folder else 0
        below = [file for file in self._songs if file.startswith(f"{folder}/" if folder else "")]
        folders = {"/".join(file.split("/")[: depth + 1]) for file in below if file.count("/") > depth}
        here = [self._songs[file] for file in below if file.count("/") == depth]
        return [*({"directory": one} for one in sorted(folders)), *here]

    def listplaylists(self) -> list[dict[str, str]]:
        """The playlists."""
        self._answer()
        return [{"playlist": name} for name in self._playlists]

    def playlistinfo(self, window: str) -> list[dict[str, Any]]:
        """A part of the queue."""
        self._answer()
        start, end = map(int, window.split(":"))
        return [self._songs[file] for file in self.queue[start:end]]

    def clear(self) -> None:
        """Empty the queue."""
        self._answer()
        self.queue, self._state = [], "stop"

    def random(self, on: int) -> None:
        """Chance is not its business here."""
        self._answer()

    def command_list_ok_begin(self) -> None:
        """Collect what comes next."""
        self._answer()
        self._list = []

    def command_list_end(self) -> None:
        """Do what was collected."""
        self._answer()
        for work in self._list or ():
            work()
        self._list = None

    def add(self, file: str) -> None:
        """Put a file at the end of the queue."""
        self._answer()
        if self._list is None:
            self.queue.append(file)
        else:
            self._list.append(lambda: self.queue.append(file))

    def load(self, name: str) -> None:
        """Put a playlist there."""
        self._answer()
        self.queue += self._playlists[name]

    def shuffle(self) -> None:
        """Mix the queue: turn it round."""
        self._answer()
        self.queue.reverse()

    def play(self, place: int | None = None) -> None:
        """Play from a place on."""
        self._answer()
        self._go("play", self._place if place is None else place)

    def pause(self, on: int) -> None:
        """Hold, or go on."""
        self._answer()
        self._state = "pause" if on else "play"

    def stop(self) -> None:
        """Be silent."""
        self._answer()
        self._state = "stop"

    def next(self) -> None:
        """Go to the next."""
        self._answer()
        self._go(self._state, self._place + 1)

    def previous(self) -> None:
        """Go to the one before."""
        self._answer()
        self._go(self._state, self._place - 1)

    def seekcur(self, seconds: float) -> None:
        """Go to a second of it."""
        self._answer()
        self.elapsed = seconds

    def setvol(self, volume: int) -> None:
        """Be so loud."""
        self._answer()
        self._volume = volume
        self.volumes.append(volume)

    def _go(self, state: str, place: int) -> None:
        self._state, self._place, self.elapsed = state, place, 0.0

    def _answer(self) -> None:
        if not self.is_up:
            raise ConnectionRefusedError(111, "Connection refused")
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            raise refusal
