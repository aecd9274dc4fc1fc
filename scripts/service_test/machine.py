"""One booted container: a real systemd with its own processes, network and sound, and commands inside it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from scripts.service_test.tree import Broken

FAR_ADDRESS = "192.0.2.1"
"""Not loopback's, although it lies in the container: what is sent to it counts as leaving the machine."""

_SOUND_SCRIPT = """\
load-module module-native-protocol-unix auth-anonymous=1 socket=/run/virtual-sound/server.sock
load-module module-null-sink sink_name=room rate=16000 channels=1 format=s16le
load-module module-null-sink sink_name=music rate=44100 channels=2 format=s16le
load-module module-remap-source source_name=vmic master=room.monitor rate=16000 channels=1
set-default-sink music
set-default-source vmic
"""
_SOUND_UNIT = """\
[Unit]
Description=A room with a microphone and a loudspeaker that exist nowhere else
Before=sound.target alexa-local.service
[Service]
RuntimeDirectory=virtual-sound
UMask=0000
Environment=HOME=/run/virtual-sound XDG_RUNTIME_DIR=/run/virtual-sound
Environment=PULSE_SERVER=unix:/run/virtual-sound/server.sock
ExecStart=/usr/bin/pulseaudio -n -F /etc/virtual-sound.pa --daemonize=no --use-pid-file=no \
  --exit-idle-time=-1 --disable-shm=yes
ExecStartPost=/bin/sh -c 'until pactl info >/dev/null 2>&1; do sleep 0.1; done'
# Kept awake: an idle monitor swallows the beginning of what is played next.
ExecStartPost=/bin/sh -c 'for sink in room music; do pacat --raw -d $sink /dev/zero & done'
[Install]
WantedBy=multi-user.target
"""
_ALSA = """\
pcm.!default { type pulse server "unix:/run/virtual-sound/server.sock" }
ctl.!default { type pulse server "unix:/run/virtual-sound/server.sock" }
"""
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "PULSE_SERVER": "unix:/run/virtual-sound/server.sock",
    "DEBIAN_FRONTEND": "noninteractive",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
}


class Machine:
    """Boots on entering, powers off on leaving."""

    def __init__(self, root: Path) -> None:
        """Put the virtual sound into the tree at `root`."""
        self.root = root
        self._pid = ""
        (root / "etc/virtual-sound.pa").write_text(_SOUND_SCRIPT)
        (root / "etc/asound.conf").write_text(_ALSA)
        (root / "etc/systemd/system/virtual-sound.service").write_text(_SOUND_UNIT)
        wanted = root / "etc/systemd/system/multi-user.target.wants"
        wanted.mkdir(parents=True, exist_ok=True)
        (wanted / "virtual-sound.service").symlink_to("/etc/systemd/system/virtual-sound.service")

    def __enter__(self) -> Machine:
        # IPAddressDeny= needs the capabilities and the filter; else it is silently without effect.
        self._nspawn = subprocess.Popen(
            [
                *("systemd-nspawn", "-D", str(self.root), "-b", "--register=no", "--keep-unit", "-q"),
                *("--private-network", "-M", f"alexa-local-test-{os.getpid()}", "--console=pipe"),
                *("--capability=all", "--system-call-filter=bpf @keyring"),
            ],
            env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children")
        try:
            self.wait("the container's first process", lambda: bool(children.read_text().strip()), 20)
            self._pid = children.read_text().split()[0]
            self.wait("the boot", self._has_booted, 180)
        except BaseException:
            self._nspawn.kill()
            raise
        self.must("ip", "address", "add", f"{FAR_ADDRESS}/32", "dev", "lo")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run("systemctl", "poweroff", "--force", "--force")
        try:
            self._nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            self._nspawn.wait(10)

    def _has_booted(self) -> bool:
        return self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    def command(self, *words: str) -> list[str]:
        """What to run on the outside so that `words` runs on the inside."""
        settings = [f"{name}={value}" for name, value in _ENVIRONMENT.items()]
        return ["nsenter", "-t", self._pid, "-a", "env", "-i", *settings, *words]

    def run(self, *words: str, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a command inside; its output is text, errors among it."""
        return subprocess.run(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Begin a command inside."""
        return subprocess.Popen(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def must(self, *words: str, timeout_s: float = 300) -> str:
        """Run a command that has to succeed; returns its output."""
        done = self.run(*words, timeout_s=timeout_s)
        if done.returncode != 0:
            raise Broken(f"`{' '.join(words)}` ended with {done.returncode}: {done.stdout[-1500:].strip()}")
        return done.stdout

    def wait(self, what: str, holds: Callable[[], bool], limit_s: float = 60) -> float:
        """Look until something holds; returns the seconds that it took, Broken when it never does."""
        began_s = time.monotonic()
        while not holds():
            if time.monotonic() - began_s > limit_s:
                raise Broken(f"{what} did not come about in {limit_s:g} s")
            time.sleep(0.1)
        return time.monotonic() - began_s

    def show(self, name: str, unit: str = "alexa-local.service") -> str:
        """One property of a unit."""
        return self.must("systemctl", "show", "-P", name, unit).strip()

    def status(self) -> dict[str, Any]:
        """What `alexa-local status` says; empty as long as nobody answers."""
        done = self.run("alexa-local", "status", "--json")
        return dict(json.loads(done.stdout)) if done.returncode == 0 else {}
