"""A private PulseAudio with a virtual room and a virtual loudspeaker, for real sound without hardware.

What is played into the sink `room` is what the microphone `mic` hears; what the program plays on
`music` can be recorded from `music.monitor`. PortAudio reaches both through an ALSA configuration
of two PCMs, which also keeps it from probing (and complaining about) hardware that is not there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from alexa_local.errors import DeviceError

NEEDED_PROGRAMS = ("pulseaudio", "pactl", "pacat", "parec")
_ALSA_PULSE_PLUGIN = "libasound_module_pcm_pulse.so"

_SERVER = "load-module module-native-protocol-unix auth-anonymous=1 socket={socket}\n"
_DEVICES = (
    "module-null-sink sink_name=room rate=16000 channels=1 format=s16le",
    "module-null-sink sink_name=music rate=44100 channels=2 format=s16le",
    "module-remap-source source_name=vmic master=room.monitor rate=16000 channels=1",
)

_ALSA = """\
pcm.mic { type pulse device vmic }
pcm.music { type pulse device music }
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


def missing() -> str:
    """Why the virtual sound cannot run here, or "" when it can."""
    absent = [name for name in NEEDED_PROGRAMS if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not found; run `apt install pulseaudio pulseaudio-utils`"
    if not any(Path("/usr/lib").glob(f"**/alsa-lib/{_ALSA_PULSE_PLUGIN}")):
        return "ALSA's PulseAudio plug-in not found; run `apt install libasound2-plugins`"
    return ""


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], bool], timeout_s: float) -> bool:
    """Look for what a process is to bring about; False when it ended or the time passed before that."""
    deadline_s = time.monotonic() + timeout_s
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline_s:
            return False
        time.sleep(0.05)
    return True


class VirtualSound:
    """The server and its helpers, running between `start` and `stop` (or as a context manager).

    `environment` leads a program to it; its sinks are kept awake, because an idle monitor swallows the
    first milliseconds of what is played next.
    """

    def __init__(self, latency_ms: int = 20) -> None:
        """Have the virtual cards work in pieces of half of `latency_ms`; the shorter, the more the work."""
        self._latency_ms = latency_ms
        self._directory = Path(tempfile.mkdtemp(prefix="alexa-sound-"))  # short: a socket's path has a limit
        self._socket = self._directory / "server.sock"
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make PulseAudio's clients and PortAudio use this server."""
        return {
            "PULSE_SERVER": f"unix:{self._socket}",
            "ALSA_CONFIG_PATH": str(self._directory / "asound.conf"),
        }

    def start(self, timeout_s: float = 10.0) -> None:
        """Start the server and wait until it answers; DeviceError when it cannot."""
        if why := missing():
            raise DeviceError(f"No virtual sound: {why}.")
        script = self._directory / "server.pa"
        script.write_text(_SERVER.format(socket=self._socket))
        (self._directory / "asound.conf").write_text(_ALSA)
        server = self._spawn(
            "pulseaudio", "-n", "-F", str(script), "--daemonize=no", "--use-pid-file=no",
            "--exit-idle-time=-1", "--disable-shm=yes", f"--log-target=file:{self._directory / 'log'}",
        )  # fmt: skip
        if not _wait(server, lambda: self._client("pactl", "info").returncode == 0, timeout_s):
            log = self._directory / "log"
            said = log.read_text(errors="replace")[-500:] if log.exists() else "nothing"
            self.stop()
            raise DeviceError(f"The private PulseAudio did not start; its log says: {said}")
        self.plug()

    def stop(self) -> None:
        """End every process that was started and remove the directory."""
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            process.wait(timeout=5)
        self._processes.clear()
        shutil.rmtree(self._directory, ignore_errors=True)

    def unplug(self) -> None:
        """Make microphone and loudspeaker vanish, as a pulled USB plug does.

        All of them, because PulseAudio moves a stream to any device that is left.
        """
        for device in reversed(_DEVICES):
            self._must("pactl", "unload-module", device.split()[0])

    def plug(self) -> None:
        """Bring them back."""
        for device in _DEVICES:
            self._must("pactl", "load-module", *device.split())
        for sink in ("room", "music"):
            self._spawn("pacat", "--raw", f"--latency-msec={self._latency_ms}", "-d", sink, "/dev/zero")

    def let_the_room_hear_the_loudspeaker(self, after_ms: int = 60) -> None:
        """What is played on `music` comes back to the microphone, as from a loudspeaker beside it."""
        loop = ("source=music.monitor", "sink=room", f"latency_msec={after_ms}", "adjust_time=0")
        self._must("pactl", "load-module", "module-loopback", *loop)

    def play_in_room(self, sound_file: Path) -> None:
        """Play a file where the microphone hears it; returns when it has been played."""
        self._must("paplay", "-d", "room", "--latency-msec=100", str(sound_file))

    def record_loudspeaker(self, raw_file: Path, timeout_s: float = 30.0) -> subprocess.Popen[bytes]:
        """Start recording what the loudspeaker plays: raw int16, 44.1 kHz, stereo; terminate it to stop.

        Returns when the first samples are in the file, so that on a busy machine too nothing is missed.
        """
        options = ("--rate=44100", "--channels=2", "--format=s16le", "--raw", "--latency-msec=50")
        recorder = self._spawn("parec", "-d", "music.monitor", *options, str(raw_file))
        if not _wait(recorder, lambda: raw_file.exists() and raw_file.stat().st_size > 0, timeout_s):
            raise DeviceError(f"parec recorded nothing into {raw_file} in {timeout_s:g} s.")
        return recorder

    def __enter__(self) -> VirtualSound:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        own = {"HOME": str(self._directory), "XDG_RUNTIME_DIR": str(self._directory)}
        environment = os.environ | self.environment | own
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._processes.append(process)
        return process

    def _client(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, env=os.environ | self.environment, capture_output=True, timeout=60)

    def _must(self, *command: str) -> None:
        done = self._client(*command)
        if done.returncode != 0:
            raise DeviceError(f"{' '.join(command)} failed: {done.stderr.decode(errors='replace').strip()}")
