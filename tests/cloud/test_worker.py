"""Workers at a real broker: every lattice has its answer, whatever happens to them or to the broker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from alexa_local.cloud.answering import Answering
from alexa_local.cloud.metrics import Metrics
from alexa_local.cloud.worker import BrokerSettings, Worker
from alexa_local.errors import AlexaLocalError, AlreadyRunning
from alexa_local.messages import Hypothesis, Lattice, LatticeArc
from alexa_local.mqtt.wire import Refusal, Result
from alexa_local.notify import Notifier
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.lattice_wire import to_bytes
from alexa_local.testing.lattice_senders import LatticeSenders
from alexa_local.testing.mosquitto import Mosquitto, find_mosquitto

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")
LIMIT_S = 60.0


def lattice(*words: str) -> bytes:
    arcs = [LatticeArc(at, at + 1, word, at / 2, at / 2 + 0.5, -1.0) for at, word in enumerate(words)]
    return to_bytes(Lattice(tuple(at / 2 for at in range(len(words) + 1)), tuple(arcs)))


class FirstReading:
    """Says what the search found likeliest; while it is shut, it holds the worker at its first lattice."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.open = threading.Event()
        self.open.set()

    def rerank(self, lattice: Lattice) -> tuple[list[Hypothesis], float]:
        self.began.set()
        assert self.open.wait(LIMIT_S)
        return n_best(lattice, 3), 0.5


class RunningWorker:
    """A worker in a thread of the test."""

    def __init__(self, port: int, name: str = "one", receive_maximum: int = 8) -> None:
        self.reader, self.metrics = FirstReading(), Metrics()
        self.error: AlexaLocalError | None = None
        settings = BrokerSettings("127.0.0.1", port, receive_maximum=receive_maximum)
        answering = Answering("alexa-local", self.reader, name)
        self._worker = Worker(name, settings, answering, self.metrics, Notifier({}))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"alexa_local_cloud_{name}", labels) or 0.0

    def stop(self) -> None:
        """Ask it to end."""
        self._worker.stop()

    def wait(self) -> None:
        """Return when it has ended."""
        self._thread.join(LIMIT_S)
        assert not self._thread.is_alive()

    def close(self) -> None:
        self.reader.open.set()
        self.stop()
        self.wait()

    def _run(self) -> None:
        try:
            self._worker.run()
        except AlexaLocalError as error:
            self.error = error


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as server:
        yield server


@pytest.fixture
def devices(mosquitto: Mosquitto) -> Iterator[LatticeSenders]:
    with closing(LatticeSenders(mosquitto.port)) as senders:
        yield senders


@pytest.fixture
def start(mosquitto: Mosquitto) -> Iterator[Callable[..., RunningWorker]]:
    running: list[RunningWorker] = []

    def start(**options: object) -> RunningWorker:
        running.append(RunningWorker(mosquitto.port, **options))  # type: ignore[arg-type]
        return running[-1]

    yield start
    for worker in running:
        worker.close()


def test_every_device_gets_what_its_own_lattice_says(devices, start) -> None:
    start(name="server-1")
    devices.wait_worker(lattice("stop"))
    asked = {
        devices.send(f"room-{at}", lattice("turn", word)): word
        for at, word in enumerate(["on", "off", "left"])
    }
    for request, word in asked.items():
        found = devices.result(request)
        assert isinstance(found, Result)
        assert (found.hypotheses[0].text, found.worker) == (f"turn {word}", "server-1")
    assert devices.strays == []


def test_a_repeat_is_answered_again(devices, start) -> None:
    start()
    devices.wait_worker(lattice("stop"))
    request = devices.send("kitchen", lattice("stop"))
    first = devices.result(request)
    devices.send("kitchen", lattice("stop"), request)
    devices.result(devices.send("kitchen", lattice("after")))
    assert devices.results[request] == [first, first]


def test_a_garbled_lattice_is_refused_and_counted_and_the_next_one_answered(devices, start) -> None:
    worker = start()
    devices.wait_worker(lattice("stop"))
    assert isinstance(devices.result(devices.send("kitchen", b"AL garbled")), Refusal)
    assert isinstance(devices.result(devices.send("kitchen", lattice("stop"))), Result)
    assert worker.counted("lattices_total", outcome="unreadable") == 1


def test_nothing_is_published_to_a_topic_of_the_messages_choice(devices, start) -> None:
    worker = start()
    devices.wait_worker(lattice("stop"))
    asked = [
        devices.send("kitchen", lattice("stop"), answer_to=topic)
        for topic in ("door/open", "alexa-local/bath/result", "")
    ]
    devices.result(devices.send("kitchen", lattice("after")))  # they come in order
    assert not any(request in devices.results for request in asked)
    assert (devices.strays, worker.counted("lattices_total", outcome="foreign_topic")) == ([], 3)


def test_a_broker_that_dies_and_comes_back_is_found_again(mosquitto, devices, start) -> None:
    start()
    devices.wait_worker(lattice("stop"))
    mosquitto.stop()
    mosquitto.start()
    devices.wait_connected()
    devices.wait_worker(lattice("stop"))


