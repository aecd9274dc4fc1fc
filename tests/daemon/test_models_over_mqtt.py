"""A daemon takes newer models from a real broker while requests are typed, and refuses what is not right."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import queue
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alexa_local.cloud import publish
from alexa_local.cloud.broker import BrokerSettings
from alexa_local.cloud.edition import Edition, prepare
from alexa_local.cloud.shelf import Shelf
from alexa_local.config import (
    AudioSettings,
    Config,
    DaemonSettings,
    MqttSettings,
    UpdatesSettings,
    VoiceSettings,
)
from alexa_local.daemon import assembly, updating
from alexa_local.daemon.client import ask
from alexa_local.daemon.daemon import RESTART_CODE, Daemon
from alexa_local.daemon.paths import DATABASE
from alexa_local.errors import AlexaLocalError
from alexa_local.generations import chunk_topic, generation_topic
from alexa_local.generations.signing_key import SigningKey, sign
from alexa_local.models import models_folder
from alexa_local.sound import PortAudio
from alexa_local.testing.labour import FakeLabour
from alexa_local.testing.mosquitto import Listener, Mosquitto, find_mosquitto
from alexa_local.testing.pipeline import FakePipeline
from alexa_local.testing.quiet_microphone import QuietMicrophone
from alexa_local.testing.stages import LoudEndOfSpeech, LoudRecogniser, LoudWakeWord
from alexa_local.updates import workshop

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")

_COLOURS = ("red", "green", "yellow", "brown", "white", "purple", "pink", "orange", "blue", "black")
_FRUIT = ("apple", "pear", "plum", "cherry", "lemon", "peach", "apricot", "melon", "grape", "banana")
_FORMS = ("juice", "cake", "jam", "tea", "bread", "salad", "soup", "sauce", "pie", "syrup")
MODEL, PREFIX = "end-of-speech", "alexa-local"
TOPIC = generation_topic(PREFIX, MODEL)


class Publisher:
    """Somebody's server, which publishes versions of the model that has the shortest files."""

    def __init__(self, folder: Path, port: int, keys: Path) -> None:
        self.key, self._folder, self._port = SigningKey.new(), folder, port
        keys.mkdir()
        (keys / "owner.pub").write_bytes(self.key.public_pem())
        folder.mkdir()

    def edition(self, version: int, name: str = MODEL, key: SigningKey | None = None) -> Edition:
        folder = self._folder / str(version) / MODEL
        if not folder.exists():
            shutil.copytree(models_folder() / MODEL, folder)
            manifest = folder / "manifest.json"
            manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "generation": version}))
        return prepare(name, folder, [models_folder() / MODEL], [key or self.key], folder.parent)

    def publish(self, edition: Edition) -> None:
        with self.shelf() as shelf:
            publish.publish(shelf, PREFIX, edition)

    def put(self, topic: str, payload: bytes) -> None:
        with self.shelf() as shelf:
            shelf.put(iter([(topic, payload)]))

    def shelf(self) -> Shelf:
        return Shelf(BrokerSettings("127.0.0.1", self._port), f"{PREFIX}/models/{MODEL}")


