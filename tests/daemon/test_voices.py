"""Who is known to the daemon: taken in, followed, forgotten; and what their requests mean from then on."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alexa_local.config import (
    AudioSettings,
    Config,
    DaemonSettings,
    DeviceSettings,
    HomeSettings,
    PeopleSettings,
    UnderstandingSettings,
    VoiceSettings,
)
from alexa_local.daemon import assembly
from alexa_local.daemon.client import ask
from alexa_local.daemon.daemon import Daemon
from alexa_local.daemon.diary import Diary
from alexa_local.daemon.parts import Host, Parts
from alexa_local.daemon.report import Report
from alexa_local.daemon.voices import COMMANDS, MOST_PEOPLE, People
from alexa_local.errors import UsageError
from alexa_local.frontend import log_mel
from alexa_local.messages import Event, Hypothesis, Talker, Voice
from alexa_local.sound import PortAudio
from alexa_local.speaker.comparing import voice_of
from alexa_local.speaker.enrolment import Enrolment
from alexa_local.speaker.profiles import Profile, unit
from alexa_local.store import Store, open_store
from alexa_local.testing.quiet_microphone import QuietMicrophone
from alexa_local.testing.stages import LoudEndOfSpeech, LoudRecogniser, LoudWakeWord
from alexa_local.testing.voices import PitchEmbedder, hum

ANNA_HZ, BEN_HZ = 400.0, 1500.0


def learned(pitch_hz: float) -> list[list[float]]:
    enrolment = Enrolment(PitchEmbedder())
    for seed in range(5):
        enrolment.add(hum(pitch_hz, seed=seed))
    return enrolment.profile("Anna", 0.0).embeddings.tolist()


@pytest.fixture
def store(tmp_path: Path):
    with open_store(tmp_path / "home.db") as store:
        yield store


@pytest.fixture
def known() -> list[list[Profile]]:
    """What the listener was told, each time."""
    return []


@pytest.fixture
def people(store: Store, tmp_path: Path, known: list[list[Profile]]) -> People:
    return People(store, tmp_path, PitchEmbedder(), lambda people: known.append(list(people)))


def enroll(people: People, name: str, pitch_hz: float, **fields: Any) -> Any:
    request = {"name": name, "version": 1, "embeddings": learned(pitch_hz), **fields}
    return people.commands()["people_enroll"](request)


def test_whoever_listens_knows_everybody_at_once(people: People, known: list[list[Profile]]) -> None:
    enroll(people, "Anna", ANNA_HZ)
    enroll(people, "Ben", BEN_HZ)
    people.commands()["people_remove"]({"name": "ANNA"})
    assert [[one.name for one in told] for told in known] == [[], ["Anna"], ["Anna", "Ben"], ["Ben"]]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": 5},
        {"name": "../etc"},
        {"embeddings": None},
        {"embeddings": []},
        {"embeddings": [[]]},
        {"embeddings": [["a"]]},
        {"embeddings": [[1.0, 2.0], [1.0]]},
        {"embeddings": [[float("nan")] * 64]},
        {"embeddings": [[0.0] * 64]},
        {"embeddings": [[1.0] * 5000]},
        {"version": 2},
    ],
)
def test_a_voice_that_is_none_is_refused(people: People, fields: dict[str, Any]) -> None:
    request = {"name": "Anna", "version": 1, "embeddings": learned(ANNA_HZ), **fields}
    with pytest.raises(UsageError):
        people.commands()["people_enroll"](request)
    assert people.commands()["people"]({}) == {"people": []}


def test_there_is_an_end_to_how_many_are_known(people: People) -> None:
    rows = learned(ANNA_HZ)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(MOST_PEOPLE):
        name = letters[number // 26] + letters[number % 26]
        people.commands()["people_enroll"]({"name": name, "version": 1, "embeddings": rows})
    with pytest.raises(UsageError, match="Remove one"):
        enroll(people, "Zz", ANNA_HZ)


def test_without_a_model_every_command_says_what_to_set(store: Store, tmp_path: Path) -> None:
    commands = People(store, tmp_path, None).commands()
    assert set(commands) == set(COMMANDS)
    for command in commands.values():
        with pytest.raises(UsageError, match=r"people\.model"):
            command({})


def test_a_voice_is_followed_only_where_it_is_surely_somebodys(
    people: People, known: list[list[Profile]]
) -> None:
    enroll(people, "Anna", ANNA_HZ)
    voice = Voice(unit(np.ones(64, np.float32)), 3.0)
    short = Voice(voice.embedding, 1.0)
    for talker in (
        Talker(person="Anna", person_confidence=0.95, voice=lambda: voice),
        Talker(person="Anna", person_confidence=0.999, is_sure=True, voice=lambda: short),
        Talker(person="", person_confidence=0.999, voice=lambda: voice),
        Talker(person="Carl", person_confidence=0.999, is_sure=True, voice=lambda: voice),
        Talker(person="Anna", person_confidence=0.999, is_sure=True),
    ):
        people.follow(talker)
    assert len(known[-1][0].adapted) == 0
    people.follow(Talker(person="Anna", person_confidence=0.999, is_sure=True, voice=lambda: voice))
    assert len(known[-1][0].adapted) == 1 and len(known[-1][0].embeddings) == 5


class Household:
    """A daemon of real parts, but for models and sound, whose requests have a talker."""

    def __init__(self, folder: Path, settings: PeopleSettings) -> None:
        config = Config(
            audio=AudioSettings(output_device="none"),
            understanding=UnderstandingSettings(model=""),
            voice=VoiceSettings(engine="none"),
            daemon=DaemonSettings(socket=folder / "c.sock", state_dir=folder / "state"),
            home=HomeSettings((DeviceSettings("front door", "lock", run=("true", "{state}")),)),
            people=settings,
        )
        self.parts: Parts

        def assemble(config: Config, host: Host) -> Parts:
            self.parts = assembly.assemble(config, host, PortAudio(object()))
            return self.parts

        self._daemon = Daemon(config, lambda _: QuietMicrophone(), assemble, env={})
        self._socket = config.daemon.socket
        events = self._daemon.bus.subscribe()
        self._thread = threading.Thread(target=self._daemon.run)
        self._thread.start()
        while (event := events.queue.get(60)) and event.name != "idle":
            pass

    def ask(self, command: str, **fields: Any) -> dict[str, Any]:
        return ask(self._socket, command, **fields)

    def say(self, text: str, talker: Talker) -> str:
        meaning = self.parts.interpret([Hypothesis(text, 0.0)], talker)
        return self.parts.perform(meaning, talker).reply

    def close(self) -> None:
        self._daemon.request_stop("test")
        self._thread.join(60)
        assert not self._thread.is_alive()


@pytest.fixture
def household(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Household]]:
    models = LoudWakeWord(), LoudRecogniser(), LoudEndOfSpeech()
    monkeypatch.setattr(assembly, "_load_models", lambda *_: models)
    monkeypatch.setattr(assembly, "SpeakerEmbedder", lambda _: PitchEmbedder())
    running: list[Household] = []

    def household(**settings: Any) -> Household:
        running.append(Household(folder, PeopleSettings(model="wake-alexa", **settings)))
        return running[-1]

    yield household
    for one in running:
        one.close()


ANN = Talker(person="Ann", person_confidence=0.99, is_sure=True)


def test_a_request_means_what_its_speaker_means(household: Callable[..., Household]) -> None:
    home = household()
    for book, number in (("Ann", "111"), ("Bob", "222")):
        data = base64.b64encode(f"name,phone\nMum,{number}\n".encode()).decode()
        home.ask("contacts", data=data, book=book)
    assert home.say("who am i", ANN) == "You are Ann."
    home.say("add milk to my shopping list", ANN)
    assert "milk" in home.say("what's on my list", ANN)
    assert "milk" not in home.ask("say", text="what's on my list")["reply"]
    assert home.say("call mum", Talker()) == "Which Mum: Ann's Mum or Bob's Mum?"
    assert "telephone" in home.say("call mum", ANN), "there is one whom it would call"


def test_a_guests_voice_opens_no_door(household: Callable[..., Household]) -> None:
    home = household(sensitive=())
    assert home.say("unlock the front door", ANN) == "The front door is unlocked."
    assert home.say("unlock the front door", Talker(person="")).startswith("I only do that")
    assert home.ask("say", text="unlock the front door")["done"]


def test_who_is_enrolled_over_the_socket_is_heard_from_the_next_request_on(
    household: Callable[..., Household],
) -> None:
    home = household()
    home.ask("people_enroll", name="Anna", version=1, embeddings=learned(ANNA_HZ))
    voice = voice_of(PitchEmbedder(), log_mel(hum(ANNA_HZ, seed=9)))
    assert voice
    embedding = voice.embedding.tolist()
    assert home.ask("people_identify", version=1, embedding=embedding, speech_s=2.0)["person"] == "Anna"


def test_a_name_is_in_no_line_of_the_log_and_no_state(caplog: pytest.LogCaptureFixture) -> None:
    event = Event("speaker", 1.0, {"person": "Ottoline", "confidence": 0.97})
    with caplog.at_level(logging.DEBUG):
        Diary(transcripts=False).take(event)
        Diary(transcripts=False).take(Event("follow_up_refused", 1.0, {"reason": "another voice"}))
    assert "Ottoline" not in caplog.text and "a known voice" in caplog.text
    assert Report("off").take(event) is None and Report("states").take(event) is None
