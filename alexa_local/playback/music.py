"""Plays the music of a library: one thread decodes ahead into the mixer's ring."""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.context import PRIVATE
from alexa_local.errors import AudioFileError
from alexa_local.playback.decoding import SeamlessDecoder
from alexa_local.playback.library import MusicLibrary
from alexa_local.playback.mixer import Mixer
from alexa_local.playback.tracks import Track
from alexa_local.sound.threads import Spawn, spawn_daemon

log = logging.getLogger(__name__)

OnEvent = Callable[[str, Mapping[str, Any]], None]
Lasts = Callable[[float | None], None]

BACK_TO_BEGINNING_S = 3.0
"""Later than this in a track, "previous" means its beginning."""

MOST_FAILURES = 20
"""So many tracks in a row that cannot be read are no bad files, but a disk that is gone."""

ALL_BAD = "None of that music can be played. The log says why."
GONE = "I can't read the music any more. Is its disk still there?"

_REFILL_S = 0.25


def _ignore(name: str, data: Mapping[str, Any]) -> None:
    """Stand in for a callback that nobody gave."""


def _nobody(seconds: float | None) -> None:
    """Tell nobody how long the music lasts."""


@dataclass(frozen=True)
class Place:
    """Where the music is, as it is heard: what was decoded ahead does not count.

    Attributes:
        queue: all tracks.
        index: which of them it is.
        seconds: how much of that was heard.
        is_paused: whether it holds there.
        before: how many come before those of `queue`, which may be a part of it.
        after: how many come after them.
    """

    queue: Sequence[Track]
    index: int
    seconds: float
    is_paused: bool
    before: int = 0
    after: int = 0

    @property
    def track(self) -> Track:
        """The track."""
        return self.queue[self.index]


@dataclass(frozen=True)
class _Mark:
    """Where in the ring's stream a track begins, at second `from_s` of it."""

    frame: int
    index: int
    from_s: float


