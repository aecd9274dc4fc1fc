"""From the outbox through a real broker to a worker and back, while everything in between fails."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from alexa_local.mqtt import Pace, Refusal
from alexa_local.mqtt.wire import result_topic
from alexa_local.store import open_store
from alexa_local.testing.link import Link
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto
from alexa_local.testing.sender import Sender
from alexa_local.testing.worker import Worker, reading

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")

LIMIT_S = 120.0
"""Only a test that fails waits so long."""

ROOT = Path(__file__).resolve().parents[2]
QUICK = Pace(first_s=0.2, most_s=1.0, spread_s=0.02)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as server:
        yield server


def _worker(mosquitto: Mosquitto, copies: int = 1) -> closing[Worker]:
    return closing(Worker(mosquitto.port, lambda payload: reading(payload.decode()), copies=copies))


def _sender(folder: Path, port: int) -> closing[Sender]:
    return closing(Sender(folder, port, QUICK))


def test_a_lattice_goes_out_and_its_result_comes_in(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with _worker(mosquitto) as worker, _sender(tmp_path, mosquitto.port) as sender:
        promise = sender.send(1, lambda: b"stop")
        assert promise.result(LIMIT_S) == reading("stop")
        assert len(worker.seen) == 1 and sender.outbox.waiting() == []


def test_the_second_of_two_answers_is_dropped(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with _worker(mosquitto, copies=3), _sender(tmp_path, mosquitto.port) as sender:
        for number in range(5):
            sender.send(number, lambda: b"stop")
        assert sender.wait()
        assert sender.results == dict.fromkeys(range(5), 1)


def test_a_worker_that_comes_later_finds_everything(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with _sender(tmp_path, mosquitto.port) as sender:
        assert sender.listening.wait(LIMIT_S)
        for number in range(20):
            sender.send(number, lambda: b"stop")
        with _worker(mosquitto):
            assert sender.wait()
        assert sender.results == dict.fromkeys(range(20), 1)


def test_a_broker_that_restarts_and_forgets_loses_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with _worker(mosquitto), _sender(tmp_path, mosquitto.port) as sender:
        for number in range(20):
            sender.send(number, lambda: b"stop")
            if number == 10:
                mosquitto.stop()
        mosquitto.start()
        assert sender.wait()
        assert sender.results == dict.fromkeys(range(20), 1)


def test_a_broker_that_is_frozen_loses_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with _worker(mosquitto), _sender(tmp_path, mosquitto.port) as sender:
        sender.send(0, lambda: b"stop").result(LIMIT_S)
        mosquitto.freeze()
        for number in range(1, 10):
            sender.send(number, lambda: b"stop")
        assert not sender.wait(limit_s=0.5)
        mosquitto.freeze(False)
        assert sender.wait()
        assert sender.results == dict.fromkeys(range(10), 1)


def test_a_link_that_swallows_everything_loses_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with _worker(mosquitto), Link(mosquitto.port) as link, _sender(tmp_path, link.port) as sender:
        sender.send(0, lambda: b"stop").result(LIMIT_S)
        link.hold()
        for number in range(1, 10):
            sender.send(number, lambda: b"stop")
        assert not sender.wait(limit_s=0.5)
        link.cut(tell_server=False)
        link.mend()
        assert sender.wait()
        assert sender.results == dict.fromkeys(range(10), 1)


def test_a_device_that_restarts_sends_what_it_had(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with _sender(tmp_path, mosquitto.port) as sender:
        sender.send(0, lambda: b"stop")
        assert sender.listening.wait(LIMIT_S)
        while not sender.exchange.sent:
            sender.wait(limit_s=0.01)
        (waiting,) = sender.outbox.waiting()
    with _worker(mosquitto) as worker, _sender(tmp_path, mosquitto.port) as sender:
        while sender.outbox.waiting():
            sender.wait(most_pending=-1, limit_s=0.01)
        assert list(worker.seen) == [waiting.id]
        assert sender.results == {}  # too late for anybody to wait for it


def test_a_refusal_ends_it(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with (
        closing(Worker(mosquitto.port, lambda _: Refusal("damaged"))),
        _sender(tmp_path, mosquitto.port) as sender,
    ):
        sender.send(0, lambda: b"nonsense")
        assert sender.wait()
        assert sender.results == {} and sender.outbox.waiting() == []


def test_what_is_no_result_is_counted_and_changes_nothing(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with (
        closing(Worker(mosquitto.port, lambda _: None)) as worker,
        _sender(tmp_path, mosquitto.port) as sender,
    ):
        promise = sender.send(0, lambda: b"stop")
        while not worker.seen:
            sender.wait(limit_s=0.01)
        (request,) = worker.seen
        topic = result_topic("alexa-local", "sender")
        worker.say(topic, b"{}", request)
        worker.say(topic, b'{"hypotheses": []}', request)
        worker.say(topic, b'{"refused": "not that one"}', uuid4())
        worker.say(
            topic, b'{"hypotheses":[{"text":"go","log_probability":0}],"confidence":1,"worker":"a"}', request
        )
        assert promise.result(LIMIT_S).hypotheses[0].text == "go"
        assert sender.exchange.invalid == 2


SEND_FOREVER = """
import itertools, sys
from pathlib import Path
from alexa_local.mqtt import Pace
from alexa_local.testing.sender import Sender
sender = Sender(Path(sys.argv[1]), int(sys.argv[2]), Pace(first_s=0.2, most_s=1.0, spread_s=0.02))
for number in itertools.count():
    promise = sender.send(number, lambda: f"{sys.argv[3]}-{number}".encode())
    promise.add_done_callback(lambda promise: print(promise.result().worker, flush=True))
"""


def test_a_device_that_is_killed_at_any_moment_loses_nothing_that_it_kept(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """What was in the database when the process was killed is all read by a worker in the end."""
    kept: set[bytes] = set()
    seen: list[bytes] = []

    def read(payload: bytes):  # type: ignore[no-untyped-def]
        seen.append(payload)
        return reading("stop")

    with closing(Worker(mosquitto.port, read)):
        for life, results in enumerate((1, 5, 20)):
            command = [sys.executable, "-c", SEND_FOREVER, str(tmp_path), str(mosquitto.port), str(life)]
            child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT)
            assert child.stdout is not None
            with child, child.stdout as said:
                for _ in range(results):
                    said.readline()
                child.kill()
            assert child.returncode == -9
            with open_store(tmp_path / "sender.db") as store:
                kept |= {bytes(row["payload"]) for row in store.read("SELECT payload FROM outbox")}
        with _sender(tmp_path, mosquitto.port) as sender:
            while sender.outbox.waiting():
                sender.wait(most_pending=-1, limit_s=0.01)
    assert kept and kept <= set(seen)
