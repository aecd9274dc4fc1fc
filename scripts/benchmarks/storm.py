"""Thousands of devices that find their broker again at once: how long until all are back and have answers.

    scripts/bench storm --devices 10000 --workers 1

Every device is a TCP connection and an MQTT 5 session of its own. They connect, the broker is killed and
started again, and each comes back after a random part of a second, as devices do. Each then subscribes to
its results, and some send a lattice, and again while there is no answer: no worker may be back yet. It has
MQTT of its own: a client library for each device would cost more than the broker.
"""

from __future__ import annotations

import argparse
import heapq
import json
import os
import random
import resource
import selectors
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

from alexa_local.errors import AlexaLocalError, NetworkError
from alexa_local.mqtt import wire
from alexa_local.testing.mosquitto import Mosquitto
from scripts.benchmarks.rerank import WorkerProcess, heard, sounds

PREFIX = "alexa-local"
SPREAD_S = 1.0
"""Seconds over which devices come back."""

REPEAT_S = 15.0
"""Seconds until a device sends its lattice again."""

_CONNACK, _PUBLISH, _PUBACK, _SUBACK = 2, 3, 4, 9
_LIMIT_S = 300.0
_OPEN_FILES_BESIDE = 200
_BROKER = "allow_anonymous true\nconnection_messages false\nmax_queued_messages 0\n"
"""Without the last, mosquitto drops what is beyond 1000 lattices for a worker; and nobody reads its log."""


def packet(kind: int, flags: int, body: bytes) -> bytes:
    """One MQTT packet."""
    return bytes([kind << 4 | flags]) + _varint(len(body)) + body


def text(value: str) -> bytes:
    """A string as MQTT has it: two bytes of length, UTF-8."""
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


def connect_packet(name: str) -> bytes:
    """CONNECT: version 5, clean start, a minute's keep-alive, no properties."""
    return packet(1, 0, text("MQTT") + bytes([5, 2, 0, 60, 0]) + text(name))


def subscribe_packet(topic: str) -> bytes:
    """SUBSCRIBE to one topic with QoS 1; its number is 1."""
    return packet(8, 2, b"\0\1\0" + text(topic) + b"\1")


def lattice_packet(device: str, lattice: bytes) -> bytes:
    """PUBLISH of a lattice with QoS 1; its number is 2."""
    properties = wire.lattice_properties(uuid4(), wire.result_topic(PREFIX, device), 600)
    return packet(3, 2, text(wire.lattice_topic(PREFIX, device)) + b"\0\2" + properties.pack() + lattice)


def packets(data: bytearray) -> list[tuple[int, bytes]]:
    """Take all whole packets off the front: each one's kind, and its body."""
    found = []
    while len(data) >= 2:
        length = shift = 0
        for at in range(1, min(5, len(data))):
            length |= (data[at] & 127) << shift
            shift += 7
            if data[at] < 128:
                break
        else:
            break
        end = at + 1 + length
        if len(data) < end:
            break
        found.append((data[0] >> 4, bytes(data[at + 1 : end])))
        del data[:end]
    return found


class Device:
    """One of them; it sends its lattice once its subscription is there.

    Attributes:
        subscribed: whether results can come.
        answered: whether one came.
    """

    def __init__(self, number: int, lattice: bytes | None) -> None:
        self.name = f"device-{number}"
        self._lattice = lattice
        self.socket: socket.socket | None = None
        self.subscribed = self.answered = False
        self._read = bytearray()

    def open(self, port: int) -> socket.socket:
        """Begin to connect."""
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(("127.0.0.1", port))
        self.subscribed, self._read = False, bytearray()
        return self.socket

    def greet(self) -> None:
        """Say who this is, once the connection is there; OSError if it is not."""
        assert self.socket is not None
        if error := self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(error, os.strerror(error))
        self.socket.sendall(connect_packet(self.name))

    def send(self) -> None:
        """Send the lattice, if it has one without an answer."""
        if self._lattice is not None and not self.answered and self.socket is not None:
            self.socket.sendall(lattice_packet(self.name, self._lattice))

    def hear(self) -> None:
        """Read what is there, and answer; OSError if the broker is gone."""
        assert self.socket is not None
        data = self.socket.recv(65536)
        if not data:
            raise OSError("the broker hung up")
        self._read += data
        for kind, body in packets(self._read):
            if kind == _CONNACK:
                self.socket.sendall(subscribe_packet(wire.result_topic(PREFIX, self.name)))
            elif kind == _SUBACK:
                self.subscribed = True
                self.send()
            elif kind == _PUBLISH:
                self.answered = True
                topic_bytes = int.from_bytes(body[:2], "big")
                self.socket.sendall(packet(_PUBACK, 0, body[2 + topic_bytes : 4 + topic_bytes]))


