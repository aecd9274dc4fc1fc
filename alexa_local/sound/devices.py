"""Which microphone or loudspeaker a name in the configuration means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alexa_local.errors import DeviceError

Direction = Literal["input", "output"]

_KIND = {"input": "microphone", "output": "loudspeaker"}


@dataclass(frozen=True)
class AudioDevice:
    """A device as PortAudio lists it.

    Attributes:
        name: what to write in the configuration, or a part of it.
        index: PortAudio's number; it changes when devices come and go.
        inputs: channels it can record, 0 for a loudspeaker.
        outputs: channels it can play, 0 for a microphone.
        default_rate_hz: the sampling rate it prefers.
        is_default_input: whether it is used when no microphone is named.
        is_default_output: whether it is used when no loudspeaker is named.
        host_api: "ALSA", "JACK Audio Connection Kit", ...
    """

    name: str
    index: int
    inputs: int
    outputs: int
    default_rate_hz: int
    is_default_input: bool = False
    is_default_output: bool = False
    host_api: str = "ALSA"

    def channels(self, direction: Direction) -> int:
        """The channels it has in one direction."""
        return self.inputs if direction == "input" else self.outputs

    def is_default(self, direction: Direction) -> bool:
        """Whether it is the system's default in one direction."""
        return self.is_default_input if direction == "input" else self.is_default_output


def choose_device(devices: Sequence[AudioDevice], wanted: str | None, direction: Direction) -> AudioDevice:
    """The device that a name means: exactly, or else as a part of it in any case.

    Args:
        devices: all that there are, in both directions.
        wanted: the name or a part of it; None or "" for the system's default.
        direction: what it is for.

    Raises:
        DeviceError: there is none, or the name fits none, or more than one.
    """
    usable = [device for device in devices if device.channels(direction) > 0]
    kind = _KIND[direction]
    if not usable:
        raise DeviceError(
            f"No {kind} found. Plug one in, and run `alexa-local devices` to see that it is listed."
        )
    if not wanted:
        return next((device for device in usable if device.is_default(direction)), usable[0])
    exact = [device for device in usable if device.name == wanted]
    if exact:
        return exact[0]
    near = [device for device in usable if wanted.lower() in device.name.lower()]
    if len(near) == 1:
        return near[0]
    names = ", ".join(f"'{device.name}'" for device in near or usable)
    if near:
        raise DeviceError(f"'{wanted}' fits {len(near)} {kind}s: {names}. Write more of the name.")
    raise DeviceError(
        f"{kind.capitalize()} '{wanted}' not found. Write one of these, or a part of it: {names}."
    )
