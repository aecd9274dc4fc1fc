"""Everything that is to be heard, added into one stream that never wraps and never clicks.

The loudspeaker's thread calls `read`, which does arithmetic and nothing that could wait; all other
methods may be called from any thread.
"""

from __future__ import annotations

import threading
from typing import Any, Literal

import numpy as np
import soxr
from numpy.typing import NDArray

from alexa_local.playback.ring import MusicRing

RATE_HZ = 44_100
"""The rate of nearly all music, so that nearly all music is played as it is."""

DUCKED_GAIN = 0.15
"""Music beside a reply or a request: 16 dB down."""

ALARM_LEAST_VOLUME = 30
"""An alarm is at least this loud, or it would not wake anybody who turned the music down."""

_KNEE = np.float32(0.9)
"""Above this share of full scale the limiter bends, and below it changes nothing."""

_RING_S, _PRIME_S = 2.0, 0.2

DUCK_HOLD_S = 0.7
"""For so long music stays down after a request or a reply, so that it does not swell up between the two."""

_ATTACK_S, _RELEASE_S = 0.1, 0.4
"""How long music takes from full to nothing, and back."""

Sort = Literal["", "speech", "alarm", "music"]
"""What the loudspeaker plays: nothing, a reply, something that rings, music."""


def gain_of_volume(percent: float) -> float:
    """What a volume of 0 to 100 multiplies by: the cube, because loudness is heard in ratios."""
    return (min(max(percent, 0.0), 100.0) / 100.0) ** 3


