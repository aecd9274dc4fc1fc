import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from alexa_local.config import MqttSettings
from alexa_local.errors import ConfigError, NetworkError, RequestRefused
from alexa_local.mqtt import Broker, Kind, Message, Subscription, device_id
from alexa_local.mqtt.identity import client_id
from alexa_local.mqtt.wire import lattice_properties, lattice_topic
from alexa_local.store import Traffic
from alexa_local.testing.gate import FakeGate
from alexa_local.testing.link import Link
from alexa_local.testing.mosquitto import Listener, Mosquitto, find_mosquitto

needs_mosquitto = pytest.mark.skipif(
    find_mosquitto() is None, reason="the Debian package mosquitto is missing"
)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as server:
        yield server


def _broker(port: int, gate: FakeGate | None = None, **settings: object) -> closing[Broker]:
    chosen = MqttSettings(host="127.0.0.1", port=port, **settings)  # type: ignore[arg-type]
    broker = Broker(chosen, gate or FakeGate(), connect_limit_s=60.0, confirm_limit_s=60.0)
    broker.start()
    return closing(broker)


@needs_mosquitto
def test_a_message_is_with_the_broker_when_publish_returns(mosquitto: Mosquitto) -> None:
    with closing(Listener(mosquitto.port, topics="home/#")) as listener, _broker(mosquitto.port) as broker:
        broker.publish(Kind.COMMAND, "home/lamp", "ON")
        broker.publish(Kind.COMMAND, "home/größe", '{"value": 3}')
        assert listener.next() == ("home/lamp", "ON")
        assert listener.next() == ("home/größe", '{"value": 3}')


@needs_mosquitto
def test_a_broker_that_comes_back_is_found_again(mosquitto: Mosquitto) -> None:
    with _broker(mosquitto.port) as broker:
        broker.publish(Kind.COMMAND, "home/lamp", "ON")
        mosquitto.stop()
        mosquitto.start()
        with closing(Listener(mosquitto.port, topics="home/#")) as listener:
            broker.publish(Kind.COMMAND, "home/lamp", "OFF")
            assert listener.next() == ("home/lamp", "OFF")


@needs_mosquitto
def test_a_message_that_was_not_confirmed_is_never_sent_late(mosquitto: Mosquitto) -> None:
    settings = MqttSettings(host="127.0.0.1", port=mosquitto.port)
    with closing(Broker(settings, FakeGate(), connect_limit_s=60.0, confirm_limit_s=2.0)) as broker:
        broker.publish(Kind.COMMAND, "home/lamp", "ON")
        mosquitto.freeze()
        with pytest.raises(NetworkError, match="did not confirm"):
            broker.publish(Kind.COMMAND, "home/lamp", "LATE")
        mosquitto.stop()
        mosquitto.start()
        with closing(Listener(mosquitto.port, topics="home/#")) as listener:
            broker.publish(Kind.COMMAND, "home/lamp", "OFF")
            assert listener.next() == ("home/lamp", "OFF")


@needs_mosquitto
def test_a_wrong_password_is_named(tmp_path: Path) -> None:
    with (
        Mosquitto(tmp_path, "allow_anonymous false\n") as server,
        closing(
            Broker(
                MqttSettings(host="127.0.0.1", port=server.port, username="a"),
                FakeGate(),
                connect_limit_s=1.0,
            )
        ) as broker,
        pytest.raises(NetworkError, match=r"cannot be reached \(Not authorized\)"),
    ):
        broker.publish(Kind.COMMAND, "home/lamp", "ON")


@needs_mosquitto
def test_a_topic_that_the_broker_forbids_is_named(tmp_path: Path) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic read #\ntopic write home/#\n", encoding="utf-8")
    rules.chmod(0o700)
    configuration = f"allow_anonymous true\nacl_file {rules}\nuser root\n"
    with Mosquitto(tmp_path, configuration) as server, _broker(server.port) as broker:
        broker.publish(Kind.COMMAND, "home/lamp", "ON")
        with pytest.raises(NetworkError, match="refused a message"):
            broker.publish(Kind.COMMAND, "secret/door", "OPEN")


def test_without_a_broker_the_error_names_it_within_the_limit() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refuses at once
        settings = MqttSettings(host="127.0.0.1", port=taken.getsockname()[1])
        with (
            closing(Broker(settings, FakeGate(), connect_limit_s=0.2)) as broker,
            pytest.raises(NetworkError, match=rf"127\.0\.0\.1:{settings.port} cannot be reached"),
        ):
            broker.publish(Kind.COMMAND, "home/lamp", "ON")


