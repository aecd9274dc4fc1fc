"""The look from outside reads packets and messages as they are, and takes nothing for text that is sound."""

import struct

import numpy as np
import pytest

from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.lattice_wire import to_bytes
from scripts.privacy_test.network import Packet, _read
from scripts.privacy_test.reading import Sent, messages, sounds_like, streams

TO = ("10.0.0.1", 1883)
PUBLISH = bytes([0x32, 14, 0, 4]) + b"home" + bytes([0, 1, 0]) + b"hello"
SUBSCRIBE = bytes([0x82, 9, 0, 1, 0, 0, 3]) + b"a/#" + bytes([1])


def test_a_frame_becomes_what_it_carries() -> None:
    tcp = struct.pack("!HHIIBBHHH", 40_000, 1883, 7, 0, 5 << 4, 0x18, 0, 0, 0) + b"data"
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(4), bytes([10, 0, 0, 1]))
    frame = bytes(12) + b"\x08\x00" + ip + tcp + bytes(6)  # Ethernet fills up what is short
    assert _read(frame) == Packet("tcp", TO, 40_000, 7, False, b"data")
    udp = struct.pack("!HHHH", 5353, 53, 12, 0) + b"name"
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), bytes([9, 9, 9, 9]))
    found = _read(bytes(12) + b"\x08\x00" + ip + udp)
    assert found is not None and (found.what, found.to) == ("IP protocol 17", ("9.9.9.9", 53))
    assert _read(bytes(12) + b"\x08\x06" + bytes(28)) is None
    assert _read(bytes(12) + b"\x86\xdd" + bytes(40)) is not None


def test_a_connection_is_put_together_whatever_comes_twice_or_late() -> None:
    parts = [(5, True, b""), (11, False, b"fgh"), (6, False, b"abc"), (6, False, b"abcde"), (9, False, b"de")]
    packets = [Packet("tcp", TO, 1, number, begins, data) for number, begins, data in parts]
    assert streams(packets) == {1: b"abcdefgh"}


def test_messages_are_read_and_what_is_cut_is_told() -> None:
    found = list(messages(PUBLISH + SUBSCRIBE + b"\xc0\x00" + PUBLISH[:5]))
    assert [(each.name, each.topic, each.size_bytes) for each in found] == [
        ("publish", "home", 16),
        ("subscribe", "a/#", 11),
        ("ping", "", 2),
        ("part", "", 5),
    ]
    assert found[0].payload == b"hello"


@pytest.mark.parametrize(
    ("topic", "payload", "is_sound"),
    [
        ("a/b/state", b'{"muted": true}', False),
        ("home/lamp", b"ON", False),
        ("home/lamp", np.arange(-400, 400, dtype=np.int16).tobytes(), True),
        ("a/b/lattice", bytes(range(200)), True),
        ("a/b/events", b'{"x": "' + b"QUJD" * 400 + b'"}', True),
        ("a/b/lattice", None, False),
    ],
)
def test_only_text_and_lattices_are_no_sound(topic: str, payload: bytes | None, is_sound: bool) -> None:
    arc = LatticeArc(0, 1, "stop", 0, 1, -1.0)
    data = to_bytes(Lattice((0.0, 1.0), (arc,))) if payload is None else payload
    assert bool(sounds_like(Sent("publish", topic, data, len(data)))) is is_sound
