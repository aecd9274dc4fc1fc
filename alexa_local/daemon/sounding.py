"""Everything that is to be heard: mixer, loudspeaker, voice and music, as threads of the daemon."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass

from alexa_local.config import Config, is_night
from alexa_local.daemon.music import Music, open_music
from alexa_local.daemon.parts import Host
from alexa_local.messages import Outcome, Talker
from alexa_local.playback import (
    Loudspeaker,
    Manner,
    Mixer,
    NullLoudspeaker,
    Playback,
    open_loudspeaker,
    open_voice,
)
from alexa_local.playback.loudspeaker import OnPlayed, ignore_played
from alexa_local.playback.mixer import Sort
from alexa_local.sound import PortAudio
from alexa_local.store import Store

_VOICES = {"espeak": "espeak-ng"}
_ON_ITS_WAY_S = 0.6


class NowPlaying:
    """What comes out of the loudspeaker, with what is still on its way through buffers and the room."""

    def __init__(
        self,
        mixer: Mixer,
        clock: Callable[[], float] = time.monotonic,
        is_elsewhere: Callable[[], bool] = bool,
    ) -> None:
        """Look at the mixer, and at whether music is heard that passes it by; the clock counts seconds."""
        self._mixer, self._clock, self._is_elsewhere = mixer, clock, is_elsewhere
        self._last: Sort = ""
        self._until_s = 0.0

    def __call__(self) -> Sort:
        """The most important of it; one thread may ask."""
        now_s = self._clock()
        if playing := self._mixer.playing or ("music" if self._is_elsewhere() else ""):
            self._last, self._until_s = playing, now_s + _ON_ITS_WAY_S
        return self._last if now_s < self._until_s else ""


@dataclass(frozen=True)
class Sounding:
    """What makes sound.

    Attributes:
        mixer: adds it all up.
        playback: replies, tones and alarms.
        music: the music there is, and who plays it.
        loudspeaker: where it goes.
    """

    mixer: Mixer
    playback: Playback
    music: Music
    loudspeaker: Loudspeaker | NullLoudspeaker

    @property
    def is_playing(self) -> bool:
        """Whether music is heard."""
        return self.music.is_playing

    @property
    def is_playing_elsewhere(self) -> bool:
        """Whether it is heard without passing our mixer."""
        return self.music.is_elsewhere and self.music.is_playing


def start_sounding(
    config: Config,
    host: Host,
    portaudio: PortAudio,
    store: Store,
    volume: int,
    on_played: OnPlayed = ignore_played,
) -> Sounding:
    """Open the loudspeaker and start the threads; without a device or voice everything works silently.

    `store` keeps the place in the music, and `on_played` gets what the device is given.
    """
    closers: dict[str, Callable[[], None]] = {}

    def spawn(name: str, target: Callable[[], None]) -> None:
        host.spawn(name, target, lambda: closers[name]())

    mixer = Mixer(volume=volume)
    device = config.audio.output_device
    if device == "none":
        loudspeaker: Loudspeaker | NullLoudspeaker = NullLoudspeaker(mixer, spawn)
    else:
        loudspeaker = open_loudspeaker(mixer, device or None, portaudio, spawn=spawn, on_played=on_played)
    closers["loudspeaker"] = loudspeaker.close
    voice = open_voice(
        _VOICES.get(config.voice.engine, config.voice.engine) if config.voice.replies else "none"
    )
    playback = Playback(mixer, voice, host.bus.publish, spawn)
    closers["voice"] = playback.close
    return Sounding(mixer, playback, open_music(config, host, mixer, playback, store), loudspeaker)


class Answerer:
    """Lets an outcome be heard, and makes room for whoever speaks.

    Whoever whispers is answered in kind, and tones are soft until somebody speaks up. At night all
    replies and tones are soft.
    """

    def __init__(
        self, config: Config, sounding: Sounding, now: Callable[[], datetime.datetime] = datetime.datetime.now
    ) -> None:
        self._earcons = config.audio.earcons
        self._wake_earcon = config.audio.wake_earcon
        self._voice = config.voice
        self._playback = sounding.playback
        self._now = now
        self._whispered = False

    def make_ready(self, outcome: Outcome, talker: Talker) -> None:
        """Have the reply's sound made, for when `answer` comes; returns at once."""
        if self._voice.replies:
            self._playback.prepare(outcome.reply, self._manner(bool(talker.whispered)))

    def answer(self, outcome: Outcome, talker: Talker) -> None:
        """Sound the tone and speak the reply; returns at once."""
        self._whispered = bool(talker.whispered)
        manner = self._manner(self._whispered)
        if self._earcons:
            self._playback.earcon(outcome.earcon, soft=manner != "normal")
        if self._voice.replies:
            self._playback.say(outcome.reply, manner)

    def listening(self, begins: bool) -> None:
        """While somebody is listened to the music is lower, and a reply that was being spoken ends."""
        if begins:
            self._playback.stop_speaking()
            if self._wake_earcon:
                self._playback.earcon("wake", soft=self._manner(self._whispered) != "normal")
        self._playback.duck(begins)

    def _manner(self, whispered: bool) -> Manner:
        """How to answer now."""
        wanted = self._voice.whisper_replies
        if whispered and wanted != "off":
            return wanted
        now = self._now().time()
        return "quiet" if is_night(self._voice.night_from, self._voice.night_until, now) else "normal"
