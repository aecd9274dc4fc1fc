"""What a connection's bytes were, whatever the pieces in which the network took them."""

import itertools
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.config import MqttSettings
from alexa_local.mqtt import Broker, Kind, Subscription
from alexa_local.mqtt.meter import Meter
from alexa_local.store import Traffic
from alexa_local.testing.certificates import make_certificate
from alexa_local.testing.gate import FakeGate
from alexa_local.testing.link import Link
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto

PUBLISH = bytes([0x32, 14, 0, 4]) + b"home" + bytes([0, 1, 0]) + b"hello"
PING = bytes([0xC0, 0])
SUBSCRIBE = bytes([0x82, 9, 0, 1, 0, 0, 3]) + b"a/#" + bytes([1])
STREAM = PUBLISH + PING + SUBSCRIBE
TOLD = [
    Traffic("command", "message", "home", 1, 5, 11),
    Traffic("presence", "sign of life", other_bytes=2),
    Traffic("updates", "subscription", other_bytes=11),
]


@given(cuts=st.lists(st.integers(0, len(STREAM))))
def test_each_packet_is_told_once_however_it_was_cut(cuts: list[int]) -> None:
    told: list[Traffic] = []
    meter = Meter(told.append)
    meter.note("home", Kind.COMMAND)
    meter.note("a/#", Kind.UPDATES)
    places = [0, *sorted(cuts), len(STREAM)]
    for begin, end in itertools.pairwise(places):
        meter.sent(STREAM[begin:end])
    assert told == TOLD


def test_what_nobody_named_counts_as_the_worst_and_half_a_packet_is_not_forgotten() -> None:
    told: list[Traffic] = []
    meter = Meter(told.append)
    meter.sent(PUBLISH + PUBLISH[:7])
    meter.end(None)
    meter.begin()
    meter.sent(PING)
    assert [(each.kind, each.what) for each in told] == [
        ("speech", "message"),
        ("speech", "part of a message"),
        ("presence", "sign of life"),
    ]
    assert sum(each.payload_bytes + each.other_bytes for each in told) == len(PUBLISH) + 7 + len(PING)


@pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")
@pytest.mark.parametrize("encrypted", [False, True])
def test_all_that_a_relay_between_device_and_broker_counts_is_told(tmp_path: Path, encrypted: bool) -> None:
    told: list[Traffic] = []
    more = "allow_anonymous true\n"
    if encrypted:
        certificate, key = make_certificate(tmp_path)
        more += f"certfile {certificate}\nkeyfile {key}\nuser root\n"
    with Mosquitto(tmp_path, more) as server, Link(server.port) as link:
        settings = MqttSettings(
            host="127.0.0.1", port=link.port, tls_ca_file=certificate if encrypted else None
        )
        with closing(Broker(settings, FakeGate(), 60.0, 60.0, count=told.append)) as broker:
            broker.subscribe(Subscription(Kind.UPDATES, "models/#", lambda message: None))
            broker.start()
            broker.publish(Kind.COMMAND, "home/lamp", "ON")
            broker.publish(Kind.PRESENCE, "a/state", "x" * 100_000)
    by_kind: Counter[str] = Counter()
    for each in told:
        by_kind[each.kind] += each.payload_bytes + each.other_bytes
    received = by_kind.pop("received")
    assert sum(by_kind.values()) == link.sent_bytes
    assert by_kind["updates"] and by_kind["command"] and by_kind["presence"] > 100_000
    assert bool(by_kind["encryption"]) is encrypted
    assert received == link.received_bytes or encrypted
