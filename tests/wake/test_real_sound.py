"""The committed model on sound made by whatever voice this machine has."""

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from alexa_local.frontend import LogMel
from alexa_local.models import open_model
from alexa_local.wake import Detection, WakeWord, scan

VOICES = {
    "flite": ["flite", "-voice", "slt", "-t", "{text}", "-o", "{path}"],
    "pico2wave": ["pico2wave", "-l", "en-US", "-w", "{path}", "{text}"],
}


def spoken(program: str, text: str, folder: Path) -> np.ndarray:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    path = folder / "spoken.wav"
    command = [part.format(text=text, path=path) for part in VOICES[program]]
    subprocess.run(command, check=True, capture_output=True)
    with wave.open(str(path)) as sound:
        if sound.getframerate() != 16_000:
            pytest.skip(f"{program} does not speak at 16 kHz here")
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    quiet = np.zeros(8_000, np.int16)
    return np.concatenate([quiet, samples, quiet])


@pytest.mark.parametrize("program", VOICES)
def test_the_wake_word_is_heard_once_and_its_start_is_found(program: str, tmp_path: Path) -> None:
    found = scan(spoken(program, "Alexa", tmp_path), WakeWord(open_model("wake-alexa")))
    assert len(found) == 1
    assert 25 <= found[0].start_frame <= 85  # speech begins at frame 50, or a little later
    assert found[0].end_frame - found[0].start_frame < 130


@pytest.mark.parametrize("program", VOICES)
def test_the_wake_word_is_heard_before_a_request(program: str, tmp_path: Path) -> None:
    samples = spoken(program, "Alexa, turn on the kitchen light.", tmp_path)
    assert len(scan(samples, WakeWord(open_model("wake-alexa")))) == 1


@pytest.mark.parametrize("program", VOICES)
@pytest.mark.parametrize("text", ["Turn on the kitchen light.", "What is the weather in Boston tomorrow?"])
def test_other_speech_wakes_nobody(program: str, text: str, tmp_path: Path) -> None:
    assert scan(spoken(program, text, tmp_path), WakeWord(open_model("wake-alexa"))) == []


def test_blocks_of_any_size_give_what_the_whole_gives(tmp_path: Path) -> None:
    samples = spoken("flite", "Alexa", tmp_path)
    samples = np.concatenate([samples, np.zeros(16_000, np.int16)])
    detector, whole = WakeWord(open_model("wake-alexa")), WakeWord(open_model("wake-alexa"))
    at_once = whole.push(LogMel().push(samples))
    for size in (160, 333, 5000):
        detector.reset()
        frontend, found = LogMel(), list[Detection]()
        for at in range(0, len(samples), size):
            found += detector.push(frontend.push(samples[at : at + size]))
        assert found == at_once