def test_stopping_finishes_what_is_in_hand_and_what_the_broker_still_has(devices, start) -> None:
    worker = start(receive_maximum=2)
    devices.wait_worker(lattice("stop"))
    worker.reader.open.clear()
    worker.reader.began.clear()
    asked = [devices.send("kitchen", lattice("turn", "on")) for _ in range(12)]
    assert worker.reader.began.wait(LIMIT_S)
    devices.wait_taken(asked)
    worker.stop()
    worker.reader.open.set()
    devices.wait_for(asked, LIMIT_S)
    worker.wait()
    assert all(len(devices.results[request]) == 1 for request in asked)
    assert worker.counted("in_hand") == 0


def test_two_workers_share_the_work(devices, start) -> None:
    both = [start(name="a"), start(name="b")]
    devices.wait_worker(lattice("stop"))
    for _ in range(60):  # until both have subscribed
        asked = [devices.send("kitchen", lattice("stop")) for _ in range(10)]
        devices.wait_for(asked, LIMIT_S)
        if all(one.counted("connected") for one in both) and {
            devices.results[one][0].worker for one in asked
        } == {"a", "b"}:
            return
    raise AssertionError("one of them did nothing")


def test_a_second_worker_of_the_same_name_ends_the_first() -> None:
    """mosquitto before 2.1 does not say why it hangs up; brokers that keep to the standard do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        worker = RunningWorker(server.getsockname()[1])
        connection, _ = server.accept()
        with connection:
            connection.recv(4096)  # CONNECT
            connection.sendall(bytes.fromhex("20 03 00 00 00"))  # CONNACK
            number = connection.recv(4096)[2:4]  # SUBSCRIBE
            connection.sendall(b"\x90\x04" + number + b"\x00\x01")  # SUBACK
            connection.sendall(bytes.fromhex("e0 01 8e"))  # DISCONNECT, session taken over
            worker.wait()
    assert isinstance(worker.error, AlreadyRunning)


def test_metrics_name_no_device_and_no_word(devices, start) -> None:
    from prometheus_client import generate_latest

    worker = start(name="server-1")
    devices.wait_worker(lattice("stop"))
    devices.result(devices.send("bedroom-of-ann", lattice("secret", "word")))
    said = generate_latest(worker.metrics.registry).decode()
    assert 'alexa_local_cloud_lattices_total{outcome="answered"}' in said
    assert not any(word in said for word in ("bedroom", "ann", "secret", "word"))


PATIENT = """
import sys
from alexa_local.cloud import main, worker
worker.SESSION_S = 600  # a busy machine may take long to start the next one
sys.exit(main.main(sys.argv[1:]))
"""


class Program:
    """`alexa-local-cloud rerank` in a process of its own."""

    def __init__(self, port: int, model: Path, name: str) -> None:
        command = [sys.executable, "-c", PATIENT, "rerank", "--broker", f"127.0.0.1:{port}"]
        command += ["--model", str(model), "--name", name]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def ready(self) -> Program:
        """Return when it has subscribed."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if "waiting for lattices" in line:
                return self
        raise AssertionError(f"it ended with {self.process.wait()}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()


def test_a_worker_that_is_killed_loses_nothing(mosquitto, devices, model_folder) -> None:
    """mosquitto keeps what a vanished worker had for that worker alone, until its session ends."""
    with (
        closing(Program(mosquitto.port, model_folder, "a").ready()) as first,
        closing(Program(mosquitto.port, model_folder, "b").ready()),
    ):
        os.kill(first.process.pid, signal.SIGSTOP)  # it has lattices in hand when it dies
        asked = [devices.send(f"room-{at}", lattice("call", "ann")) for at in range(40)]
        devices.wait_taken(asked)
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait(LIMIT_S)
        with closing(Program(mosquitto.port, model_folder, "a")):
            devices.wait_for(asked, LIMIT_S)
    assert {devices.results[one][0].worker for one in asked} == {"a", "b"}


def test_what_a_lost_worker_had_goes_to_another_when_its_device_repeats_it(
    mosquitto, devices, model_folder
) -> None:
    with (
        closing(Program(mosquitto.port, model_folder, "a").ready()) as first,
        closing(Program(mosquitto.port, model_folder, "b").ready()),
    ):
        os.kill(first.process.pid, signal.SIGSTOP)
        asked = [devices.send(f"room-{at}", lattice("call", "ann")) for at in range(10)]
        devices.wait_taken(asked)
        first.close()
        for _ in range(20):
            missing = [one for one in asked if one not in devices.came_s]
            for request in missing:
                devices.send("room", lattice("call", "ann"), request)
            try:
                devices.wait_for(asked, 1.0)
                break
            except AlexaLocalError:
                continue
    assert all(one in devices.results for one in asked)


def test_sigterm_ends_it_with_nothing_in_hand(mosquitto, devices, model_folder) -> None:
    with closing(Program(mosquitto.port, model_folder, "a").ready()) as worker:
        asked = [devices.send("kitchen", lattice("call", "ann")) for _ in range(30)]
        devices.wait_taken(asked)
        worker.process.terminate()
        _, said = worker.process.communicate(timeout=LIMIT_S)
        assert (worker.process.returncode, "0 lattices were left" in said) == (0, True)
        devices.wait_for(asked, LIMIT_S)
    assert "ann" not in said


def test_a_port_that_is_taken_is_told(mosquitto, model_folder) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [
            sys.executable,
            "-m",
            "alexa_local.cloud",
            "rerank",
            "--broker",
            f"127.0.0.1:{mosquitto.port}",
        ]
        command += ["--model", str(model_folder), "--metrics", str(taken.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    assert (done.returncode, "Choose another port" in done.stderr) == (76, True)