def test_a_closed_gate_lets_nothing_out_not_even_a_connection() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.0)
        with _broker(server.getsockname()[1], FakeGate(is_open=False)) as broker:
            with pytest.raises(RequestRefused, match="Local only mode is on"):
                broker.publish(Kind.COMMAND, "home/lamp", "ON")
            with pytest.raises(BlockingIOError):
                server.accept()


@needs_mosquitto
def test_closing_the_gate_ends_the_connection_and_opening_it_brings_it_back(mosquitto: Mosquitto) -> None:
    gate = FakeGate()
    with (
        closing(Listener(mosquitto.port, topics="home/#")) as listener,
        _broker(mosquitto.port, gate) as broker,
    ):
        broker.publish(Kind.COMMAND, "home/lamp", "1")
        gate.open = False
        broker.gate_changed()
        assert not broker.connected
        gate.open = True
        broker.gate_changed()
        broker.publish(Kind.COMMAND, "home/lamp", "2")
        assert [listener.next(), listener.next()] == [("home/lamp", "1"), ("home/lamp", "2")]


@pytest.mark.parametrize("topic", ["", "home/+", "home/#", "nul\0"])
def test_a_topic_that_is_none_is_refused(topic: str) -> None:
    settings = MqttSettings(host="127.0.0.1", port=1)
    with (
        closing(Broker(settings, FakeGate())) as broker,
        pytest.raises(NetworkError, match="cannot be published to"),
    ):
        broker.publish(Kind.COMMAND, topic, "x")


def test_a_certificate_authority_that_is_missing_is_named(tmp_path: Path) -> None:
    settings = MqttSettings(host="127.0.0.1", port=1, tls_ca_file=tmp_path / "none.pem")
    with (
        closing(Broker(settings, FakeGate())) as broker,
        pytest.raises(ConfigError, match=r"tls_ca_file.*none\.pem"),
    ):
        broker.start()


@needs_mosquitto
def test_others_are_told_whether_it_is_there(mosquitto: Mosquitto) -> None:
    with closing(Listener(mosquitto.port, topics="here/+/availability")) as listener:
        with _broker(mosquitto.port, topic_prefix="here", device_id="kitchen"):
            assert listener.next() == ("here/kitchen/availability", "online")
        assert listener.next() == ("here/kitchen/availability", "offline")
    with closing(Listener(mosquitto.port, topics="here/#")) as late:
        assert late.next() == ("here/kitchen/availability", "offline")  # retained


@needs_mosquitto
def test_a_session_that_is_followed_by_another_leaves_online_standing(mosquitto: Mosquitto) -> None:
    """The will of a lost session came after the "online" of the next one, as both had names of their own."""
    with Link(mosquitto.port) as link, closing(Listener(mosquitto.port, topics="#")) as listener:
        settings = MqttSettings(host="127.0.0.1", port=link.port, device_id="a")
        broker = Broker(settings, FakeGate(), retry_s=(0.01, 0.1))
        with closing(broker):
            broker.start()
            assert listener.next()[1] == "online"
            link.hold()
            link.cut(tell_server=False)
            link.mend()
            assert [listener.next()[1], listener.next()[1]] == ["offline", "online"]


@needs_mosquitto
def test_what_derives_from_speech_goes_only_where_the_answer_is_heard(mosquitto: Mosquitto) -> None:
    heard: queue.Queue[object] = queue.Queue()
    settings = MqttSettings(host="127.0.0.1", port=mosquitto.port, device_id="a")
    topic = lattice_topic("alexa-local", "a")
    gate, request = FakeGate(), uuid4()
    properties = lattice_properties(request, "alexa-local/a/result", 60)
    with closing(Broker(settings, gate)) as broker:
        broker.subscribe(Subscription(Kind.SPEECH, topic, heard.put))
        broker.when_listening(lambda: heard.put("listening"))
        assert not broker.post(Kind.SPEECH, topic, b"x", properties)
        broker.start()
        assert heard.get(timeout=60) == "listening"
        assert broker.post(Kind.SPEECH, topic, b"x", properties)
        broker.publish(Kind.COMMAND, "home/lamp", "ON")  # by now the broker has the other one too
        # it does not hear itself; another does
        with closing(Listener(mosquitto.port, topics=topic)) as listener:
            assert broker.post(Kind.SPEECH, topic, b"y", properties)
            assert listener.next() == (topic, "y")
        assert heard.empty()
        gate.open = False
        assert not broker.post(Kind.SPEECH, topic, b"z", properties)


