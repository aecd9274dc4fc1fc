"""Clients that send nonsense, too much, too little, or vanish."""

import json
import socket
import threading
from concurrent.futures import Future

import pytest

from alexa_local.daemon.control import LONGEST_REQUEST_BYTES, ControlServer
from alexa_local.daemon.events import EventBus
from alexa_local.errors import Stopping, UsageError


@pytest.fixture
def server(folder):
    bus, promise = EventBus(), Future()

    def refuse(_):
        raise UsageError("No.")

    table = {"ping": lambda request: {"pong": request.get("n")}, "later": lambda _: promise, "refuse": refuse}
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "c"))
    listener.listen()
    listener.setblocking(False)
    server = ControlServer(listener, table, bus)
    thread = threading.Thread(target=server.run)
    thread.start()
    server.bus, server.promise, server.path = bus, promise, str(folder / "c")
    yield server
    server.stop()
    thread.join(20)
    assert not thread.is_alive()
    listener.close()


@pytest.fixture
def connect(server):
    open_sockets = []

    def connect() -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(server.path)
        open_sockets.append(client)
        return client

    yield connect
    for client in open_sockets:
        client.close()


def answer(client, request: bytes = b"") -> dict:
    if request:  # even nothing cannot be sent to who has hung up
        client.sendall(request)
    line = b""
    while not line.endswith(b"\n"):
        piece = client.recv(1)
        assert piece, "the server hung up"
        line += piece
    return json.loads(line)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n",
        b"hello\n",
        b"\xff\xfe\n",
        b"[]\n",
        b"{}\n",
        b'{"command": 1}\n',
        b'{"command": "rm"}\n',
        b"[" * 9999 + b"\n",
    ],
)
def test_garbage_is_refused_and_the_connection_goes_on(connect, garbage):
    client = connect()
    refusal = answer(client, garbage)
    assert (refusal["ok"], refusal["code"]) == (False, 64)
    assert answer(client, b'{"command": "ping", "n": 1}\n') == {"ok": True, "pong": 1}


def test_a_request_may_come_byte_by_byte_and_several_at_once(connect):
    client = connect()
    for byte in b'{"command": "ping"}':
        client.sendall(bytes([byte]))
    assert answer(client, b'\n{"command": "ping", "n": 2}\n') == {"ok": True, "pong": None}
    assert answer(client) == {"ok": True, "pong": 2}


def test_an_endless_line_is_refused_and_hung_up_on(connect):
    client = connect()
    with pytest.raises(OSError):  # the server closes before it all is sent
        for _ in range(4 * LONGEST_REQUEST_BYTES >> 16):
            client.sendall(b"x" * (1 << 16))
    assert answer(connect(), b'{"command": "ping", "n": 3}\n')["pong"] == 3


def test_a_refusal_keeps_its_code_and_words(connect):
    assert answer(connect(), b'{"command": "refuse"}\n') == {"ok": False, "error": "No.", "code": 64}


def test_a_promise_is_answered_when_it_is_kept_and_holds_up_nobody(server, connect):
    waiting = connect()
    waiting.sendall(b'{"command": "later"}\n')
    assert answer(connect(), b'{"command": "ping"}\n')["ok"]
    server.promise.set_result({"late": True})
    assert answer(waiting) == {"ok": True, "late": True}


def test_a_promise_to_a_client_that_vanished_is_forgotten(server, connect):
    client = connect()
    client.sendall(b'{"command": "later"}\n')
    client.close()
    server.promise.set_result({})
    assert answer(connect(), b'{"command": "ping"}\n')["ok"]


def test_a_cancelled_promise_is_told(server, connect):
    client = connect()
    client.sendall(b'{"command": "later"}\n')
    assert answer(connect(), b'{"command": "ping"}\n')["ok"]
    server.promise.cancel()
    server.wake()
    assert "stopping" in answer(client)["error"]


def test_at_the_end_nobody_is_left_in_doubt_whether_it_was_done(server, connect):
    asked, unheard = connect(), connect()
    asked.sendall(b'{"command": "later"}\n')
    assert answer(connect(), b'{"command": "ping"}\n')["ok"]  # so the other one was taken as well
    server.stop()
    assert answer(asked)["code"] == Stopping.exit_code
    assert server.promise.cancelled()
    with unheard.makefile() as lines:
        assert json.loads(lines.readline())["code"] == Stopping.exit_code


def test_a_listener_that_does_not_read_loses_events_and_is_told_how_many(server, connect):
    client, other = connect(), connect()
    assert answer(client, b'{"command": "events"}\n') == {"ok": True}
    for number in range(5000):
        server.bus.publish("stt_partial", {"text": "x" * 500, "number": number})
        if number % 100 == 0:  # lets the server's thread work in between
            assert answer(other, b'{"command": "ping"}\n')["ok"]
    seen, lost = 0, 0
    with client.makefile("rb") as lines:
        for line in lines:
            event = json.loads(line)
            lost += event["count"] if event["event"] == "events_lost" else 0
            seen += event["event"] == "stt_partial"
            if event.get("number") == 4999:
                break
    assert lost > 0 and seen + lost == 5000


def test_too_many_clients_are_refused_and_the_daemon_goes_on(server, connect):
    clients = [connect() for _ in range(33)]
    assert "Too many clients" in answer(clients[-1])["error"]
    assert answer(clients[0], b'{"command": "ping"}\n')["ok"]
