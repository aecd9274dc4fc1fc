"""Speaks to a real daemon in a network of its own, in each mode, and says what every packet was.

Fails if anything leaves in local-only mode, if what leaves otherwise is anything but the messages that
docs/privacy.md names, if sound could be among it, or if the daemon's own report says another number of bytes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from alexa_local.daemon.client import ask
from alexa_local.errors import AlexaLocalError, DaemonUnreachable
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto
from scripts.demo.scene import SCENE, build_scene
from scripts.privacy_test.network import Network, Packet, why_not
from scripts.privacy_test.reading import Sent, messages, sounds_like, streams

_COMMANDS = SCENE[:3]
_LIMIT_S = 300.0
_SETTLE_S = 3.0
_OPUS_BYTES_PER_S = 3000
"""24 kbit/s: a tenth of it is the most that speech may cost."""

_PRESENCE = ("/availability", "/state")
_MODULE = ("-m", "alexa_local.cli")
_LEAKY = ("-m", "alexa_local.testing.leaky_daemon")


class Failed(Exception):
    """Something left that must not, or the test could not see."""


@dataclass
class Seen:
    """What left in one phase.

    Attributes:
        sent: the MQTT packets.
        others: packets that go elsewhere.
        bytes: of `sent`.
    """

    sent: list[Sent] = field(default_factory=list)
    others: list[Packet] = field(default_factory=list)
    bytes: int = 0


class Spoken:
    """A daemon that hears what `hear` gives it, in the network.

    Attributes:
        socket: its control socket.
    """

    def __init__(
        self, network: Network, port: int, folder: Path, program: Sequence[str], updates: bool
    ) -> None:
        folder.mkdir()
        self.socket = folder / "control.sock"
        self._network, self._port = network, port
        self._packets: list[Packet] = []
        self._told: Counter[int] = Counter()
        config = _configuration(folder, self.socket, network.host, port, updates)
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        self._log = (folder / "log").open("w")
        self._process = subprocess.Popen(
            [
                *("ip", "netns", "exec", network.name, sys.executable, *program),
                *("run", "--stdin", "--quiet", "--config", str(folder / "config.yaml")),
            ],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
        )
        self._await(lambda: self.status() is not None, "the daemon does not start")

    def status(self) -> dict[str, Any] | None:
        """What it says of itself; None while it does not answer."""
        if self._process.poll() is not None:
            raise Failed(f"the daemon ended: {Path(self._log.name).read_text()[-500:]}")
        try:
            return ask(self.socket, "status")
        except DaemonUnreachable:
            return None

    def hear(self, sound: NDArray[np.int16]) -> None:
        """Speak to it, and wait until it has worked that through and sent what it would."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(sound.astype("<i2").tobytes() + bytes(2 * 16_000 * 2))
        stdin.flush()
        deadline_s = time.monotonic() + _LIMIT_S
        quiet_s = time.monotonic()
        while time.monotonic() - quiet_s < _SETTLE_S:
            if time.monotonic() > deadline_s:
                raise Failed("the daemon does not come to the end of what it hears")
            told = self.status() or {}
            busy = told["state"] != "waiting" or any(one["waiting"] for one in told["queues"].values())
            if busy:
                quiet_s = time.monotonic()
            time.sleep(0.2)

    def connect(self) -> None:
        """Wait until the broker is there."""
        self._await(lambda: (self.status() or {}).get("broker") == "connected", "it does not connect")

    def switch(self, on: bool) -> int:
        """Local-only mode; returns how many requests were deleted."""
        deleted = int(ask(self.socket, "mode", on=on)["deleted"])
        time.sleep(_SETTLE_S / 3)  # what is on the cable arrives
        return deleted

    def seen(self) -> Seen:
        """What left since the last look."""
        time.sleep(_SETTLE_S / 3)
        new = self._network.take()
        to = (self._network.host, self._port)
        self._packets += [each for each in new if each.what == "tcp" and each.to == to]
        seen = Seen(others=[each for each in new if each.what != "tcp" or each.to != to])
        for stream, data in streams(self._packets).items():
            whole = [each for each in messages(data) if each.name != "part"]
            seen.sent += whole[self._told[stream] :]
            self._told[stream] = len(whole)
        seen.bytes = sum(each.size_bytes for each in seen.sent)
        return seen

    def total_bytes(self) -> int:
        """What all its connections have carried."""
        self.seen()
        return sum(len(data) for data in streams(self._packets).values())

    def __enter__(self) -> Spoken:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()
        self._network.take()

    def _await(self, ready: Callable[[], bool], trouble: str) -> None:
        deadline_s = time.monotonic() + _LIMIT_S
        while not ready():
            if time.monotonic() > deadline_s:
                raise Failed(trouble)
            time.sleep(0.2)


