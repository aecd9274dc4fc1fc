"""Words that call the device: listed, added after a trial, refused with what to do, removed, tried."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from alexa_local.config import Config, load_config
from alexa_local.daemon import calling, own_words
from alexa_local.errors import UsageError
from alexa_local.models import models_folder
from alexa_local.playback import voice
from alexa_local.playback.voice import Speech
from alexa_local.wake.detector import Detection

pytestmark = pytest.mark.skipif(
    not all((models_folder() / name).is_dir() for name in Config().models), reason="a model is not here"
)


class Hears:
    """Hears a phrase in every sound that is loud enough."""

    score = 0.0

    def __init__(self, loudest: float) -> None:
        self._loudest = loudest

    def push(self, frames):
        return [Detection(0, 50, 0.9, word="hey house")] if frames.max(initial=-99) > self._loudest else []

    def while_playing(self, what: str) -> None:
        pass

    def reset(self) -> None:
        pass


class Says:
    """A voice that says a wake word loudly and everything else quietly, or all alike."""

    name = "flite"

    def __init__(self, others: int = 30) -> None:
        self._others = others

    def speak(self, text: str) -> Speech:
        amplitude = self._others if len(text.split()) > 3 else 9000
        noise = np.random.default_rng(0).integers(-amplitude, amplitude + 1, 8000)
        return Speech(noise.astype(np.int16), 16_000)


@pytest.fixture
def heard(monkeypatch):
    """Makes a voice and a hearer for the commands; `heard(others=9000)` for one that hears everything."""

    def heard(others: int = 30, loudest: float = -3.0) -> None:
        monkeypatch.setattr(voice, "installed_voices", lambda: ["flite"])
        monkeypatch.setattr(voice, "Voice", lambda name: Says(others))
        monkeypatch.setattr(calling, "offline_hearer", lambda config: Hears(loudest))

    return heard


def words_of(folder: Path) -> tuple[str, ...]:
    return load_config(folder / "config.yaml").wake.words


def test_a_phrase_that_is_heard_and_nothing_else_is_added_and_listed(command, folder, heard) -> None:
    heard()
    code, out, _ = command("wake-word", "add", "Hey House")
    assert code == 0 and words_of(folder) == ("hey house",)
    assert "said 6 times by flite: heard 6 times" in out and "taken for it 0 times" in out
    code, out, _ = command("wake-word", "list")
    assert code == 0 and "hey house" in out


def test_a_phrase_that_other_sentences_are_taken_for_needs_to_be_wanted(command, folder, heard) -> None:
    heard(others=9000)
    code, _, told_why = command("wake-word", "add", "hey house")
    assert code == UsageError.exit_code and "--yes" in told_why
    assert words_of(folder) == ()
    code, out, _ = command("wake-word", "add", "hey house", "--yes")
    assert code == 0 and "It was heard in " in out and words_of(folder) == ("hey house",)


def test_a_phrase_that_is_not_heard_is_doubted(command, folder, heard) -> None:
    heard(loudest=99.0)
    code, _, told_why = command("wake-word", "add", "hey house")
    assert code == UsageError.exit_code and "doubtful" in told_why


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ("", "nothing to say"),
        ("привет", "nothing to say"),
        ("word " * 20, "20 words"),
        ("ok", "too short"),
        ("alexia", "too much like 'alexa'"),
    ],
)
def test_what_cannot_be_a_wake_word_is_refused_before_anything_is_tried(
    command, folder, phrase, told
) -> None:
    code, _, told_why = command("wake-word", "add", phrase)
    assert code == UsageError.exit_code and told in told_why
    assert words_of(folder) == ()


def test_a_word_is_removed_and_one_that_is_none_is_told(command, folder, heard) -> None:
    heard()
    command("wake-word", "add", "hey house")
    code, _, told_why = command("wake-word", "remove", "hey mouse")
    assert code == UsageError.exit_code and "'hey house'" in told_why
    code, _, _ = command("wake-word", "remove", "Hey  House")
    assert code == 0 and words_of(folder) == ()


def test_files_are_tried(command, folder, heard) -> None:
    heard()
    soundfile.write(
        folder / "said.wav", np.full(8000, 0.5) * np.random.default_rng(0).normal(size=8000), 16_000
    )
    soundfile.write(folder / "quiet.wav", np.zeros(8000), 16_000)
    code, out, _ = command("wake-word", "test", str(folder / "said.wav"), str(folder / "quiet.wav"))
    assert code == 0
    assert out.splitlines()[0].endswith("hey house at 0.50 s (0.90)") and out.splitlines()[1].endswith(
        "nothing"
    )


def test_what_speaks_against_a_phrase_is_told() -> None:
    assert any("short" in doubt for doubt in own_words.doubts("jarvis", Config()))
    assert any("ask the assistant" in doubt for doubt in own_words.doubts("what time is it", Config()))
    assert list(own_words.doubts("hey snowflake", Config())) == []
