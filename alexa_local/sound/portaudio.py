"""PortAudio as one process may use it: quiet, shared by microphone and loudspeaker, and able to look again.

PortAudio reads the list of devices once, when it is initialised, and forgets it only when every user
has terminated it. So one object holds it for the whole process: whoever lost a device calls
`look_again`, which closes every stream; the others notice and reopen theirs.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alexa_local.errors import DeviceError
from alexa_local.sound.devices import AudioDevice, Direction, choose_device
from alexa_local.sound.realtime import Realtime

log = logging.getLogger(__name__)

_DIRECTIONS: tuple[Direction, Direction] = ("input", "output")
_CALLED: dict[Direction, str] = {"input": "microphone", "output": "loudspeaker"}

StreamCallback = Callable[[bytes | None, int, Any, int], tuple[bytes | None, int]]


@dataclass(frozen=True)
class StreamShape:
    """The form of the int16 sound that a device accepted.

    Attributes:
        rate_hz: frames per second.
        channels: samples per frame, interleaved.
    """

    rate_hz: int
    channels: int


def import_pyaudio() -> Any:
    """The PyAudio module; DeviceError when it or the PortAudio library is not installed."""
    try:
        return importlib.import_module("pyaudio")
    except ImportError as error:
        raise DeviceError(
            f"PyAudio cannot be loaded ({error}). Run `apt install libportaudio2 portaudio19-dev`, "
            "then `pip install pyaudio`."
        ) from error


def sound_cards() -> str:
    """What the kernel says about the sound cards that are plugged in; it changes when one comes or goes."""
    try:
        return Path("/proc/asound/cards").read_text(errors="replace")
    except OSError:
        return ""


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Keep what the C libraries write to standard error (pages about absent hardware) for the debug log."""
    try:
        kept = os.dup(2)
    except OSError:  # standard error is closed: nobody to spare
        yield
        return
    with tempfile.TemporaryFile() as said:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(said.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                log.debug("PortAudio: %s", line)


class OpenStream:
    """A stream that PortAudio may have closed under its owner."""

    def __init__(self, stream: Any, shape: StreamShape, lock: threading.RLock) -> None:
        self.shape = shape
        self._stream = stream
        self._lock = lock

    @property
    def is_active(self) -> bool:
        """Whether blocks still come and go."""
        with self._lock:
            if self._stream is None:
                return False
            try:
                return bool(self._stream.is_active())
            except OSError:
                return False

    def close(self) -> None:
        """Stop and forget the stream; harmless when it is closed already."""
        with self._lock:
            stream, self._stream = self._stream, None
            if stream is None:
                return
            try:
                with _hushed():
                    stream.close()
            except OSError as error:  # the device went away first
                log.debug("Closing a stream: %s", error)


class PortAudio:
    """The process's PortAudio; initialised when first needed, safe to use from several threads."""

    def __init__(
        self,
        module: Any = None,
        cards: Callable[[], str] = sound_cards,
        realtime: Realtime | None = None,
    ) -> None:
        """Use `module` in place of PyAudio, and `cards` to learn that hardware changed (both for tests).

        `realtime` raises the threads that call back; without it they stay as they are.
        """
        self._module = module
        self._cards = cards
        self._realtime = realtime
        self._library: Any = None
        self._cards_seen = ""
        self._streams: list[OpenStream] = []
        self._lock = threading.RLock()

    def devices(self) -> list[AudioDevice]:
        """Every device, as listed when PortAudio was initialised."""
        with self._lock, _hushed():
            library = self._initialised()
            host = [library.get_host_api_info_by_index(i) for i in range(library.get_host_api_count())]
            defaults = [_default_index(library, which) for which in _DIRECTIONS]
            found = [library.get_device_info_by_index(i) for i in range(library.get_device_count())]
        return [
            AudioDevice(
                name=str(info["name"]),
                index=int(info["index"]),
                inputs=int(info["maxInputChannels"]),
                outputs=int(info["maxOutputChannels"]),
                default_rate_hz=int(info["defaultSampleRate"]),
                is_default_input=info["index"] == defaults[0],
                is_default_output=info["index"] == defaults[1],
                host_api=str(host[info["hostApi"]]["name"]),
            )
            for info in found
        ]

    def open(
        self,
        direction: Direction,
        device: str | None,
        shapes: Callable[[AudioDevice], Sequence[StreamShape]],
        block_s: float,
        callback: StreamCallback,
    ) -> tuple[AudioDevice, OpenStream]:
        """Open a stream of int16 in the first shape that the device accepts.

        Args:
            direction: "input" or "output".
            device: its name or a part of it, None for the default.
            shapes: the shapes to try on a device, the best first.
            block_s: seconds of sound for each call of the callback.
            callback: PyAudio's; it runs on a thread of PortAudio and must never wait.

        Raises:
            DeviceError: no such device, or it refused every shape.
        """
        if self._realtime:
            callback = self._realtime.raising(_CALLED[direction], callback)
        with self._lock:
            chosen = choose_device(self.devices(), device, direction)
            refusal = ""
            for shape in shapes(chosen):
                options = {
                    direction: True,
                    f"{direction}_device_index": chosen.index,
                    "rate": shape.rate_hz,
                    "channels": shape.channels,
                    "frames_per_buffer": round(shape.rate_hz * block_s),
                    "stream_callback": callback,
                }
                try:
                    with _hushed():
                        stream = self._library.open(format=self._pyaudio().paInt16, **options)
                except (OSError, ValueError) as error:
                    refusal = str(error.args[-1] if error.args else error)
                    continue
                opened = OpenStream(stream, shape, self._lock)
                self._streams = [one for one in self._streams if one.is_active] + [opened]
                return chosen, opened
        raise DeviceError(
            f"'{chosen.name}' refused to open for {direction} ({refusal}). Is another program using it? "
            "Close that, or choose another with `alexa-local devices`."
        )

    def priorities(self) -> dict[str, str]:
        """What the threads of "microphone" and "loudspeaker" have, "rr 5" or "normal", while they run."""
        return self._realtime.report() if self._realtime else {}

    def look_again(self) -> None:
        """Read the list of devices anew, if another one may be there.

        Costs every open stream, so it is done only when the kernel's list of cards changed or nobody plays.
        """
        with self._lock:
            in_use = any(stream.is_active for stream in self._streams)
            if not in_use or self._cards() != self._cards_seen:
                self.close()

    def close(self) -> None:
        """Close every stream and PortAudio itself; the next call initialises it anew."""
        with self._lock:
            for stream in self._streams:
                stream.close()
            self._streams.clear()
            library, self._library = self._library, None
            if library is not None:
                with _hushed():
                    library.terminate()

    def _pyaudio(self) -> Any:
        if self._module is None:
            self._module = import_pyaudio()
        return self._module

    def _initialised(self) -> Any:
        if self._library is None:
            self._cards_seen = self._cards()
            try:
                self._library = self._pyaudio().PyAudio()
            except OSError as error:
                raise DeviceError(f"PortAudio did not start: {error}. Check ALSA's configuration.") from error
        return self._library


def _default_index(library: Any, direction: Direction) -> int:
    """The index of the default device in one direction, -1 when there is none."""
    find = (
        library.get_default_input_device_info
        if direction == "input"
        else library.get_default_output_device_info
    )
    try:
        return int(find()["index"])
    except (OSError, ValueError):
        return -1


def list_devices(portaudio: PortAudio | None = None) -> list[AudioDevice]:
    """Every microphone and loudspeaker; DeviceError when PyAudio is not installed."""
    if portaudio is not None:
        return portaudio.devices()
    own = PortAudio()
    try:
        return own.devices()
    finally:
        own.close()