def _configuration(folder: Path, control: Path, host: str, port: int, updates: bool) -> dict[str, Any]:
    """Everything on that sends anything."""
    mqtt: dict[str, Any] = {"host": host, "port": port, "rerank": "all", "events": "requests"}
    mqtt |= {"device_id": "kitchen", "home_assistant": True, "catalogue": True, "commands": ["volume"]}
    lamp = {"name": "kitchen light", "kind": "light", "room": "kitchen", "topic": "home/kitchen/light"}
    return {
        "mqtt": mqtt,
        "home": {"devices": [lamp]},
        "audio": {"output_device": "none"},
        "voice": {"engine": "none"},
        "daemon": {"socket": str(control), "state_dir": str(folder / "state")},
        "privacy": {"in_local_only": ["updates"] if updates else []},
    }


def _of_speech(sent: Sequence[Sent]) -> list[Sent]:
    """The messages that are not plainly about the device alone."""
    found = []
    for each in sent:
        about_device = each.topic.startswith("homeassistant/") or each.topic.endswith(_PRESENCE)
        if each.topic.endswith("/state"):
            about_device = set(json.loads(each.payload)) <= {"local_only", "muted", "version"}
        if each.name == "publish" and not about_device:
            found.append(each)
    return found


def _look(told: str, seen: Seen) -> None:
    """Print what it was."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for each in seen.sent:
        name = f"{each.name} {each.topic}".strip()
        counts[name] += 1
        sizes[name] += each.size_bytes
    print(f"{told}: {seen.bytes} bytes to the broker, {len(seen.others)} packets to elsewhere")
    for name, count in counts.most_common():
        print(f"    {sizes[name]:7} bytes  {count:3} x {name}")


def _connected(daemon: Spoken, network: Network, sound: NDArray[np.int16]) -> int:
    daemon.connect()
    daemon.hear(sound)
    seen = daemon.seen()
    _look("connected", seen)
    _refuse_others(seen)
    if wrong := [trouble for each in seen.sent if (trouble := sounds_like(each))]:
        raise Failed(f"connected, it sent {wrong[0]}")
    lattice_bytes = sum(each.size_bytes for each in seen.sent if each.topic.endswith("/lattice"))
    if not lattice_bytes:
        raise Failed("connected, no lattice left: nothing was heard, so the test shows nothing")
    most = len(sound) / 16_000 * _OPUS_BYTES_PER_S / 10
    if lattice_bytes > most:
        raise Failed(
            f"lattices have {lattice_bytes} bytes, more than the {most:.0f} that are too few for sound"
        )
    _check_sockets(network, 1)
    return seen.bytes


def _local_only(daemon: Spoken, network: Network, sound: NDArray[np.int16], told: str) -> int:
    """Speak in local-only mode; returns the bytes that derive from speech."""
    daemon.hear(sound)
    seen = daemon.seen()
    _look(told, seen)
    _refuse_others(seen)
    return sum(each.size_bytes for each in _of_speech(seen.sent))


def _refuse_others(seen: Seen) -> None:
    if seen.others:
        other = seen.others[0]
        raise Failed(f"{len(seen.others)} packets went elsewhere, the first ({other.what}) to {other.to}")


def _check_sockets(network: Network, connections: int) -> None:
    """The daemon is alone in its network: every socket there is its own."""
    found = network.sockets()
    if len(found["tcp"]) != connections or any(found[kind] for kind in ("udp", "raw", "packet")):
        raise Failed(f"{connections} connections expected; /proc/net has {found}")


def _check(network: Network, port: int, folder: Path, sound: NDArray[np.int16]) -> tuple[int, int]:
    """All modes of one daemon; returns the bytes of speech in local-only mode, and all while connected."""
    with Spoken(network, port, folder / "first", _MODULE, updates=False) as daemon:
        connected_bytes = _connected(daemon, network, sound)
        deleted = daemon.switch(True)
        last = daemon.seen()
        _look(f"switching to local-only, which deleted {deleted} requests", last)
        states = [json.loads(each.payload) for each in last.sent if each.topic.endswith("/state")]
        if _of_speech(last.sent) or not (states and states[-1]["local_only"]):
            raise Failed("the last words are not that local-only is on")
        _check_sockets(network, 0)
        handled = _requests(daemon)
        speech_bytes = _local_only(daemon, network, sound, "local-only")
        if _requests(daemon) == handled:
            raise Failed("in local-only mode nothing was heard, so the test shows nothing")
        _check_sockets(network, 0)
        daemon.switch(False)
        daemon.connect()
        again = daemon.seen()
        _look("connected again", again)
        speech_bytes += sum(each.size_bytes for each in again.sent if each.topic.endswith("/lattice"))
        before = daemon.total_bytes()
        reported = ask(daemon.socket, "privacy", since_s=0.0)["sent_bytes"]
        after = daemon.total_bytes()  # a sign of life may have come between
        print(f"privacy report: {reported} bytes; on the cable: {after}")
        if not before <= reported <= after:
            raise Failed(f"the daemon reports {reported} bytes, and {after} left")
    with Spoken(network, port, folder / "second", _MODULE, updates=True) as daemon:
        daemon.connect()
        daemon.switch(True)
        daemon.connect()
        daemon.seen()
        speech_bytes += _local_only(daemon, network, sound, "local-only, but models may come")
    return speech_bytes, connected_bytes


def _requests(daemon: Spoken) -> int:
    """How many requests were recognised: each leaves its readings for a minute."""
    try:
        return hash(json.dumps(ask(daemon.socket, "lattice")["lattice"], sort_keys=True))
    except AlexaLocalError:
        return 0


def _self_check(network: Network, port: int, folder: Path, sound: NDArray[np.int16]) -> None:
    """A daemon whose gate is propped open must be caught."""
    with Spoken(network, port, folder / "leaky", _LEAKY, updates=False) as daemon:
        daemon.connect()
        daemon.switch(True)
        daemon.connect()
        daemon.seen()
        if not _local_only(daemon, network, sound, "local-only with a gate that leaks"):
            raise Failed("a gate that leaks was not noticed: this test is blind")


def main(argv: Sequence[str]) -> int:
    """Run it; 0 when nothing left that must not, 1 when something did, 69 or 77 when it cannot be run."""
    parser = argparse.ArgumentParser(prog="scripts/test-privacy", description=__doc__)
    parser.add_argument("--no-self-check", action="store_true", help="do not try a gate that leaks")
    arguments = parser.parse_args(argv)
    if find_mosquitto() is None:
        print("There is no mosquitto. Install it with: sudo apt install mosquitto", file=sys.stderr)
        return 69
    if why := why_not():
        print(why, file=sys.stderr)
        return 77
    sound = build_scene(_COMMANDS)
    with tempfile.TemporaryDirectory(prefix="al-") as scratch, Network() as network:
        folder = Path(scratch)
        port = 18_830
        more = f"allow_anonymous true\nlistener {port} {network.host}\n"
        folder.chmod(0o755)  # for the broker's own user
        with Mosquitto(folder, more):
            try:
                speech_bytes, connected_bytes = _check(network, port, folder, sound)
                if not arguments.no_self_check:
                    _self_check(network, port, folder, sound)
            except Failed as failure:
                print(f"FAILED: {failure}")
                return 1
    print(json.dumps({"local_only_speech_bytes": speech_bytes, "connected_bytes": connected_bytes}))
    return 1 if speech_bytes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