@needs_mosquitto
def test_a_gate_that_holds_speech_back_empties_the_connection_to_this_machines_own_broker(
    mosquitto: Mosquitto,
) -> None:
    listening: queue.Queue[str] = queue.Queue()
    settings = MqttSettings(host="127.0.0.1", port=mosquitto.port, device_id="a")
    gate = FakeGate(always={Kind.COMMAND, Kind.PRESENCE})
    with closing(Broker(settings, gate)) as broker:
        broker.when_listening(lambda: listening.put("listening"))
        broker.start()
        listening.get(timeout=60)
        gate.open = False
        broker.gate_changed()
        listening.get(timeout=60)  # a new connection
        broker.gate_changed()
        assert not broker.post(Kind.SPEECH, "home/x", b"x", lattice_properties(uuid4(), "r", 1))
        broker.publish(Kind.COMMAND, "home/x", "ON")
        assert listening.empty()


@needs_mosquitto
def test_the_state_says_that_the_gate_shuts_before_the_device_is_gone(mosquitto: Mosquitto) -> None:
    gate = FakeGate()
    with (
        closing(Listener(mosquitto.port, topics="alexa-local/#")) as listener,
        _broker(mosquitto.port, gate, device_id="a") as broker,
    ):
        broker.farewell = lambda: Message("alexa-local/a/state", b"local only", retain=True)
        assert listener.next() == ("alexa-local/a/availability", "online")
        gate.open = False
        broker.gate_changed()
        assert listener.next() == ("alexa-local/a/state", "local only")
        assert listener.next() == ("alexa-local/a/availability", "offline")


@needs_mosquitto
def test_what_the_broker_did_not_confirm_is_cut_off_with_its_connection(mosquitto: Mosquitto) -> None:
    """A goodbye in its place would go out after all that waits, and a farewell as well."""
    gate, listening, told, posted = FakeGate(), threading.Event(), list[Traffic](), 0
    with Link(mosquitto.port) as link:
        settings = MqttSettings(host="127.0.0.1", port=link.port, device_id="a")
        with closing(Broker(settings, gate, count=told.append)) as broker:
            broker.farewell = lambda: Message("alexa-local/a/state", b"local only", retain=True)
            broker.when_listening(listening.set)
            broker.start()
            assert listening.wait(60)
            listening.clear()
            link.hold()
            while broker.post(Kind.SPEECH, "alexa-local/a/lattice", bytes(200_000)):
                posted += 1
            gate.open = False
            broker.gate_changed()
            assert not broker.connected
            left_bytes = speech_bytes(told)
            assert left_bytes < posted * 200_000
            link.cut()
            link.mend()
            gate.open = True
            broker.gate_changed()
            assert listening.wait(60)
            broker.publish(Kind.PRESENCE, "alexa-local/a/state", "back")
            assert speech_bytes(told) == left_bytes
            assert all(each.payload_bytes != len("local only") for each in told)


def speech_bytes(told: list[Traffic]) -> int:
    return sum(each.payload_bytes + each.other_bytes for each in told if each.kind == "speech")


@pytest.mark.parametrize(
    ("setting", "host", "device"),
    [
        ("attic", "x", "attic"),
        ("", "Living_Room.home", "living-room"),
        ("", "-", "alexa-local"),
        ("", "ü", "alexa-local"),
    ],
)
def test_the_device_is_called_as_configured_or_after_its_host(setting: str, host: str, device: str) -> None:
    assert device_id(MqttSettings(device_id=setting), host) == device


def test_sessions_have_one_name_a_machine(tmp_path: Path) -> None:
    settings = MqttSettings(device_id="kitchen")
    for name, text in (("one", "abc\n"), ("two", "def\n")):
        (tmp_path / name).write_text(text, encoding="ascii")
    one = client_id(settings, tmp_path / "one")
    assert one == client_id(settings, tmp_path / "one") and one.startswith("alexa-local-kitchen-")
    assert "abc" not in one and one != client_id(settings, tmp_path / "two")
    assert client_id(settings, tmp_path / "none").startswith("alexa-local-kitchen-")


@needs_mosquitto
def test_a_broker_that_forbids_lattices_is_named_and_asked_no_faster(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic read #\ntopic write home/#\n", encoding="utf-8")
    rules.chmod(0o700)
    with Mosquitto(tmp_path, f"allow_anonymous true\nacl_file {rules}\nuser root\n") as server:
        listening: queue.Queue[str] = queue.Queue()
        settings = MqttSettings(host="127.0.0.1", port=server.port)
        with closing(Broker(settings, FakeGate())) as broker:
            broker.when_listening(lambda: listening.put("listening"))
            broker.start()
            listening.get(timeout=60)
            for _ in range(40):
                assert broker.post(Kind.SPEECH, "secret/lattice", b"x", lattice_properties(uuid4(), "r", 1))
            broker.publish(Kind.COMMAND, "home/lamp", "ON")
            with pytest.raises(NetworkError, match="refused a message"):
                broker.publish(Kind.COMMAND, "secret/door", "OPEN")
            broker.publish(Kind.COMMAND, "home/lamp", "OFF")
    assert caplog.text.count("refuses what we publish") == 1
