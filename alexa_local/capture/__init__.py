"""Sound in: every source gives int16 16 kHz mono blocks, whatever it was before."""

from alexa_local.capture.convert import ToMono16k
from alexa_local.capture.echo import EchoCanceller, open_echo_canceller
from alexa_local.capture.file import FileSource, open_file
from alexa_local.capture.microphone import Microphone, open_microphone
from alexa_local.capture.preroll import PreRoll
from alexa_local.capture.source import BLOCK_SAMPLES, Source
from alexa_local.capture.stdin import RawPcmSource, open_stdin
from alexa_local.sound import AudioDevice, list_devices

__all__ = [
    "BLOCK_SAMPLES",
    "AudioDevice",
    "EchoCanceller",
    "FileSource",
    "Microphone",
    "PreRoll",
    "RawPcmSource",
    "Source",
    "ToMono16k",
    "list_devices",
    "open_echo_canceller",
    "open_file",
    "open_microphone",
    "open_stdin",
]
