"""`enroll`, `identify` and `people`, with and without a daemon; what is refused leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from alexa_local.cli import enrolling, voices
from alexa_local.config import Config
from alexa_local.daemon.voices import People
from alexa_local.errors import DaemonUnreachable, UsageError, VoiceRefused
from alexa_local.messages import SAMPLE_RATE
from alexa_local.speaker.enrolment import Enrolment
from alexa_local.store import open_store
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.running_daemon import RunningDaemon
from alexa_local.testing.voices import PitchEmbedder, hum

ANNA_HZ, BEN_HZ, STRANGER_HZ = 400.0, 1500.0, 3000.0


@pytest.fixture(autouse=True)
def embedder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voices, "_embedder", lambda _: PitchEmbedder())


@pytest.fixture
def recording(folder: Path) -> Callable[..., Path]:
    """Writes a sound file."""

    def recording(name: str, samples: np.ndarray, rate_hz: int = SAMPLE_RATE) -> Path:
        soundfile.write(folder / f"{name}.wav", samples, rate_hz, subtype="PCM_16")
        return folder / f"{name}.wav"

    return recording


@pytest.fixture
def sentences(recording: Callable[..., Path]) -> Callable[..., list[Path]]:
    """Writes five sentences of somebody."""
    return lambda name, pitch_hz: [recording(f"{name}-{n}", hum(pitch_hz, seed=n)) for n in range(5)]


@contextmanager
def daemon_with_voices(folder: Path) -> Iterator[RunningDaemon]:
    with open_store(folder / "daemons.db") as store:
        commands = People(store, folder, PitchEmbedder()).commands()
        daemon = RunningDaemon(folder, FakeHome(commands=commands))
        try:
            yield daemon
        finally:
            daemon.end()


@pytest.mark.parametrize("with_daemon", [False, True], ids=["without a daemon", "with a daemon"])
def test_who_was_enrolled_is_known_until_they_are_removed(
    command, folder: Path, sentences, recording, with_daemon: bool
) -> None:
    with daemon_with_voices(folder) if with_daemon else _nothing():
        code, out, _ = command("enroll", "Anna", *sentences("anna", ANNA_HZ))
        assert (code, out) == (0, "Anna's voice is known now, from 8 s of speech.\n")
        assert command("enroll", "Ben", *sentences("ben", BEN_HZ))[0] == 0
        anna, stranger = recording("x", hum(ANNA_HZ, seed=9)), recording("y", hum(STRANGER_HZ, seed=9))
        _, out, _ = command("identify", anna, stranger)
        assert out.splitlines()[0].startswith(f"{anna}: Anna (")
        assert out.splitlines()[1].startswith(f"{stranger}: nobody who is known (")
        people = json.loads(command("people", "--json")[1])["people"]
        assert [(one["name"], one["sentences"], one["usable"]) for one in people] == [
            ("Anna", 5, True),
            ("Ben", 5, True),
        ]
        assert command("people")[1].startswith("Anna: enrolled on ")
        assert command("people", "remove", "anna")[:2] == (0, "anna: forgotten\n")
        assert json.loads(command("identify", anna, "--json")[1])["person"] != "Anna"
        assert command("people", "remove", "anna")[0] == UsageError.exit_code
    assert (folder / "state" / "alexa-local.sqlite").exists() is not with_daemon


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def refused(command, *arguments: object) -> str:
    code, out, err = command("enroll", *arguments)
    assert code == VoiceRefused.exit_code and not out
    assert json.loads(command("people", "--json")[1]) == {"people": []}, "nothing may be kept"
    return str(err)


def test_the_third_sentence_of_somebody_else_is_named_and_nothing_is_kept(
    command, sentences, recording
) -> None:
    files = sentences("anna", ANNA_HZ)
    files[2] = recording("other", hum(BEN_HZ))
    err = refused(command, "Anna", *files)
    assert "other.wav" in err and "another person" in err and "Nothing was kept" in err


def test_a_telephones_file_is_refused(command, recording) -> None:
    file = recording("phone", hum(ANNA_HZ)[::2], 8000)
    assert "4 kHz" in refused(command, "Anna", file)


def test_too_little_in_all_is_refused(command, sentences) -> None:
    assert "more sentences" in refused(command, "Anna", *sentences("anna", ANNA_HZ)[:2])


def test_a_name_that_is_taken_is_refused_before_anything_is_heard(command, sentences) -> None:
    files = sentences("anna", ANNA_HZ)
    command("enroll", "Anna", *files)
    code, _, err = command("enroll", "anna")
    assert code == UsageError.exit_code and "--again" in err
    assert command("enroll", "--again", "Anna", *sentences("new", BEN_HZ))[0] == 0
    assert command("enroll", "Anna", "--again", *sentences("newer", ANNA_HZ), "--json")[0] == 0
    code, _, err = command("enroll", "Anna", "--agian", *sentences("newest", ANNA_HZ))
    assert code == UsageError.exit_code and "--agian" in err
    assert len(json.loads(command("people", "--json")[1])["people"]) == 1


def test_who_sounds_like_somebody_else_is_told(command, sentences) -> None:
    command("enroll", "Anna", *sentences("anna", ANNA_HZ))
    _, out, _ = command("enroll", "Anne", *sentences("anne", ANNA_HZ))
    assert "much like Anna's" in out


def test_a_file_that_is_none_is_told_and_the_others_are_done(command, folder: Path, recording) -> None:
    file = recording("x", hum(ANNA_HZ))
    code, out, err = command("identify", folder / "missing.wav", file)
    assert code == 65 and "missing.wav" in err
    assert out == f"{file}: nobody is known yet (alexa-local enroll NAME)\n"
    assert command("people")[:2] == (0, "")
    assert not (folder / "state").exists(), "to look makes nothing"


def test_of_a_word_nothing_is_said(command, recording) -> None:
    file = recording("x", hum(ANNA_HZ, 0.2))
    assert command("identify", file)[1] == f"{file}: too little speech to tell\n"


@pytest.mark.parametrize(
    "arguments",
    [("people", "remove"), ("people", "list", "Anna"), ("enroll", "7"), ("enroll", "A", "--json")],
)
def test_what_makes_no_sense_says_what_would(command, arguments: tuple[str, ...]) -> None:
    code, _, err = command(*arguments)
    assert code == UsageError.exit_code and err


class Microphone:
    """Gives what one sentence is, and then hiss."""

    def __init__(self, samples: np.ndarray) -> None:
        hiss = np.random.default_rng(0).integers(-3, 4, 20 * SAMPLE_RATE).astype(np.int16)
        self._sound = np.concatenate([hiss[: SAMPLE_RATE // 2], samples, hiss])

    def __iter__(self) -> Iterator[np.ndarray]:
        for first in range(0, len(self._sound), 640):
            yield self._sound[first : first + 640]

    def close(self) -> None:
        """Nothing is open."""


class Ear:
    """Hears a voice in what is loud."""

    def __init__(self, *_: object) -> None:
        self.reset()

    def reset(self) -> None:
        self.voice = self.quiet_s = 0.0

    def push(self, frames: np.ndarray) -> None:
        for frame in frames:
            self.voice = float(frame.max() > -2.0)
            self.quiet_s = 0.0 if self.voice else self.quiet_s + 0.01


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[np.ndarray]], None]:
    """Has the microphone hear these one after the other."""

    def spoken(sounds: list[np.ndarray]) -> None:
        left = iter(sounds)
        monkeypatch.setattr(enrolling, "open_microphone", lambda *_, **__: Microphone(next(left)))
        monkeypatch.setattr(enrolling, "EndOfSpeech", Ear)

    return spoken


def test_at_the_microphone_a_bad_sentence_is_asked_for_again(spoken) -> None:
    nothing, other = np.zeros(0, np.int16), hum(BEN_HZ)
    mine = [hum(ANNA_HZ, seed=seed) for seed in range(5)]
    spoken([mine[0], nothing, mine[1], other, mine[2], mine[3], mine[4]])
    said: list[str] = []
    enrolment = Enrolment(PitchEmbedder())
    enrolling.learn(Config(), enrolment, "Anna", said.append)
    assert len(enrolment.voices) == 5
    assert sum(line.startswith("  Good") for line in said) == 5
    assert sum("Again, please" in line for line in said) == 2


def test_at_the_microphone_it_gives_up_after_three_tries(spoken) -> None:
    spoken([np.zeros(0, np.int16)] * enrolling.TRIES)
    with pytest.raises(VoiceRefused, match="silence"):
        enrolling.learn(Config(), Enrolment(PitchEmbedder()), "Anna", lambda line: None)


@pytest.mark.parametrize("was_muted", [False, True])
def test_a_daemon_lets_go_of_the_microphone_and_takes_it_back_even_if_it_goes_wrong(was_muted: bool) -> None:
    asked: list[Any] = []

    def ask(command: str, **fields: Any) -> dict[str, Any]:
        asked.append(fields.get("on"))
        return {"muted": was_muted}

    with pytest.raises(KeyboardInterrupt), enrolling.lent_microphone(ask):
        assert asked == ([None] if was_muted else [None, True])
        raise KeyboardInterrupt
    assert asked == ([None] if was_muted else [None, True, False])


def test_without_a_daemon_the_microphone_is_free() -> None:
    def ask(command: str, **fields: Any) -> dict[str, Any]:
        raise DaemonUnreachable("There is none.")

    with enrolling.lent_microphone(ask):
        pass