class Home:
    """A daemon of real parts, but for the sound and for what the models would do with it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.socket, self.code = folder / "c.sock", 0
        self._config = Config(
            audio=AudioSettings(output_device="none"),
            voice=VoiceSettings(engine="none"),
            mqtt=MqttSettings(host="127.0.0.1", port=port, device_id="kitchen"),
            updates=UpdatesSettings(keys=folder / "keys", bytes_per_second=1 << 30),
            daemon=DaemonSettings(socket=self.socket, state_dir=folder / "state"),
        )

    def start(self) -> None:
        assemble = functools.partial(assembly.assemble, portaudio=PortAudio(object()))
        self.daemon = Daemon(self._config, lambda _: QuietMicrophone(), assemble, env={})
        self._events = self.daemon.bus.subscribe()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self.wait(lambda name, _: name == "idle")

    def end(self) -> None:
        self.daemon.request_stop("test")
        self.wait_for_end()

    def wait_for_end(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()

    def wait(self, is_it: Callable[[str, Any], bool]) -> None:
        while event := self._events.queue.get(60):
            if is_it(event.name, event.data):
                return
        raise AssertionError("it ended, or did not happen in time")

    def wait_for(self, **wanted: object) -> dict[str, Any]:
        """Until the model is so; how it is then."""
        found: dict[str, Any] = {}

        def is_so(name: str, data: Any) -> bool:
            found.update(data["models"][MODEL] if name == "models" else {})
            return name == "models" and all(found.get(key) == value for key, value in wanted.items())

        self.wait(is_so)
        return found

    def speak(self) -> None:
        """A spoken request that is done."""
        self.daemon.bus.publish("stt_text", {"text": "hello"})
        self.daemon.bus.publish("action", {"done": True})

    def _run(self) -> None:
        self.code = self.daemon.run()


@pytest.fixture
def broker(folder: Path) -> Iterator[Mosquitto]:
    with Mosquitto(folder) as broker:
        yield broker


@pytest.fixture
def publisher(folder: Path, broker: Mosquitto) -> Publisher:
    return Publisher(folder / "published", broker.port, folder / "keys")


@pytest.fixture
def home(
    folder: Path, broker: Mosquitto, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    models = LoudWakeWord(), LoudRecogniser(), LoudEndOfSpeech()
    monkeypatch.setattr(assembly, "_load_models", lambda *_: models)
    monkeypatch.setattr(assembly, "_pipeline", lambda *stages: FakePipeline([], stages[-2].bus.publish))
    monkeypatch.setattr(updating, "QUIET_S", 0.0)
    monkeypatch.setattr(workshop, "Helper", lambda _: FakeLabour())  # a process at nice 19 may take its time
    monkeypatch.delenv("ALEXA_LOCAL_MODELS", raising=False)
    home = Home(folder, broker.port)
    home.start()
    yield home
    home.end()


class Typist:
    """Types one request after the other, and keeps what was not answered."""

    def __init__(self, socket: Path) -> None:
        self.answered = 0
        self.lost: list[Exception] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(socket,))

    def __enter__(self) -> Typist:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)

    def _run(self, socket: Path) -> None:
        for colour, fruit, form in itertools.product(_COLOURS, _FRUIT, _FORMS):
            if self._over.wait(0.3):  # nobody types faster
                return
            try:
                item = f"{colour} {fruit} {form}"
                answer = ask(socket, "say", timeout_s=60, text=f"add {item} to the shopping list")
                assert answer["done"]
                self.answered += 1
            except Exception as error:
                self.lost.append(error)


def test_a_newer_model_is_taken_tried_and_kept_and_no_request_is_lost(home, publisher, broker, folder):
    listener = Listener(broker.port, topics="alexa-local/kitchen/models")
    with Typist(home.socket) as typist:
        publisher.publish(publisher.edition(2))
        home.wait_for(state="trial", version=2)
        home.wait_for_end()
        assert home.code == RESTART_CODE
        home.start()
        home.speak()
        home.wait_for(state="active", version=2)
    assert not typist.lost and typist.answered
    with contextlib.closing(sqlite3.connect(folder / "state" / DATABASE)) as database:
        items = database.execute("SELECT count(*), count(DISTINCT item) FROM list_items").fetchone()
    assert items == (typist.answered, typist.answered)
    while (state := json.loads(listener.next()[1])[MODEL])["state"] != "active":
        pass
    listener.close()
    assert state == {"state": "active", "version": 2, "why": ""}
    home.end()
    home.start()
    assert ask(home.socket, "status")["models"].split(", ").count("end-of-speech 2") == 1


def test_what_is_forged_replayed_older_or_foreign_is_refused(home, publisher):
    good = publisher.edition(3)
    foreign = publisher.edition(4, name="wake-alexa")
    forged = publisher.edition(4, key=SigningKey.new())
    older = sign(replace(good.generation, version=1), [publisher.key])
    for envelope, why in (
        (forged.envelope, "does not trust"),
        (foreign.envelope, "not of 'end-of-speech'"),
        (older, "never taken"),
        (good.envelope[:-20], "damaged"),
    ):
        publisher.put(TOPIC, envelope)
        told = home.wait_for(state="refused")
        while why not in told["why"]:
            told = home.wait_for(state="refused")
        assert told["version"] == 1


def test_a_forged_piece_is_found_and_the_right_one_taken_when_it_is_there(home, publisher, folder):
    edition = publisher.edition(2)
    smallest = min(edition.packages, key=lambda package: package.bytes)
    for package, path in edition.packages.items():
        for index in range(package.chunks):
            piece = path.read_bytes()[slice(*package.chunk_range(index))]
            topic = chunk_topic(PREFIX, MODEL, 2, package, index)
            publisher.put(topic, bytes(len(piece)) if package == smallest else piece)
    publisher.put(TOPIC, edition.envelope)
    home.wait(
        lambda name, data: name == "models" and "not the one that was signed" in data["models"][MODEL]["why"]
    )
    home.wait_for(state="trial", version=2)  # by way of the whole files
    home.wait_for_end()
    home.start()


def test_without_a_key_the_broker_is_neither_asked_nor_told(home, publisher, broker, folder):
    home.end()
    (folder / "keys" / "owner.pub").unlink()
    publisher.publish(publisher.edition(2))
    publisher.put("alexa-local/kitchen/models", b"")  # what the daemon with a key said
    home.start()
    told = Listener(broker.port, topics="alexa-local/kitchen/models")
    try:
        home.end()
        with pytest.raises(queue.Empty):
            told.next(0)
    finally:
        told.close()
    home.start()
    assert ask(home.socket, "models")["models"][MODEL]["state"] == "idle"
    with pytest.raises(AlexaLocalError, match="No broker is asked"):
        ask(home.socket, "models_look")
