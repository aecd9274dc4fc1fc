"""A PyAudio without sound cards: devices come and go when the test says so, and the test makes the blocks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Callback = Callable[[bytes | None, int, Any, int], tuple[bytes | None, int]]


@dataclass
class FakeDevice:
    """A device and what it accepts.

    Attributes:
        name: its name in the list.
        inputs: channels it can record.
        outputs: channels it can play.
        rate_hz: its default rate.
        shapes: the (rate, channels) it opens with; empty for all.
        plugged: whether it opens at all; an unplugged one stays in an old list, as PortAudio's does.
    """

    name: str
    inputs: int = 0
    outputs: int = 0
    rate_hz: int = 48_000
    shapes: set[tuple[int, int]] = field(default_factory=set)
    plugged: bool = True


class FakeStream:
    """One open stream; the test feeds it or pulls from it."""

    def __init__(self, device: FakeDevice, options: dict[str, Any]) -> None:
        self.device = device
        self.rate_hz = int(options["rate"])
        self.channels = int(options["channels"])
        self.is_input = bool(options.get("input"))
        self._callback: Callback = options["stream_callback"]
        self._closed = False

    def is_active(self) -> bool:
        """False once the device is unplugged; OSError once closed, as in PyAudio."""
        if self._closed:
            raise OSError(-9988, "Stream closed")
        return self.device.plugged

    def close(self) -> None:
        """Stop."""
        self._closed = True

    @property
    def closed(self) -> bool:
        """Whether its owner closed it."""
        return self._closed

    def feed(self, data: bytes) -> None:
        """Give the callback a recorded block."""
        self._callback(data, len(data) // 2 // self.channels, None, 0)

    def pull(self, frames: int) -> bytes:
        """Ask the callback for a block to play."""
        data, _ = self._callback(None, frames, None, 0)
        return data or b""


class FakePyAudio:
    """Stands in for the module `pyaudio`: pass it to `PortAudio(module=...)`."""

    paInt16 = 8

    def __init__(self, *devices: FakeDevice) -> None:
        self.plugged_in: list[FakeDevice] = list(devices)
        self.streams: list[FakeStream] = []
        self.initialisations = 0
        self.opened = threading.Condition()

    def PyAudio(self) -> _Library:
        """Initialise: the list of devices is fixed from here on."""
        self.initialisations += 1
        return _Library(self, list(self.plugged_in))

    def unplug(self, device: FakeDevice) -> None:
        """Pull the plug: streams die, and a new list lacks the device."""
        device.plugged = False
        self.plugged_in.remove(device)

    def plug(self, device: FakeDevice) -> None:
        """Plug it in: a new list has it."""
        device.plugged = True
        self.plugged_in.append(device)

    def wait_for_stream(self, number: int, timeout_s: float = 10.0) -> FakeStream:
        """The stream that was opened as number `number` (from 0), as soon as there is one."""
        with self.opened:
            if not self.opened.wait_for(lambda: len(self.streams) > number, timeout_s):
                raise TimeoutError(f"stream {number} was not opened")
            return self.streams[number]


class _Library:
    """What `pyaudio.PyAudio()` returns."""

    def __init__(self, module: FakePyAudio, devices: list[FakeDevice]) -> None:
        self._module = module
        self._devices = devices

    def get_host_api_count(self) -> int:
        return 1

    def get_host_api_info_by_index(self, index: int) -> dict[str, Any]:
        return {"index": index, "name": "ALSA"}

    def get_device_count(self) -> int:
        return len(self._devices)

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        device = self._devices[index]
        return {
            "index": index,
            "name": device.name,
            "hostApi": 0,
            "maxInputChannels": device.inputs,
            "maxOutputChannels": device.outputs,
            "defaultSampleRate": float(device.rate_hz),
        }

    def get_default_input_device_info(self) -> dict[str, Any]:
        return self._first(lambda device: device.inputs)

    def get_default_output_device_info(self) -> dict[str, Any]:
        return self._first(lambda device: device.outputs)

    def open(self, **options: Any) -> FakeStream:
        index = options["input_device_index" if options.get("input") else "output_device_index"]
        device = self._devices[index]
        if not device.plugged:
            raise OSError(-9999, "Unanticipated host error")
        if device.shapes and (options["rate"], options["channels"]) not in device.shapes:
            raise OSError(-9997, "Invalid sample rate")
        stream = FakeStream(device, options)
        with self._module.opened:
            self._module.streams.append(stream)
            self._module.opened.notify_all()
        return stream

    def terminate(self) -> None:
        self._devices = []

    def _first(self, channels: Callable[[FakeDevice], int]) -> dict[str, Any]:
        for index, device in enumerate(self._devices):
            if channels(device):
                return self.get_device_info_by_index(index)
        raise OSError("No Default Device Available")
