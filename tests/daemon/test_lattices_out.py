"""From sound to action over a real broker: what the device misreads, a worker reads right."""

from __future__ import annotations

import dataclasses
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from alexa_local.cloud import worker as cloud
from alexa_local.cloud.answering import Answering
from alexa_local.cloud.metrics import Metrics
from alexa_local.cloud.rerank import Reranker
from alexa_local.cloud.worker import BrokerSettings
from alexa_local.config import (
    MqttSettings,
)
from alexa_local.messages import Lattice, LatticeArc
from alexa_local.notify import Notifier
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.lattice_wire import from_bytes
from alexa_local.recognise.rescore import Mix
from alexa_local.testing.link import Link
from alexa_local.testing.loud_home import LIMIT_S, LoudHome
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto
from alexa_local.testing.stages import LoudStream
from alexa_local.testing.worker import Worker, reading

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")

LAMP = "turn on the lamp"


def _home(folder: Path, port: int) -> LoudHome:
    return LoudHome(folder, MqttSettings(host="127.0.0.1", port=port, device_id="kitchen", rerank="unclear"))


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as server:
        yield server


@pytest.fixture
def home(folder: Path, mosquitto: Mosquitto) -> Iterator[LoudHome]:
    with closing(_home(folder, mosquitto.port)) as home:
        yield home


def test_what_the_device_misreads_a_worker_reads_right_and_it_is_done_once(
    home: LoudHome, mosquitto: Mosquitto
) -> None:
    read: queue.Queue[str] = queue.Queue()

    def answer(payload: bytes):
        read.put(n_best(from_bytes(payload), 1)[0].text)
        return reading(LAMP)

    with closing(Worker(mosquitto.port, answer, copies=3)) as worker:
        home.microphone.speak()
        assert home.event("intent")["text"] == "loud"
        assert not home.event("action")["done"]
        assert home.event("revision")["source"] == "cloud"
        assert home.event("reset")["reason"] == "revised"
        told = home.event("intent")
        assert (told["text"], told["intent"], told["revised_by"]) == (LAMP, "TurnOn", "cloud")
        assert home.event("action")["done"]
        while home.outbox()["answers"].get("repeated", 0) < 2:
            pass
        assert read.get() == "loud" and len(worker.seen) == 1
    told = home.outbox()
    assert (told["waiting"], told["outcomes"], told["answers"]["result"]) == ([], {"acted": 1}, 1)
    assert home.switched.read_text() == "ON\n"


def test_a_worker_that_reads_the_same_changes_nothing(home: LoudHome, mosquitto: Mosquitto) -> None:
    with closing(Worker(mosquitto.port, lambda _: reading("loud"))):
        home.microphone.speak()
        assert home.event("revision")["refused"] == "same"
    assert not home.switched.exists()


def test_local_only_deletes_what_waits_and_keeps_nothing_after(home: LoudHome, mosquitto: Mosquitto) -> None:
    home.microphone.speak()
    home.event("rerank")
    while not home.outbox()["waiting"]:
        pass
    assert home.ask("status")["outbox"] == 1
    assert home.ask("mode", on=True)["deleted"] == 1
    assert home.outbox()["waiting"] == []
    seen: queue.Queue[bytes] = queue.Queue()
    with closing(Worker(mosquitto.port, lambda payload: seen.put(payload))) as worker:
        home.microphone.speak()
        home.event("rerank")
        while home.outbox()["answers"] != {"local-only": 1}:
            pass
        assert home.ask("mode", on=False)["deleted"] == 0
        home.microphone.speak()
        assert seen.get(timeout=LIMIT_S)
        assert len(home.outbox()["waiting"]) == 1 and len(worker.seen) == 1


def test_what_waits_outlives_the_daemon_and_is_deleted_where_nothing_is_to_be_sent(
    folder: Path, mosquitto: Mosquitto
) -> None:
    with closing(_home(folder, mosquitto.port)) as home:
        home.microphone.speak()
        home.event("rerank")
        while not home.outbox()["waiting"]:
            pass
    with closing(_home(folder, mosquitto.port)) as home:
        assert len(home.outbox()["waiting"]) == 1
        reply = home.ask("say", text="turn on local only mode")["reply"]
        assert reply.endswith("I deleted one request that waited to be sent.")
    with closing(_home(folder, mosquitto.port)) as home:
        assert home.outbox()["waiting"] == []


def test_no_broker_and_a_cut_link_leave_the_request_as_it_was(folder: Path, mosquitto: Mosquitto) -> None:
    with Link(mosquitto.port) as link, closing(_home(folder, link.port)) as home:
        link.cut()
        home.microphone.speak()
        assert not home.event("action")["done"]
        home.event("rerank")
        assert home.ask("say", text=LAMP)["done"]
        assert json.dumps(home.outbox())
        assert home.switched.read_text() == "ON\n"


class LampModel:
    """Finds sentences with a lamp likelier."""

    def log_probabilities(self, texts: list[str]) -> np.ndarray:
        return np.array([-1.0 if "lamp" in text.split() else -9.0 for text in texts], np.float32)


def _two_readings(_: LoudStream) -> Lattice:
    """ "loud", which sounds likelier, and "turn on the lamp"."""
    right = [
        LatticeArc(at, at + 1, word, at / 4, at / 4 + 0.25, -0.5) for at, word in enumerate(LAMP.split())
    ]
    loud = LatticeArc(0, 4, "loud", 0.0, 1.0, -0.5)
    arcs = sorted([*right, loud], key=lambda arc: (arc.start, arc.end, arc.word))
    return Lattice((0.0, 0.25, 0.5, 0.75, 1.0), tuple(arcs))


def test_an_owners_server_reads_it_right_and_it_is_done_once(
    home: LoudHome, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LoudStream, "lattice", _two_readings)
    answering = Answering("alexa-local", Reranker(LampModel(), Mix(model=1.0)), "server")
    settings = BrokerSettings("127.0.0.1", mosquitto.port)
    worker = cloud.Worker("server", settings, answering, Metrics(), Notifier({}))
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        home.microphone.speak()
        assert home.event("intent")["text"] == "loud"
        told = home.event("intent")
        assert (told["text"], told["revised_by"]) == (LAMP, "cloud")
        assert home.event("action")["done"]
    finally:
        worker.stop()
        thread.join(LIMIT_S)
    assert home.switched.read_text() == "ON\n" and home.outbox()["waiting"] == []


def test_on_a_metered_link_lattices_wait_unless_the_owner_pays(folder: Path, mosquitto: Mosquitto) -> None:
    """127.1 is this machine by a name that counts as another one's: to its own broker nothing is metered."""
    settings = MqttSettings("127.1", mosquitto.port, device_id="kitchen", rerank="unclear", metered="yes")
    with closing(LoudHome(folder, settings)) as home:
        home.microphone.speak()
        home.event("rerank")
        while not home.outbox()["waiting"]:
            pass
        told = home.outbox()
        assert told["waits_for"] == "another connection" and told["sent"] == 0
        assert home.ask("status")["metered"] is True
    with closing(LoudHome(folder, dataclasses.replace(settings, on_metered=True))) as home:
        while not home.outbox()["sent"]:
            pass
        assert home.outbox()["waits_for"] == ""
