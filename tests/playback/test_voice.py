import logging
import subprocess

import numpy as np
import pytest

from alexa_local.errors import ConfigError
from alexa_local.playback import installed_voices, open_voice
from alexa_local.playback import voice as voice_module
from alexa_local.playback.voice import Voice, _pieces

INSTALLED = installed_voices()
needs_a_voice = pytest.mark.skipif(not INSTALLED, reason="no voice installed; run `apt install flite`")


@needs_a_voice
@pytest.mark.parametrize("name", INSTALLED)
@pytest.mark.parametrize(
    "text", ["Ten minutes, starting now.", "-v is not an option; <b>nor is this</b> & 'that'"]
)
def test_every_installed_voice_speaks(name, text):
    speech = Voice(name).speak(text)
    assert speech.samples.dtype == np.int16
    assert 0.8 < len(speech.samples) / speech.rate_hz < 10
    assert np.abs(speech.samples).max() > 1000


@needs_a_voice
def test_a_long_text_is_spoken_whole():
    speech = open_voice().speak("This is sentence number one hundred and one. " * 12)
    assert len(speech.samples) / speech.rate_hz > 20


@needs_a_voice
def test_a_short_reply_is_synthesised_once(monkeypatch):
    voice, runs = open_voice(), []
    run = subprocess.run
    monkeypatch.setattr(voice_module.subprocess, "run", lambda *a, **k: runs.append(a) or run(*a, **k))
    assert np.array_equal(voice.speak("Okay.").samples, voice.speak("Okay.").samples)
    assert len(runs) == 1


@pytest.mark.skipif("espeak-ng" not in INSTALLED, reason="run `apt install espeak-ng`")
def test_a_voice_that_can_whisper_keeps_both_ways_of_saying_it_apart():
    voice = Voice("espeak-ng")
    aloud, whispered = voice.speak("Okay."), voice.speak("Okay.", whispered=True)
    assert voice.can_whisper
    assert not np.array_equal(aloud.samples, whispered.samples)
    assert voice.speak("Okay.") is aloud
    assert voice.speak("Okay.", whispered=True) is whispered


@pytest.mark.skipif("flite" not in INSTALLED, reason="run `apt install flite`")
def test_a_voice_that_cannot_whisper_speaks_as_ever():
    voice = Voice("flite")
    assert not voice.can_whisper
    assert voice.speak("Okay.") is voice.speak("Okay.", whispered=True)


@pytest.mark.parametrize(
    "text",
    [
        "One. Two! Three? " * 100,
        "word " * 500,
        "x" * 2000,
        "Mr. " + "a" * 395 + " end. Next sentence; and more: " + "b" * 401,
    ],
)
def test_pieces_are_short_and_lose_no_letter(text):
    pieces = _pieces(text)
    assert max(map(len, pieces)) <= 400
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize("text", ["", "  \n", "...", "<>"])
def test_nothing_to_say_is_silence(text):
    assert len(Voice(INSTALLED[0] if INSTALLED else "").speak(text).samples) == 0


def test_without_a_voice_there_is_one_line_and_silence(monkeypatch, caplog):
    monkeypatch.setattr(voice_module.shutil, "which", lambda program: None)
    voice = open_voice()
    assert len(voice.speak("Hello").samples) == 0
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "apt install flite" in caplog.text


def test_an_unknown_voice_lists_the_known_ones():
    with pytest.raises(ConfigError, match="auto, none, pico, flite"):
        open_voice("hal")


@pytest.mark.parametrize(
    "error",
    [subprocess.TimeoutExpired("x", 30), subprocess.CalledProcessError(1, "x"), FileNotFoundError("x")],
)
def test_a_voice_that_fails_is_silent_and_the_log_keeps_the_text_private(monkeypatch, caplog, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(voice_module.subprocess, "run", fail)
    assert len(Voice("flite").speak("a secret reply").samples) == 0
    assert "not spoken" in caplog.text
    assert "secret" not in caplog.text


def test_a_voice_that_writes_no_sound_is_silent(monkeypatch, caplog):
    monkeypatch.setattr(voice_module.subprocess, "run", lambda *args, **kwargs: None)
    assert len(Voice("flite").speak("hello").samples) == 0
    assert "wrote no sound" in caplog.text
