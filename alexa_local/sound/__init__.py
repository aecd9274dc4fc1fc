"""What capture and playback share: PortAudio, the choice of a device, and how threads are started."""

from alexa_local.sound.devices import AudioDevice, choose_device
from alexa_local.sound.portaudio import PortAudio, StreamShape, list_devices
from alexa_local.sound.realtime import Realtime
from alexa_local.sound.states import OnState, log_state
from alexa_local.sound.threads import Spawn, spawn_daemon

__all__ = [
    "AudioDevice",
    "OnState",
    "PortAudio",
    "Realtime",
    "Spawn",
    "StreamShape",
    "choose_device",
    "list_devices",
    "log_state",
    "spawn_daemon",
]
