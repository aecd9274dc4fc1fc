"""The microphone: the one place that opens it, and that opens it again when it was unplugged.

PortAudio's thread only puts bytes into a bounded queue; conversion and recovery happen in the thread
that iterates. A device counts as lost when PortAudio says so, or when it has been silent altogether
(no blocks, not even of zeros) for some seconds.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture.convert import ToMono16k
from alexa_local.capture.source import BLOCK_SAMPLES, Blocks
from alexa_local.errors import DeviceError
from alexa_local.messages import SAMPLE_RATE
from alexa_local.sound.devices import AudioDevice
from alexa_local.sound.portaudio import OpenStream, PortAudio, StreamShape
from alexa_local.sound.states import OnState, log_state

log = logging.getLogger(__name__)

_BLOCK_S = BLOCK_SAMPLES / SAMPLE_RATE
_QUEUE_BLOCKS = 250
_CONTINUE = 0  # pyaudio.paContinue
_CHECK_S = 0.5
RETRY_DELAYS_S = (0.25, 0.5, 1.0, 2.0, 5.0)


def _shapes(device: AudioDevice) -> list[StreamShape]:
    """What to ask of a microphone: our own form first, then what it likes itself."""
    rates = (SAMPLE_RATE, device.default_rate_hz, 48_000, 44_100)
    channels = (1, min(2, device.inputs), device.inputs)
    return list(dict.fromkeys(StreamShape(rate, count) for rate in rates for count in channels))


class Cleaner(Protocol):
    """What every block passes through: `EchoCanceller`."""

    def begin(self) -> None:
        """The device was opened: what came before has nothing to do with what comes."""

    def clean(self, block: NDArray[np.int16], at_s: float) -> NDArray[np.int16]:
        """Take a block, int16 (1280,), that was there at `at_s` of the monotonic clock; return it cleaned."""


class Microphone:
    """Blocks from a device for as long as the program lives, with a pause while it is unplugged.

    Attributes:
        dropped_blocks: blocks that were lost because nobody took them in time.
    """

    def __init__(
        self,
        device: str | None,
        portaudio: PortAudio,
        on_state: OnState = log_state,
        *,
        wait_for_device: bool = False,
        lost_after_s: float = 4.0,
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
        queue_blocks: int = _QUEUE_BLOCKS,
        cleaner: Cleaner | None = None,
    ) -> None:
        self.dropped_blocks = 0
        self._wanted = device
        self._portaudio = portaudio
        self._on_state = on_state
        self._lost_after_s = lost_after_s
        self._retry_delays_s = retry_delays_s
        self._cleaner = cleaner
        self._queue: queue.Queue[tuple[bytes, float] | None] = queue.Queue(queue_blocks)
        self._closed = threading.Event()
        self._opening = threading.Lock()
        self._stream: OpenStream | None = None
        self._convert = ToMono16k(SAMPLE_RATE)
        try:
            self._open()
        except DeviceError as error:
            if not wait_for_device:
                raise
            self._on_state("lost", str(error))

    def __iter__(self) -> Iterator[NDArray[np.int16]]:
        blocks = Blocks()
        while not self._closed.is_set():
            heard = self._next_data() if self._stream is not None else None
            if heard is not None:
                data, at_s = heard
                for block in blocks.push(self._convert.push_bytes(data)):
                    yield block if self._cleaner is None else self._cleaner.clean(block, at_s)
            elif not self._closed.is_set():
                self._recover()
                blocks = Blocks()

    def close(self) -> None:
        """Release the device, which is free when this returns; a waiting iteration ends at once."""
        self._closed.set()
        with self._opening:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            pass  # then nobody is waiting

    def _open(self) -> None:
        """Open it, unless it was closed for good."""
        with self._opening:
            if self._closed.is_set():
                return
            device, stream = self._portaudio.open("input", self._wanted, _shapes, _BLOCK_S, self._take)
            self._convert = ToMono16k(stream.shape.rate_hz, 2, stream.shape.channels)
            if self._cleaner is not None:
                self._cleaner.begin()
            self._stream = stream
        log.info(
            "Microphone '%s' at %d Hz, %d channel(s)",
            device.name,
            stream.shape.rate_hz,
            stream.shape.channels,
        )

    def _take(self, data: bytes | None, frames: int, times: Any, flags: int) -> tuple[None, int]:
        """PortAudio's callback: keep the block or count it as lost, and never wait."""
        if data is not None:
            try:
                self._queue.put_nowait((data, time.monotonic()))
            except queue.Full:
                self.dropped_blocks += 1
        return None, _CONTINUE

    def _next_data(self) -> tuple[bytes, float] | None:
        """The next block as bytes and when it came, or None when the device is lost or the source closed."""
        deadline_s = time.monotonic() + self._lost_after_s
        while True:
            left_s = deadline_s - time.monotonic()
            try:
                return self._queue.get(timeout=max(0.0, min(_CHECK_S, left_s)))
            except queue.Empty:
                stream = self._stream
                if left_s <= 0 or stream is None or not stream.is_active:
                    return None

    def _recover(self) -> None:
        """Close what is left and try, ever more slowly, until the device is back or the source closed."""
        if self._stream is not None:
            self._on_state("lost", f"The microphone '{self._wanted or 'default'}' gives no sound any more.")
            self._stream.close()
            self._stream = None
        for attempt in range(1 << 30):
            delay_s = self._retry_delays_s[min(attempt, len(self._retry_delays_s) - 1)]
            if self._closed.wait(delay_s):
                return
            self._portaudio.look_again()
            self._empty_queue()
            try:
                self._open()
            except DeviceError as error:
                self._on_state("retrying", str(error))
                continue
            if self._closed.is_set():
                return
            self._on_state("back", f"The microphone '{self._wanted or 'default'}' is open again.")
            return

    def _empty_queue(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()


def open_microphone(
    device: str | None = None,
    on_state: OnState = log_state,
    portaudio: PortAudio | None = None,
    wait_for_device: bool = False,
    cleaner: Cleaner | None = None,
) -> Microphone:
    """Open a microphone by name, part of a name, or the default one.

    Args:
        device: see `alexa-local devices`; None for the default.
        on_state: told when the device is lost, looked for again ("retrying") and back; by default the log is.
        portaudio: the process's, when a loudspeaker shares it.
        wait_for_device: start as lost, instead of raising, when there is none yet.
        cleaner: what every block passes through, in the thread that iterates.

    Raises:
        DeviceError: PyAudio is missing, or the device is, or its name fits several.
    """
    return Microphone(
        device, portaudio or PortAudio(), on_state, wait_for_device=wait_for_device, cleaner=cleaner
    )