class Crowd:
    """All devices and their one loop."""

    def __init__(self, devices: Sequence[Device], port: int) -> None:
        self._devices, self._port = devices, port
        self._selector = selectors.DefaultSelector()
        self._due: list[tuple[float, int]] = []
        self._random = random.Random(1)
        self.refused = 0
        for number in range(len(devices)):
            self._later(number)

    def run_until(self, what: str, is_over: str) -> float:
        """Go on until that is true of every device; returns the seconds."""
        began_s = again_s = time.monotonic()
        while missing := sum(not getattr(device, is_over) for device in self._devices):
            if time.monotonic() - began_s > _LIMIT_S:
                raise NetworkError(f"{missing} devices: {what} took too long. Try fewer devices.")
            if is_over == "answered" and time.monotonic() - again_s > REPEAT_S:
                again_s = time.monotonic()
                for device in self._devices:
                    device.send()
            self._turn()
        return time.monotonic() - began_s

    def lose_all(self) -> None:
        """Notice that the broker is gone."""
        while any(device.socket is not None for device in self._devices):
            self._turn(connects=False)

    def close(self) -> None:
        """Hang up."""
        for device in self._devices:
            if device.socket is not None:
                device.socket.close()
        self._selector.close()

    def _turn(self, connects: bool = True) -> None:
        now_s = time.monotonic()
        while connects and self._due and self._due[0][0] <= now_s:
            number = heapq.heappop(self._due)[1]
            opened = self._devices[number].open(self._port)
            self._selector.register(opened, selectors.EVENT_WRITE, number)
        for key, _ in self._selector.select(0.02):
            device = self._devices[key.data]
            try:
                if key.events == selectors.EVENT_WRITE:
                    device.greet()
                    self._selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                else:
                    device.hear()
            except OSError:
                self.refused += 1
                self._selector.unregister(key.fileobj)
                assert device.socket is not None
                device.socket.close()
                device.socket, device.subscribed = None, False
                self._later(key.data)

    def _later(self, number: int) -> None:
        heapq.heappush(self._due, (time.monotonic() + self._random.uniform(0.0, SPREAD_S), number))


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def storm(args: argparse.Namespace) -> dict[str, float]:
    """Run it once."""
    open_files = args.devices + _OPEN_FILES_BESIDE
    most = max(open_files, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, most))
    except (ValueError, OSError) as error:
        raise NetworkError(f"{open_files} files cannot be open here. Raise `ulimit -n`.") from error
    lattices = [one.lattice for one in heard(sounds([], "", 10))]
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        broker = stack.enter_context(Mosquitto(Path(folder), _BROKER))
        for number in range(1, args.workers + 1):
            stack.enter_context(closing(WorkerProcess(broker.port, f"storm-{number}", args.model)))
        every = max(1, args.devices // args.lattices)
        devices = [
            Device(number, lattices[number % len(lattices)] if number % every == 0 else None)
            for number in range(args.devices)
        ]
        crowd = stack.enter_context(closing(Crowd(devices, broker.port)))
        first_s = crowd.run_until("connecting", "subscribed")
        broker.stop()
        crowd.lose_all()
        for number, device in enumerate(devices):
            device.answered = number % every != 0  # so that those with a lattice send it again
        broker.start()
        crowd.refused = 0
        back_s = crowd.run_until("coming back", "subscribed")
        answered_s = back_s + crowd.run_until("waiting for answers", "answered")
        asked = len(range(0, args.devices, every))
    print(f"first connection of all: {first_s:.1f} s; while they came back {crowd.refused} attempts failed")
    return {
        "devices": args.devices,
        "back_s": round(back_s, 2),
        "lattices": asked,
        "answered_s": round(answered_s, 2),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="scripts/bench storm", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--devices", type=int, default=10_000, metavar="N", help="devices (10000)")
    parser.add_argument("--lattices", type=int, default=200, metavar="N", help="devices with a lattice (200)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes (1)")
    parser.add_argument("--model", type=Path, help="folder of another language model")
    args = parser.parse_args(argv)
    try:
        found = storm(args)
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
