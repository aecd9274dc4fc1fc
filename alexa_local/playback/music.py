"""Plays the music of a library: one thread decodes ahead into the mixer's ring."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from alexa_local.context import PRIVATE
from alexa_local.errors import AudioFileError, ConfigError
from alexa_local.playback.library import MusicLibrary, Track
from alexa_local.playback.mixer import Mixer, to_stereo
from alexa_local.sound.decode import open_sound
from alexa_local.sound.threads import Spawn, spawn_daemon

log = logging.getLogger(__name__)

OnEvent = Callable[[str, Mapping[str, Any]], None]

_REFILL_S = 0.1


def _ignore(name: str, data: Mapping[str, Any]) -> None:
    """Stand in for a callback that nobody gave."""


class MusicPlayer:
    """A queue of tracks and a place in it.

    Every method may be called from any thread and returns at once, except that `play` reads the
    folders. Events: `music` with `state` ("playing", "paused", "stopped") and the track.
    """

    def __init__(
        self, library: MusicLibrary, mixer: Mixer, spawn: Spawn = spawn_daemon, on_event: OnEvent = _ignore
    ) -> None:
        self._library = library
        self._mixer = mixer
        self._on_event = on_event
        self._changed = threading.Condition()
        self._queue: list[Track] = []
        self._position = 0
        self._choice = 0  # grows whenever somebody chooses what to play: the thread then drops what it has
        self._playing = False
        self._closed = False
        spawn("music", self._run)

    @property
    def now_playing(self) -> Track | None:
        """The track that is played or paused, None when stopped."""
        with self._changed:
            return self._queue[self._position] if self._playing else None

    @property
    def is_paused(self) -> bool:
        """Whether it holds in the middle of a track."""
        return self._playing and self._mixer.music_paused

    def play(self, query: str | None = None, shuffle: bool = False) -> Track | None:
        """Play what a request means, or everything; return the first track, None when nothing fits.

        Args:
            query: words of a title, artist, album or folder.
            shuffle: in an order of chance instead of the albums'.

        Raises:
            ConfigError: there is no music folder.
        """
        tracks = self._library.find(query)
        if not tracks:
            return None
        if shuffle:
            random.shuffle(tracks)
        with self._changed:
            self._queue = tracks
            self._choose(0)
        return tracks[0]

    def pause(self) -> bool:
        """Hold; whether there was something to hold."""
        return self._hold(True)

    def resume(self) -> bool:
        """Go on; whether there was something to go on with."""
        return self._hold(False)

    def next(self) -> Track | None:
        """Play the next track; stop after the last one."""
        return self._step(1)

    def previous(self) -> Track | None:
        """Play the track before, or the first one again."""
        return self._step(-1)

    def stop(self) -> bool:
        """Forget the queue; whether something was playing."""
        with self._changed:
            was_playing = self._playing
            self._stop()
        return was_playing

    def close(self) -> None:
        """Stop and let the thread end."""
        with self._changed:
            self._closed = True
            self._stop()

    def _hold(self, paused: bool) -> bool:
        with self._changed:
            track = self._queue[self._position] if self._playing else None
            self._mixer.music_paused = paused and track is not None
            self._changed.notify_all()
        if track is not None:
            self._tell("paused" if paused else "playing", track)
        return track is not None

    def _step(self, by: int) -> Track | None:
        with self._changed:
            if not self._playing:
                return None
            position = max(0, self._position + by)
            if position < len(self._queue):
                self._choose(position)
                return self._queue[position]
        self.stop()
        return None

    def _choose(self, position: int) -> None:
        self._position = position
        self._playing = True
        self._choice += 1
        self._changed.notify_all()

    def _stop(self) -> None:
        self._playing = False
        self._choice += 1
        self._changed.notify_all()

    def _run(self) -> None:
        """The thread "music": stream one track after the other, without a gap between them."""
        heard_choice = 0
        self._read_tags_early()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._playing)
                if self._closed:
                    return
                choice, track = self._choice, self._queue[self._position]
            if choice != heard_choice:
                heard_choice = choice
                self._mixer.music.discard()
                self._mixer.music_paused = False  # only now, or the old track would be heard for a moment
            self._tell("playing", track)
            self._stream(track, choice)
            self._advance(choice)

    def _read_tags_early(self) -> None:
        """Read the folders once, so that the first request for music need not wait for it."""
        try:
            self._library.tracks()
        except ConfigError as error:
            log.info("No music: %s", error)

    def _advance(self, choice: int) -> None:
        """Go to the next track, unless somebody chose another one or to stop meanwhile."""
        with self._changed:
            if choice == self._choice:
                self._position += 1
                self._playing = self._position < len(self._queue)
            elif not self._playing:
                self._mixer.music.discard()
            stopped = not self._playing
            if stopped:
                self._mixer.music.end()
        if stopped:
            self._tell("stopped", None)

    def _stream(self, track: Track, choice: int) -> None:
        """Decode a track into the ring until its end, or until something else is chosen."""
        try:
            with open_sound(track.path) as sound:
                resample = soxr.ResampleStream(sound.samplerate, self._mixer.rate_hz, 2, dtype="float32")
                for frames in sound.pieces():
                    if not self._put(
                        self._at_our_rate(resample, to_stereo(frames), sound.samplerate), choice
                    ):
                        return
                if sound.samplerate != self._mixer.rate_hz:
                    self._put(resample.resample_chunk(np.zeros((0, 2), np.float32), last=True), choice)
        except AudioFileError as error:
            log.warning("Skipping a track that cannot be read: %s", error, extra=PRIVATE)

    def _at_our_rate(
        self, resample: soxr.ResampleStream, frames: NDArray[np.float32], rate_hz: int
    ) -> NDArray[np.float32]:
        return frames if rate_hz == self._mixer.rate_hz else resample.resample_chunk(frames)

    def _put(self, frames: NDArray[np.float32], choice: int) -> bool:
        """Write all frames, waiting for room; False as soon as something else is chosen."""
        np.nan_to_num(frames, copy=False, posinf=1.0, neginf=-1.0)
        while True:
            if choice != self._choice:
                return False
            frames = frames[self._mixer.music.write(frames) :]
            if not len(frames):
                return True
            with self._changed:
                if choice == self._choice:
                    self._changed.wait(None if self._mixer.music_paused else _REFILL_S)

    def _tell(self, state: str, track: Track | None) -> None:
        about = {"title": track.title, "artist": track.artist, "album": track.album} if track else {}
        self._on_event("music", {"state": state, **about})
