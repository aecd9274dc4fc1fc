"""The loudspeaker: the one place that opens it; and what keeps time when there is none.

While the device is away the mixer is read all the same, at the speed of time, so that replies end,
alarms can be stopped and music goes on where it would be.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from alexa_local.errors import DeviceError
from alexa_local.playback.mixer import Mixer
from alexa_local.sound.devices import AudioDevice
from alexa_local.sound.portaudio import OpenStream, PortAudio, StreamShape
from alexa_local.sound.states import OnState, log_state
from alexa_local.sound.threads import Spawn, spawn_daemon

log = logging.getLogger(__name__)

_BLOCK_S = 0.04
_CONTINUE = 0  # pyaudio.paContinue
_CHECK_S = 0.5
RETRY_DELAYS_S = (0.5, 1.0, 2.0, 5.0)

OnPlayed = Callable[[NDArray[np.int16], int, float], None]
"""Told what a device is given, int16 (N, 1 or 2), its rate in Hz, and when, of the monotonic clock; in
PortAudio's thread, so it must never wait."""


def ignore_played(frames: NDArray[np.int16], rate_hz: int, at_s: float) -> None:
    """Stand in where nobody wants to know what is played."""


def _shapes(rate_hz: int, device: AudioDevice) -> list[StreamShape]:
    """What to ask of a loudspeaker: the mixer's own form first, then what the device likes."""
    channels = (min(2, device.outputs), 1, device.outputs)
    rates = (rate_hz, device.default_rate_hz, 48_000)
    return list(dict.fromkeys(StreamShape(rate, count) for rate in rates for count in channels))


class _Feed:
    """The mixer's stream in the form that a device accepted."""

    def __init__(self, mixer: Mixer, shape: StreamShape) -> None:
        self.rate_hz = shape.rate_hz
        self._mixer = mixer
        self._channels = shape.channels
        self._ratio = mixer.rate_hz / shape.rate_hz
        self._resampler = None
        if shape.rate_hz != mixer.rate_hz:
            self._resampler = soxr.ResampleStream(mixer.rate_hz, shape.rate_hz, 2, dtype="int16")
        self._kept = np.zeros((0, 2), np.int16)

    def read(self, count: int) -> NDArray[np.int16]:
        """The next frames, int16 (count, channels)."""
        stereo = self._mixer.read(count) if self._resampler is None else self._resampled(count)
        if self._channels == 2:
            return stereo
        if self._channels == 1:
            return stereo.mean(axis=1, keepdims=True).astype(np.int16)
        wide = np.zeros((count, self._channels), np.int16)
        wide[:, :2] = stereo
        return wide

    def _resampled(self, count: int) -> NDArray[np.int16]:
        assert self._resampler is not None
        while len(self._kept) < count:
            wanted = max(64, math.ceil((count - len(self._kept)) * self._ratio))
            self._kept = np.concatenate(
                [self._kept, self._resampler.resample_chunk(self._mixer.read(wanted))]
            )
        taken, self._kept = self._kept[:count], self._kept[count:]
        return taken


def _keep_time(mixer: Mixer, closed: threading.Event, seconds: float) -> None:
    """Read the mixer at the speed of time and throw it away, for some seconds or until closed."""
    start_s = time.monotonic()
    read_s = 0.0
    while read_s < seconds:
        mixer.read(round(mixer.rate_hz * _BLOCK_S))
        read_s += _BLOCK_S
        if closed.wait(max(0.0, start_s + read_s - time.monotonic())):
            return


class NullLoudspeaker:
    """Keeps time for a mixer that nobody hears."""

    def __init__(self, mixer: Mixer, spawn: Spawn = spawn_daemon) -> None:
        self.is_lost = True
        self._closed = threading.Event()
        spawn("loudspeaker", lambda: _keep_time(mixer, self._closed, math.inf))

    def close(self) -> None:
        """Let its thread end."""
        self._closed.set()