def limit(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same sound, float32 of any shape, bent softly so that it stays within -1 to 1."""
    if sound.max(initial=0.0) <= _KNEE and sound.min(initial=0.0) >= -_KNEE:
        return sound
    size = np.abs(sound)
    bent = _KNEE + (1 - _KNEE) * np.tanh((size - _KNEE) / (1 - _KNEE))
    return np.where(size > _KNEE, np.copysign(bent, sound), sound)


def to_stereo(samples: NDArray[Any]) -> NDArray[np.float32]:
    """int16 or float32, (N,) or (N, C), to float32 (N, 2): one channel twice, or the first two."""
    scale = np.float32(1 / 32768) if samples.dtype == np.int16 else np.float32(1)
    frames = (samples[:, None] if samples.ndim == 1 else samples).astype(np.float32) * scale  # (N,) -> (N, C)
    return np.repeat(frames, 2, axis=1) if frames.shape[1] == 1 else np.ascontiguousarray(frames[:, :2])


class Ramp:
    """A gain that moves to its target in a straight line instead of jumping, which would click."""

    def __init__(self, gain: float, up_frames: int, down_frames: int) -> None:
        """Start at `gain`; a move of 1.0 takes `up_frames` or `down_frames`."""
        self.gain = gain
        self._up_step = 1.0 / up_frames
        self._down_step = 1.0 / down_frames

    def towards(self, target: float, count: int) -> np.float32 | NDArray[np.float32]:
        """The gain for the next `count` frames: a number, or float32 (count, 1) while it moves."""
        if self.gain == target:
            return np.float32(target)
        step = self._up_step if target > self.gain else -self._down_step
        line = self.gain + step * np.arange(1, count + 1, dtype=np.float32)
        line = np.minimum(line, target) if step > 0 else np.maximum(line, target)
        self.gain = target if line[-1] == np.float32(target) else float(line[-1])
        return line[:, None]


class Playing:
    """A sound on its way through the mixer.

    Attributes:
        finished: set when the last of it has been read, or it was stopped.
        seconds: how long it is.
    """

    def __init__(self, frames: NDArray[np.float32], rate_hz: int) -> None:
        self.finished = threading.Event()
        self.seconds = len(frames) / rate_hz
        self._frames = frames
        self._position = 0
        self._stopped = False
        if not len(frames):
            self.finished.set()

    def stop(self) -> None:
        """Fade it out within one read."""
        self._stopped = True

    def add_to(self, out: NDArray[np.float32]) -> None:
        """Add the next of it to float32 (N, 2)."""
        part = self._frames[self._position : self._position + len(out)]
        self._position += len(part)
        if self._stopped:
            part = part * np.linspace(1.0, 0.0, len(part), dtype=np.float32)[:, None]
        out[: len(part)] += part
        if self._stopped or self._position >= len(self._frames):
            self.finished.set()


class Mixer:
    """Music from a ring, replies and tones as they come, and an alarm that goes round.

    Attributes:
        rate_hz: frames per second of what `read` gives.
        music: the ring that a music player fills.
        music_paused: set to hold the music where it is.
    """

    def __init__(self, rate_hz: int = RATE_HZ, volume: int = 50) -> None:
        self.rate_hz = rate_hz
        self.music = MusicRing(round(_RING_S * rate_hz), round(_PRIME_S * rate_hz))
        self.music_paused = False
        self._volume = volume
        self._muted = False
        self._ducked = False
        self._lock = threading.Lock()
        self._replies: tuple[Playing, ...] = ()
        self._tones: tuple[Playing, ...] = ()
        self._alarm: NDArray[np.float32] | None = None
        self._alarm_on = False
        self._alarm_position = 0
        self._music_ramp = Ramp(1.0, round(_RELEASE_S * rate_hz), round(_ATTACK_S * rate_hz))
        self._hold_frames = 0
        self._sum = np.zeros((0, 2), np.float32)
        self._volume_ramp = Ramp(self._target_gain(), round(0.1 * rate_hz), round(0.1 * rate_hz))
        self._alarm_ramp = Ramp(0.0, round(0.05 * rate_hz), round(0.05 * rate_hz))

    @property
    def volume(self) -> int:
        """Percent, 0 to 100."""
        return self._volume

    @volume.setter
    def volume(self, percent: int) -> None:
        self._volume = min(max(percent, 0), 100)

    @property
    def muted(self) -> bool:
        """Whether all but an alarm is silent; the volume is kept."""
        return self._muted

    @muted.setter
    def muted(self, on: bool) -> None:
        self._muted = on

    @property
    def is_playing(self) -> bool:
        """Whether a reply or a tone is on its way (music and alarms do not count)."""
        return bool(self._replies or self._tones)

    @property
    def playing(self) -> Sort:
        """What is to be heard, the most important of it; short tones do not count."""
        if self._alarm_on:
            return "alarm"
        if self._muted or not self._volume:
            return ""
        if self._replies:
            return "speech"
        return "music" if self.music.waiting_frames and not self.music_paused else ""

    @property
    def is_hushed(self) -> bool:
        """Whether music is to be lower at the moment, also that of others, beside speech."""
        return self._hold_frames > 0

    @property
    def music_waiting_s(self) -> float:
        """Seconds of decoded music that wait to be heard: how long the thread "music" may be late."""
        return self.music.wanted_frames / self.rate_hz

    def duck(self, on: bool) -> None:
        """Lower the music while somebody is being listened to; replies do it by themselves."""
        self._ducked = on

    def play_reply(self, samples: NDArray[np.int16], rate_hz: int) -> Playing:
        """Play speech, int16 (N,), over lowered music."""
        playing = Playing(self._frames(samples, rate_hz), self.rate_hz)
        with self._lock:
            self._replies += (playing,)
        return playing

    def play_tone(self, samples: NDArray[np.int16], rate_hz: int) -> Playing:
        """Play a short tone, int16 (N,), over whatever else is to be heard."""
        playing = Playing(self._frames(samples, rate_hz), self.rate_hz)
        with self._lock:
            self._tones += (playing,)
        return playing

    def start_alarm(self, samples: NDArray[np.int16], rate_hz: int) -> None:
        """Repeat a sound, int16 (N,), until `stop_alarm`."""
        if not self._alarm_on:
            self._alarm, self._alarm_position = self._frames(samples, rate_hz), 0
        self._alarm_on = True

    def stop_alarm(self) -> None:
        """Fade the alarm out; harmless when there is none."""
        self._alarm_on = False

    def read(self, count: int) -> NDArray[np.int16]:
        """The next `count` frames, int16 (count, 2)."""
        if len(self._sum) != count:
            self._sum = np.zeros((count, 2), np.float32)
        out = self._sum
        volume = self._volume_ramp.towards(self._target_gain(), count)
        has_music = self._take_music(out)
        alarm = self._next_alarm(count)
        sounds = self._replies + self._tones
        if not has_music:
            if alarm is None and not sounds:
                return np.zeros((count, 2), np.int16)
            out[:] = 0.0
        for playing in sounds:
            playing.add_to(out)
        if any(playing.finished.is_set() for playing in sounds):
            self._forget_finished()
        out *= volume
        if alarm is not None:
            out += alarm * np.float32(max(gain_of_volume(self._volume), gain_of_volume(ALARM_LEAST_VOLUME)))
        out = limit(out)
        out *= np.float32(32767)
        return np.rint(out, out=out).astype(np.int16)

    def _take_music(self, out: NDArray[np.float32]) -> bool:
        """Put music into float32 (N, 2), if there is any; lowered beside speech, and a while after."""
        count = len(out)
        quiet = self._ducked or bool(self._replies) or self._alarm_on
        if quiet:
            self._hold_frames = round(DUCK_HOLD_S * self.rate_hz)
        elif self._hold_frames > 0:
            self._hold_frames -= count
            quiet = True
        target = 0.0 if self.music_paused else DUCKED_GAIN if quiet else 1.0
        was_audible = self.music.has_begun and self._music_ramp.gain > 0.0
        gain = self._music_ramp.towards(target, count)
        if (self.music_paused and not was_audible) or not self.music.take(out, was_audible):
            return False
        out *= gain
        return True

    def _next_alarm(self, count: int) -> NDArray[np.float32] | None:
        """float32 (count, 2), or None when there is none to be heard."""
        if self._alarm is None or not (self._alarm_on or self._alarm_ramp.gain):
            return None
        gain = self._alarm_ramp.towards(float(self._alarm_on), count)
        frames = self._alarm[np.arange(self._alarm_position, self._alarm_position + count) % len(self._alarm)]
        self._alarm_position = (self._alarm_position + count) % len(self._alarm)
        return frames * gain

    def _target_gain(self) -> float:
        return 0.0 if self._muted else gain_of_volume(self._volume)

    def _frames(self, samples: NDArray[np.int16], rate_hz: int) -> NDArray[np.float32]:
        """int16 (N,) at any rate to float32 (M, 2) at ours."""
        frames = to_stereo(samples)
        if rate_hz != self.rate_hz and len(frames):
            frames = soxr.resample(frames, rate_hz, self.rate_hz)
        return frames

    def _forget_finished(self) -> None:
        with self._lock:
            self._replies = tuple(one for one in self._replies if not one.finished.is_set())
            self._tones = tuple(one for one in self._tones if not one.finished.is_set())
