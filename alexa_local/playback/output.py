"""The one object through which the program makes itself heard: say, sound a tone, ring, set the volume."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alexa_local.playback.earcons import earcon
from alexa_local.playback.mixer import Mixer, Playing
from alexa_local.playback.voice import Voice
from alexa_local.sound.threads import Spawn, spawn_daemon

log = logging.getLogger(__name__)

OnEvent = Callable[[str, Mapping[str, Any]], None]

Manner = Literal["normal", "quiet", "whisper"]
"""How a reply is spoken: as ever, more quietly, or quietly in a whisper, where the voice can."""

VOLUME_STEP = 10
SOFT_GAIN = 0.35
"""What quiet replies and soft tones are multiplied by: 9 dB down."""

_WAITING_REPLIES = 16
_GRACE_S = 10.0


@dataclass(frozen=True)
class _Reply:
    """A reply on its way to the thread "voice".

    Attributes:
        silenced: how often speaking had been stopped before.
        text: what to say.
        manner: how.
        aloud: whether it is to be heard, or only its sound made.
        asker: the context of whoever asked; the log then knows for which request it is.
    """

    silenced: int
    text: str
    manner: Manner
    aloud: bool
    asker: contextvars.Context = field(default_factory=contextvars.copy_context)


def _ignore(name: str, data: Mapping[str, Any]) -> None:
    """Stand in for a callback that nobody gave."""


class Playback:
    """Replies are spoken one after the other by the thread "voice"; everything else happens at once.

    Events: `tts_speaking` when a reply begins to be heard, `tts_finished` after it.

    Attributes:
        dropped_replies: replies that were not spoken because too many were waiting.
    """

    def __init__(
        self, mixer: Mixer, voice: Voice, on_event: OnEvent = _ignore, spawn: Spawn = spawn_daemon
    ) -> None:
        self.dropped_replies = 0
        self._mixer = mixer
        self._voice = voice
        self._on_event = on_event
        self._replies: queue.Queue[_Reply | None] = queue.Queue(_WAITING_REPLIES)
        self._state = threading.Condition()
        self._unspoken = 0
        self._silenced = 0  # grows with every `stop_speaking`: replies from before it are not spoken
        self._speaking: Playing | None = None
        self._tone: Playing | None = None
        spawn("voice", self._run)

    def say(self, text: str, manner: Manner = "normal") -> None:
        """Speak a reply after those that are waiting; returns at once."""
        if not text.strip():
            return
        with self._state:
            try:
                self._replies.put_nowait(_Reply(self._silenced, text, manner, aloud=True))
            except queue.Full:
                self.dropped_replies += 1
                log.warning("%d replies are waiting to be spoken; one is left out.", _WAITING_REPLIES)
                return
            self._unspoken += 1

    def prepare(self, text: str, manner: Manner = "normal") -> None:
        """Make the sound of a reply that may have to be spoken soon; nothing is heard of it."""
        if text.strip():
            with contextlib.suppress(queue.Full):
                self._replies.put_nowait(_Reply(self._silenced, text, manner, aloud=False))

    def stop_speaking(self) -> None:
        """Break off the reply that is spoken, and forget those that wait."""
        with self._state:
            self._silenced += 1
            if self._speaking is not None:
                self._speaking.stop()

    def earcon(self, name: str, soft: bool = False) -> None:
        """Sound a tone: "wake", "done" or "error"; "" for none."""
        if name:
            tone = earcon(name, self._mixer.rate_hz)
            self._tone = self._mixer.play_tone(_softened(tone) if soft else tone, self._mixer.rate_hz)

    def alarm(self, on: bool) -> None:
        """Ring until told to stop."""
        if on:
            self._mixer.start_alarm(earcon("alarm", self._mixer.rate_hz), self._mixer.rate_hz)
        else:
            self._mixer.stop_alarm()

    def duck(self, on: bool) -> None:
        """Lower the music while somebody is being listened to."""
        self._mixer.duck(on)

    @property
    def volume(self) -> int:
        """Percent, 0 to 100."""
        return self._mixer.volume

    @volume.setter
    def volume(self, percent: int) -> None:
        self._mixer.volume = percent
        self._mixer.muted = False

    def volume_up(self) -> int:
        """One step louder; the new volume."""
        self.volume = self._mixer.volume + VOLUME_STEP
        return self.volume

    def volume_down(self) -> int:
        """One step quieter; the new volume."""
        self.volume = self._mixer.volume - VOLUME_STEP
        return self.volume

    def mute(self, on: bool) -> None:
        """Silence everything but alarms, or bring it back at the same volume."""
        self._mixer.muted = on

    @property
    def is_speaking(self) -> bool:
        """Whether a reply is being spoken or is waiting."""
        return self._unspoken > 0

    def wait_idle(self, timeout_s: float | None = None) -> bool:
        """Wait until every reply and tone has been heard; False when that takes longer than `timeout_s`."""
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        with self._state:
            if not self._state.wait_for(lambda: self._unspoken == 0, timeout_s):
                return False
        tone = self._tone
        left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
        return tone is None or tone.finished.wait(left_s)

    def close(self) -> None:
        """Break off and let the thread end."""
        self.stop_speaking()
        self._mixer.stop_alarm()
        self._replies.put(None, timeout=_GRACE_S)  # what waits is no longer spoken, so there is room at once

    def _run(self) -> None:
        """The thread "voice"."""
        while (reply := self._replies.get()) is not None:
            if not reply.aloud:
                self._voice.speak(reply.text, reply.manner == "whisper")  # which keeps it
                continue
            if reply.silenced == self._silenced:
                reply.asker.run(self._speak, reply)
            with self._state:
                self._unspoken -= 1
                self._state.notify_all()

    def _speak(self, reply: _Reply) -> None:
        speech = self._voice.speak(reply.text, reply.manner == "whisper")
        samples = speech.samples if reply.manner == "normal" else _softened(speech.samples)
        with self._state:
            if reply.silenced != self._silenced:
                return
            playing = self._mixer.play_reply(samples, speech.rate_hz)
            self._speaking = playing
        seconds = round(playing.seconds, 2)
        self._on_event("tts_speaking", {"text": reply.text, "seconds": seconds, "manner": self._heard(reply)})
        if not playing.finished.wait(playing.seconds + _GRACE_S):
            log.warning("A reply of %.1f s was not taken by the loudspeaker.", playing.seconds)
            playing.stop()
        with self._state:
            self._speaking = None
        self._on_event("tts_finished", {})

    def _heard(self, reply: _Reply) -> Manner:
        """How it really sounds: not every voice can whisper."""
        return "quiet" if reply.manner == "whisper" and not self._voice.can_whisper else reply.manner


def _softened(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """int16 of any shape, more quietly."""
    return np.rint(samples * SOFT_GAIN).astype(np.int16)