class Loudspeaker:
    """Plays a mixer on a device, and on the same device again when it was unplugged.

    Its thread "loudspeaker" watches; the sound itself is fetched by PortAudio's own.
    """

    def __init__(
        self,
        mixer: Mixer,
        device: str | None = None,
        portaudio: PortAudio | None = None,
        on_state: OnState = log_state,
        spawn: Spawn = spawn_daemon,
        *,
        on_played: OnPlayed = ignore_played,
        wait_for_device: bool = False,
        lost_after_s: float = 4.0,
        check_s: float = _CHECK_S,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
    ) -> None:
        """Open the device; DeviceError when there is none and `wait_for_device` is not set."""
        self._mixer = mixer
        self._wanted = device
        self._portaudio = portaudio or PortAudio()
        self._on_state = on_state
        self._on_played = on_played
        self._lost_after_s = lost_after_s
        self._check_s = check_s
        self._retry_delays_s = retry_delays_s
        self._closed = threading.Event()
        self._stream: OpenStream | None = None
        self._feed = _Feed(mixer, StreamShape(mixer.rate_hz, 2))
        self._blocks_played = 0
        try:
            self._open()
        except DeviceError as error:
            if not wait_for_device:
                raise
            self._on_state("lost", f"{error} Going on without sound.")
        spawn("loudspeaker", self._watch)

    @property
    def is_lost(self) -> bool:
        """Whether nobody hears anything at the moment."""
        return self._stream is None

    def close(self) -> None:
        """Release the device and let the thread end."""
        self._closed.set()
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _open(self) -> None:
        device, stream = self._portaudio.open(
            "output", self._wanted, lambda found: _shapes(self._mixer.rate_hz, found), _BLOCK_S, self._give
        )
        self._feed = _Feed(self._mixer, stream.shape)
        self._stream = stream
        log.info(
            "Loudspeaker '%s' at %d Hz, %d channel(s)",
            device.name,
            stream.shape.rate_hz,
            stream.shape.channels,
        )

    def _give(self, data: bytes | None, count: int, times: Any, flags: int) -> tuple[bytes, int]:
        """PortAudio's callback."""
        self._blocks_played += 1
        feed = self._feed
        frames = feed.read(count)
        self._on_played(frames[:, :2], feed.rate_hz, time.monotonic())
        return frames.tobytes(), _CONTINUE

    def _watch(self) -> None:
        if self._stream is None:
            self._recover()
        while not self._closed.is_set():
            if self._is_lost_after_watching():
                self._on_state(
                    "lost", f"The loudspeaker '{self._wanted or 'default'}' takes no sound any more."
                )
                self._recover()

    def _is_lost_after_watching(self) -> bool:
        """Watch for a while: whether the stream ended, or took nothing for `lost_after_s`."""
        played, watched_s = self._blocks_played, 0.0
        while watched_s < self._lost_after_s:
            if self._closed.wait(self._check_s):
                return False
            watched_s += self._check_s
            stream = self._stream
            if stream is None or not stream.is_active:
                return not self._closed.is_set()
            if self._blocks_played != played:
                return False
        return True

    def _recover(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        for attempt in range(1 << 30):
            delay_s = self._retry_delays_s[min(attempt, len(self._retry_delays_s) - 1)]
            _keep_time(self._mixer, self._closed, delay_s)
            if self._closed.is_set():
                return
            self._portaudio.look_again()
            try:
                self._open()
            except DeviceError as error:
                self._on_state("retrying", str(error))
                continue
            if self._closed.is_set():  # closed while it was opening
                self.close()
                return
            self._on_state("back", f"The loudspeaker '{self._wanted or 'default'}' is open again.")
            return


def open_loudspeaker(
    mixer: Mixer,
    device: str | None = None,
    portaudio: PortAudio | None = None,
    on_state: OnState = log_state,
    spawn: Spawn = spawn_daemon,
    on_played: OnPlayed = ignore_played,
) -> Loudspeaker | NullLoudspeaker:
    """A loudspeaker whatever happens: without a device it keeps time and waits for one.

    `on_state`, by default the log, is told once that there is none and what to do; `on_played` gets what is
    played.
    """
    portaudio = portaudio or PortAudio()
    try:
        portaudio.devices()
    except DeviceError as error:  # waiting for a device helps; waiting for a library does not
        on_state("lost", f"{error} Going on without sound.")
        return NullLoudspeaker(mixer, spawn)
    return Loudspeaker(mixer, device, portaudio, on_state, spawn, on_played=on_played, wait_for_device=True)
