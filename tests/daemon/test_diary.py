"""A whole session of the real parts, and not a word of it in the log."""

import base64
import functools
import logging
import re
import threading

import pytest

from alexa_local.cli.logs import Log, _Formatter, _JournalHandler
from alexa_local.config import (
    AudioSettings,
    CommandSettings,
    Config,
    ContactsSettings,
    DaemonSettings,
    DeviceSettings,
    HomeSettings,
    LogSettings,
    MusicSettings,
    VoiceSettings,
)
from alexa_local.daemon import assembly
from alexa_local.daemon.client import ask
from alexa_local.daemon.daemon import Daemon
from alexa_local.daemon.diary import Diary
from alexa_local.daemon.events import EventBus
from alexa_local.sound import PortAudio
from alexa_local.testing.pipeline import FakePipeline
from alexa_local.testing.quiet_microphone import QuietMicrophone
from alexa_local.testing.stages import LoudEndOfSpeech, LoudRecogniser, LoudWakeWord

BOOK = (
    "BEGIN:VCARD\nVERSION:3.0\nFN:Zebedee Quackenbush\nN:Quackenbush;Zebedee\nTEL:+49 30 55512\n"
    "END:VCARD\n"
    "BEGIN:VCARD\nVERSION:3.0\nFN:Ottoline Fipps\nN:Fipps;Ottoline\nTEL:+49 30 55513\nEND:VCARD\n"
)
SESSION = (
    "call zebedee quackenbush",
    "call ottoline",
    "call somebody unknown like wilhelmina",
    "send a message to zebedee saying supper burnt",
    "add marmalade to my shopping list",
    "set a pasta timer for eleven minutes",
    "turn on the chandelier",
    "turn on the fountain",
    "play some saxophone",
    "wibble wobble abracadabra",
)
COMMON = {"a", "to", "my", "for", "the", "on", "some", "set", "add", "turn", "unknown", "like", "list"}
COMMON |= {"message"}  # "Its message is in the log."
CARD = {"begin", "end", "n", "fn", "tel", "version", "vcard", "3", "0", "49", "30"}


class Journal:
    """What the whole program sends to the journal."""

    def __init__(self, level: int) -> None:
        self.entries: list[dict[str, str]] = []
        self.log = Log()
        handler = _JournalHandler(self.log)
        handler._send = lambda *fields: self.entries.append(
            dict(one.decode().split("=", 1) for one in fields)
        )
        handler.setFormatter(_Formatter("%(message)s", self.log))
        self._logger, self._handler = logging.getLogger("alexa_local"), handler
        self._level_before = self._logger.level
        self._logger.addHandler(handler)
        self._logger.setLevel(level)

    def _take(self, *fields: bytes) -> None:
        self.entries.append(dict(field.decode().split("=", 1) for field in fields))

    def close(self) -> None:
        self._logger.removeHandler(self._handler)
        self._logger.setLevel(self._level_before)


@pytest.fixture
def session(folder, monkeypatch):
    """Runs the session at a level of the log; returns its entries."""
    monkeypatch.setattr(
        assembly, "_load_models", lambda *_: (LoudWakeWord(), LoudRecogniser(), LoudEndOfSpeech())
    )
    monkeypatch.setattr(assembly, "_pipeline", lambda *stages: FakePipeline([], stages[-2].bus.publish))

    def session(level: int, transcripts: bool = False) -> list[dict[str, str]]:
        config = Config(
            audio=AudioSettings(output_device="none"),
            voice=VoiceSettings(engine="none"),
            music=MusicSettings((folder / "music",)),
            daemon=DaemonSettings(socket=folder / "c.sock", state_dir=folder / "state"),
            contacts=ContactsSettings(
                CommandSettings(run=("true", "{number}")), CommandSettings(run=("false", "{message}"))
            ),
            home=HomeSettings(
                (
                    DeviceSettings("Chandelier", "light", "parlour", run=("true", "{state}")),
                    DeviceSettings("Fountain", "switch", "garden", run=("false", "{state}")),
                )
            ),
            log=LogSettings(transcripts),
        )
        journal = Journal(level)
        journal.log.transcripts = transcripts
        daemon = Daemon(
            config,
            lambda _: QuietMicrophone(),
            functools.partial(assembly.assemble, portaudio=PortAudio(object())),
            env={},
        )
        journal.log.state = lambda: daemon.doing
        events = daemon.bus.subscribe()
        thread = threading.Thread(target=daemon.run)
        thread.start()
        try:
            while events.queue.get(20).name != "idle":
                pass
            ask(folder / "c.sock", "contacts", data=base64.b64encode(BOOK.encode()).decode())
            for text in SESSION:
                ask(folder / "c.sock", "say", text=text)
        finally:
            daemon.request_stop("test")
            thread.join(20)
            journal.close()
        return journal.entries

    return session


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", text.casefold()))


def test_no_line_of_a_session_holds_a_word_that_was_said_or_a_name(session):
    entries = session(logging.DEBUG)
    secret = words(" ".join(SESSION)) | words(BOOK) - CARD
    names = ("zebedee", "quackenbush", "ottoline", "fipps", "marmalade", "chandelier")
    for entry in entries:
        assert not words(entry["MESSAGE"]) & (secret - COMMON), entry["MESSAGE"]
        assert not [name for name in names if name in str(entry).casefold()]
    joined = [entry for entry in entries if "REQUEST" in entry and entry["PRIORITY"] == "6"]
    numbers = list(dict.fromkeys(entry["REQUEST"] for entry in joined))
    assert len(numbers) == len(SESSION) and numbers == sorted(numbers, key=int)
    steps = [entry["MESSAGE"].split()[0] for entry in joined if entry["REQUEST"] == numbers[4]]
    assert (steps[:2], steps[-1]) == (["A", "Understood,"], "Done")
    assert {entry["THREAD_NAME"] for entry in joined} == {"control", "act"}


def test_with_transcripts_they_are_all_there(session):
    told = " ".join(entry["MESSAGE"] for entry in session(logging.INFO, transcripts=True))
    for text in SESSION:
        assert f"“{text}”" in told


def test_the_state_follows_the_events():
    diary = Diary(False, now_s=lambda: 0.0)
    bus = EventBus(diary.take)
    assert diary.state == "connecting"
    bus.publish("microphone", {"state": "open"})
    bus.publish("listening")
    assert diary.state == "listening"
