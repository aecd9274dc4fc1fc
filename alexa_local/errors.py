"""Every error the program raises on purpose, each with the exit code the process ends with.

    AlexaLocalError            1
    ├── RequestRefused         1   a spoken request that cannot be carried out; its message is the answer
    ├── UsageError            64   a command line that cannot be understood
    ├── AudioFileError        65   a sound file or stream that cannot be decoded
    ├── LatticeError          65   a lattice file that cannot be read
    ├── VoiceRefused          65   a recording from which nobody's voice can be learned
    ├── UpdateError           65   a model's update that is forged, damaged, older or does not fit
    ├── ModelError            66   a model that is missing, altered or does not fit this program
    ├── DeviceError           69   no such microphone or loudspeaker, or it refused
    ├── DaemonUnreachable     69   no daemon answers on the control socket
    ├── ThreadDied            70   a supervised thread ended when it should not have
    ├── StorageError          74   the disk is full, read-only or broken
    ├── Stopping              75   the daemon ends, and did not do it; nothing of it was begun
    ├── AlreadyRunning        75   another daemon holds the control socket
    ├── NetworkError          76   a broker that cannot be reached, or refused
    └── ConfigError           78   the configuration, an intents file or a catalogue is wrong

The numbers are those of BSD's sysexits.h where one fits. A message states the fact and then the
remedy: "Microphone 'usb' not found. Run `alexa-local devices` to see the names."
"""


class AlexaLocalError(Exception):
    """The root: anything that a person should read as one line and not as a traceback."""

    exit_code = 1


class RequestRefused(AlexaLocalError):
    """A spoken request that cannot be carried out; the message is the answer to say."""


class UsageError(AlexaLocalError):
    """A command line that cannot be understood."""

    exit_code = 64


class AudioFileError(AlexaLocalError):
    """A sound file or stream that cannot be decoded."""

    exit_code = 65


class LatticeError(AlexaLocalError):
    """A lattice file that cannot be read, or its picture cannot be drawn."""

    exit_code = 65


class VoiceRefused(AlexaLocalError):
    """A recording from which nobody's voice can be learned: silent, noisy, of two people."""

    exit_code = 65


class MessageError(AlexaLocalError):
    """A message over MQTT that does not fit its schema; it is counted, and never acted upon."""

    exit_code = 65


class UpdateError(AlexaLocalError):
    """A model's update that is forged, damaged, older than what is there, or does not fit this device."""

    exit_code = 65


class ModelError(AlexaLocalError):
    """A model that is missing, altered (sha256) or does not fit this program."""

    exit_code = 66


class DeviceError(AlexaLocalError):
    """No such microphone or loudspeaker, or it refused."""

    exit_code = 69


class DaemonUnreachable(AlexaLocalError):
    """No daemon answers on the control socket."""

    exit_code = 69


class ThreadDied(AlexaLocalError):
    """A supervised thread ended when it should not have."""

    exit_code = 70


class StorageError(AlexaLocalError):
    """The disk is full, read-only or broken; what was there before is kept."""

    exit_code = 74


class Stopping(AlexaLocalError):
    """The daemon ends, and did not do what it was asked; nothing of it was begun."""

    exit_code = 75


class AlreadyRunning(AlexaLocalError):
    """Another daemon holds the control socket."""

    exit_code = 75


class NetworkError(AlexaLocalError):
    """A broker that cannot be reached, or that refused."""

    exit_code = 76


class ConfigError(AlexaLocalError):
    """The configuration, an intents file or a catalogue is wrong; lists every fault at once."""

    exit_code = 78
