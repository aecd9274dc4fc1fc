"""The loudness and the music of this process, in the words that the handlers use."""

from __future__ import annotations

from alexa_local.errors import ConfigError
from alexa_local.playback import Mixer, MusicPlayer, Track
from alexa_local.playback.served import ServedPlayer


class HomePlayer:
    """An `alexa_local.act.Player` over the mixer and the music player."""

    def __init__(self, mixer: Mixer, music: MusicPlayer | ServedPlayer) -> None:
        self._mixer = mixer
        self._music = music

    @property
    def volume(self) -> int:
        """Percent."""
        return self._mixer.volume

    @volume.setter
    def volume(self, percent: int) -> None:
        self._mixer.volume = percent

    @property
    def muted(self) -> bool:
        """Whether nothing is to be heard."""
        return self._mixer.muted

    @muted.setter
    def muted(self, on: bool) -> None:
        self._mixer.muted = on

    def play(self, query: str = "", shuffle: bool = False) -> str:
        """Play what fits the words, or everything; returns what begins, "" when nothing fits."""
        try:
            return _name(self._music.play(query or None, shuffle))
        except ConfigError:  # no folder: the handler's answer to "nothing fits" tells how to set one
            return ""

    def pause(self) -> bool:
        """Hold the music; whether any was playing."""
        return self._music.pause()

    def resume(self) -> bool:
        """Go on with the music; whether any was held."""
        return self._music.resume()

    def next(self) -> str:
        """Skip to the next piece; returns it, "" when there is none."""
        return _name(self._music.next())

    def previous(self) -> str:
        """Go back a piece; returns it, "" when there is none."""
        return _name(self._music.previous())

    def stop(self) -> bool:
        """End the music; whether any was playing or held."""
        return self._music.stop()

    def now_playing(self) -> str:
        """The piece that plays or is held, "" for none."""
        return _name(self._music.now_playing)

    @property
    def held(self) -> bool:
        """Whether it is held."""
        return self._music.is_paused


def _name(track: Track | None) -> str:
    if track is None:
        return ""
    return f"{track.title} by {track.artist}" if track.artist else track.title
