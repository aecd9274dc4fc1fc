"""A network for the daemon alone: one cable leads out of it, and everything on that cable is seen."""

from __future__ import annotations

import errno
import os
import socket
import struct
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

_ALL_PROTOCOLS = 3  # ETH_P_ALL
_IPV4, _TCP = 0x0800, 6
_MOST_BYTES = 1 << 18
_IGNORED = {0x0806}
"""ARP: the kernel's own question which card has an address."""


@dataclass(frozen=True)
class Packet:
    """What left the daemon's network.

    Attributes:
        what: "tcp" or what else it was.
        to: address and port, where it is TCP.
        stream: the port it came from.
        number: TCP's sequence number of the first byte.
        begins: whether it opens a connection.
        payload: TCP's, or the whole packet where it is none.
    """

    what: str
    to: tuple[str, int]
    stream: int = 0
    number: int = 0
    begins: bool = False
    payload: bytes = b""


class Network:
    """A network namespace with a cable to this machine's.

    Attributes:
        name: of the namespace.
        host: this machine's address in it.
    """

    def __init__(self) -> None:
        number = os.getpid() % 200 + 20
        self.name, self._outside = f"alexa-privacy-{os.getpid()}", f"alexa{os.getpid() % 100_000}"
        self.host, self._guest = f"10.203.{number}.1", f"10.203.{number}.2"
        self._packets: list[Packet] = []
        self._lock = threading.Lock()
        self._ended = False

    def __enter__(self) -> Network:
        inside = ("ip", "-n", self.name)
        _must("ip", "netns", "add", self.name)
        _must("ip", "link", "add", self._outside, "type", "veth", "peer", "name", "out", "netns", self.name)
        for scope in ("all", "default"):
            off = f"net.ipv6.conf.{scope}.disable_ipv6=1"
            _must("ip", "netns", "exec", self.name, "sysctl", "-qw", off)
        _must("ip", "address", "add", f"{self.host}/24", "dev", self._outside)
        _must(*inside, "address", "add", f"{self._guest}/24", "dev", "out")
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
        self._socket.bind((self._outside, 0))
        self._socket.settimeout(0.2)
        self._thread = threading.Thread(target=self._watch, name="capture")
        self._thread.start()
        _must("ip", "link", "set", self._outside, "up")
        _must(*inside, "link", "set", "out", "up")
        _must(*inside, "link", "set", "lo", "up")
        _must(*inside, "route", "add", "default", "via", self.host)  # what wants out shall show itself
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True
        self._thread.join()
        self._socket.close()
        _must("ip", "netns", "delete", self.name)

    def take(self) -> list[Packet]:
        """What left since the last look."""
        with self._lock:
            packets, self._packets = self._packets, []
        return packets

    def sockets(self) -> dict[str, list[str]]:
        """The sockets that are open in it, by kind: /proc tells, whatever their program."""
        found = {}
        for kind in ("tcp", "udp", "raw", "packet"):
            text = _must("ip", "netns", "exec", self.name, "cat", f"/proc/net/{kind}")
            found[kind] = [line for line in text.splitlines()[1:] if kind != "tcp" or _is_alive(line)]
        return found

    def _watch(self) -> None:
        while not self._ended:
            try:
                frame, (_, _, direction, *_) = self._socket.recvfrom(_MOST_BYTES)
            except OSError as error:
                if isinstance(error, TimeoutError) or error.errno == errno.ENETDOWN:  # it comes up only now
                    continue
                raise
            packet = _read(frame) if direction != socket.PACKET_OUTGOING else None
            if packet is not None:
                with self._lock:
                    self._packets.append(packet)


def _is_alive(line: str) -> bool:
    """Whether a line of /proc/net/tcp is more than the memory of a connection (TIME_WAIT)."""
    return line.split()[3] != "06"


def _read(frame: bytes) -> Packet | None:
    """One Ethernet frame; None for the kernel's own."""
    protocol = struct.unpack_from("!H", frame, 12)[0]
    if protocol in _IGNORED:
        return None
    if protocol != _IPV4:
        return Packet(f"protocol {protocol:#06x}", ("", 0), payload=frame)
    start = 14
    header = (frame[start] & 0x0F) * 4
    length = struct.unpack_from("!H", frame, start + 2)[0]
    address = socket.inet_ntoa(frame[start + 16 : start + 20])
    body = frame[start + header : start + length]
    if frame[start + 9] != _TCP:
        port = struct.unpack_from("!H", body, 2)[0] if frame[start + 9] == 17 else 0
        return Packet(f"IP protocol {frame[start + 9]}", (address, port), payload=body)
    source, target, number = struct.unpack_from("!HHI", body)
    begins, data = bool(body[13] & 0x02), body[(body[12] >> 4) * 4 :]
    return Packet("tcp", (address, target), source, number, begins, data)


def _must(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def why_not() -> str:
    """Why this cannot be done here, "" when it can."""
    if os.geteuid() != 0:
        return "A network of its own and its packets need root: sudo scripts/test-privacy"
    if not any(Path(folder, "ip").exists() for folder in ("/sbin", "/usr/sbin", "/bin", "/usr/bin")):
        return "The program ip is missing: apt install iproute2"
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
        with Network():
            return ""
    except (OSError, RuntimeError) as error:
        return f"This machine gives no network of its own, or does not show its packets ({error})."