class MusicPlayer:
    """A queue of tracks and a place in it.

    Every method may be called from any thread and returns soon. Events: `music` with `state` ("playing",
    "paused", "stopped") and the track; where music ends that should not, `reason` is a sentence about it.
    """

    def __init__(
        self,
        library: MusicLibrary,
        mixer: Mixer,
        spawn: Spawn = spawn_daemon,
        on_event: OnEvent = _ignore,
        lasts: Lasts = _nobody,
    ) -> None:
        """Start the thread; `lasts` is told for how many seconds music goes on without it, None for ever."""
        self._library = library
        self._lasts = lasts
        self._mixer = mixer
        self._on_event = on_event
        self._decoder = SeamlessDecoder(mixer.rate_hz)
        self._changed = threading.Condition()
        self._queue: list[Track] = []
        self._position, self._from_s = 0, 0.0  # what is to be decoded next
        self._marks: deque[_Mark] = deque()
        self._choice = 0  # grows whenever somebody chooses what to play: the thread then drops what it has
        self._handled = 0  # the choice that the thread works for
        self._playing = False
        self._paused = False
        self._resting = False  # in the midst of a queue of which nothing is decoded until somebody wants it
        self._closed = False
        self._told = (0, -1)
        spawn("music", self._run)

    @property
    def now_playing(self) -> Track | None:
        """The track that is heard or held, None when stopped."""
        place = self.place
        return place.track if place else None

    @property
    def is_paused(self) -> bool:
        """Whether it holds in the middle of a track."""
        return self._playing and self._paused

    @property
    def place(self) -> Place | None:
        """Where it is, None when stopped."""
        with self._changed:
            return self._place() if self._playing else None

    def play(self, query: str | None = None, shuffle: bool = False) -> Track | None:
        """Play what a request means, or everything; return the first track, None when nothing fits.

        Args:
            query: words of a playlist, title, artist, album or folder.
            shuffle: in an order of chance instead of the albums' or the playlist's.

        Raises:
            ConfigError: there is no music folder.
            RequestRefused: there is a reason why nothing fits, which is worth telling.
        """
        tracks = self._library.find(query)
        if not tracks:
            return None
        tracks = list(tracks)
        if shuffle:
            random.shuffle(tracks)
        with self._changed:
            self._queue = tracks
            self._choose(0)
        return tracks[0]

    def restore(self, tracks: Sequence[Track], index: int, seconds: float) -> None:
        """Hold at a place of an earlier run, unless something plays; nothing is read until it goes on."""
        with self._changed:
            if self._playing or self._choice or not 0 <= index < len(tracks):
                return
            self._queue = list(tracks)
            self._rest(index, seconds)
        self._tell("paused", tracks[index])

    def pause(self) -> bool:
        """Hold; whether there was something to hold."""
        return self._hold(True)

    def resume(self) -> bool:
        """Go on; whether there was something to go on with."""
        with self._changed:
            if self._playing and self._resting:
                self._choose(self._position, self._from_s)
                return True
        return self._hold(False)

    def next(self) -> Track | None:
        """Play the next track; stop after the last one."""
        with self._changed:
            if not self._playing:
                return None
            index = self._place().index + 1
            if index < len(self._queue):
                self._choose(index)
                return self._queue[index]
        self.stop()
        return None

    def previous(self) -> Track | None:
        """Play the track before; or this one again, if some of it was heard or there is none before."""
        with self._changed:
            if not self._playing:
                return None
            place = self._place()
            back = 0 if place.seconds > BACK_TO_BEGINNING_S else 1
            self._choose(max(0, place.index - back))
            return self._queue[self._position]

    def stop(self) -> bool:
        """Forget the queue; whether something was playing."""
        with self._changed:
            was_playing = self._playing
            if was_playing:
                self._playing = self._resting = self._paused = False
                self._choice += 1
                self._marks.clear()
                self._changed.notify_all()
        return was_playing

    def close(self) -> None:
        """Let the thread end; the place is still known."""
        with self._changed:
            self._closed = True
            self._choice += 1
            self._changed.notify_all()

    def _hold(self, paused: bool) -> bool:
        with self._changed:
            if not self._playing:
                return False
            self._paused = self._mixer.music_paused = paused
            track = self._place().track
            self._changed.notify_all()
        self._tell("paused" if paused else "playing", track)
        return True

    # ---- with the lock held

    def _choose(self, position: int, from_s: float = 0.0) -> None:
        self._position, self._from_s = position, from_s
        self._playing, self._paused, self._resting = True, False, False
        self._choice += 1
        self._marks.clear()
        self._changed.notify_all()

    def _rest(self, position: int, from_s: float) -> None:
        """Hold there with nothing decoded."""
        self._position, self._from_s = position, from_s
        self._playing = self._paused = self._resting = True
        self._marks.clear()

    def _place(self) -> Place:
        read = self._mixer.music.read_frames
        while len(self._marks) > 1 and self._marks[1].frame <= read:
            self._marks.popleft()
        if not self._marks:
            return Place(self._queue, self._position, self._from_s, self._paused)
        mark = self._marks[0]
        seconds = mark.from_s + max(0, read - mark.frame) / self._mixer.rate_hz
        return Place(self._queue, mark.index, seconds, self._paused)

    # ---- the thread "music"

    def _run(self) -> None:
        """Stream one track after the other, without a gap between them, until something else is chosen."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._choice != self._handled)
                choice = self._handled = self._choice
                self._decoder.rest()
                self._mixer.music.discard()
                if self._closed:
                    return
                # only now, or the old track would be heard for a moment
                self._mixer.music_paused = self._paused
                playing = self._playing
            if playing:
                self._play_queue(choice)
            else:
                self._mixer.music.end()
                self._lasts(None)
                self._tell("stopped", None)

    def _play_queue(self, choice: int) -> None:
        """Decode from here to the end of the queue, unless something else is chosen."""
        failures, heard_any = 0, False
        while (found := self._next_to_decode(choice)) is not None:
            index, track, from_s = found
            if self._stream(track, index, from_s, choice):
                failures, heard_any = 0, True
            else:
                failures += 1
            if failures == MOST_FAILURES:
                self._give_up(choice, index + 1 - failures)
                return
            with self._changed:
                if choice == self._choice:
                    self._position, self._from_s = index + 1, 0.0
        self._end(choice, "" if heard_any else ALL_BAD)

    def _next_to_decode(self, choice: int) -> tuple[int, Track, float] | None:
        with self._changed:
            if choice != self._choice or self._position >= len(self._queue):
                return None
            return self._position, self._queue[self._position], self._from_s

    def _give_up(self, choice: int, index: int) -> None:
        """Hold where the trouble began: when the disk is back, it can go on there."""
        with self._changed:
            if choice != self._choice:
                return
            self._rest(index, 0.0)
        log.error("%d tracks in a row cannot be read: the music pauses.", MOST_FAILURES)
        self._tell("stopped", None, GONE)

    def _end(self, choice: int, reason: str) -> None:
        """Let what was decoded be heard, and then be silent."""
        self._put(self._decoder.rest(), choice)
        self._mixer.music.end()
        self._lasts(None)
        while True:
            self._tell_heard(choice)
            with self._changed:
                if choice != self._choice:
                    return
                if not self._mixer.music.wanted_frames:
                    self._playing = False
                    break
                self._changed.wait(None if self._paused else _REFILL_S)
        self._tell("stopped", None, reason)

    def _stream(self, track: Track, index: int, from_s: float, choice: int) -> bool:
        """Decode a track into the ring to its end, or to somebody's other choice; whether any could be."""
        is_begun = False
        try:
            start = self._mixer.music.written_frames + self._decoder.pending_frames
            for frames in self._decoder.read(track.path, from_s):
                if not is_begun:
                    is_begun = self._begin(_Mark(start, index, from_s), choice)
                if not self._put(frames, choice):
                    return True
        except AudioFileError as error:
            what = "The rest of a track is skipped" if is_begun else "A track is skipped"
            log.warning("%s: %s", what, error, extra=PRIVATE)
        return is_begun

    def _begin(self, mark: _Mark, choice: int) -> bool:
        with self._changed:
            if choice == self._choice:
                self._marks.append(mark)
        self._tell_heard(choice)
        return True

    def _put(self, frames: NDArray[np.float32], choice: int) -> bool:
        """Write all frames, waiting for room; False as soon as something else is chosen."""
        while True:
            if choice != self._choice:
                return False
            frames = frames[self._mixer.music.write(frames) :]
            if not len(frames):
                return True
            self._tell_heard(choice)
            with self._changed:
                if choice == self._choice:
                    self._rest_from_decoding()

    def _rest_from_decoding(self) -> None:
        """Until there is room again, or something changes; the condition is held."""
        self._lasts(None if self._paused else self._mixer.music_waiting_s)
        self._changed.wait(None if self._paused else _REFILL_S)

    def _tell_heard(self, choice: int) -> None:
        """Tell that a track begins when it is heard, and not when it is decoded."""
        with self._changed:
            if choice != self._choice or not self._marks:
                return
            place = self._place()
            if self._told == (choice, place.index):
                return
            self._told = choice, place.index
        self._tell("playing", place.track)

    def _tell(self, state: str, track: Track | None, reason: str = "") -> None:
        about = {"title": track.title, "artist": track.artist, "album": track.album} if track else {}
        self._on_event("music", {"state": state, **about, **({"reason": reason} if reason else {})})
