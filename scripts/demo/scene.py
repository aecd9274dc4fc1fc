"""The demo's sound: a person in a quiet room who says a few commands, made with a Debian voice."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import open_file
from alexa_local.errors import DeviceError
from alexa_local.messages import SAMPLE_RATE

VOICE = "slt"
WAKE_WORD = "Alexa"
_PAUSE_S = 5.0
"""Between commands: the request ends, the answer is spoken, and the room is quiet again."""
_LEAD_S = 1.0
_ROOM_RMS = 12.0
"""The room's own noise, in int16 steps: about -68 dB of full scale."""
_SPEECH_PEAK = 12_000.0


@dataclass(frozen=True)
class Spoken:
    """One command of the scene.

    Attributes:
        words: what is said after the wake word.
        intent: what it means.
        slots: with which values.
    """

    words: str
    intent: str
    slots: Mapping[str, Any] = field(default_factory=dict)


SCENE = (
    Spoken("what time is it", "GetTime"),
    Spoken("set a timer for ten minutes", "SetTimer", {"duration": 600}),
    Spoken("turn on the kitchen light", "TurnOn", {"device": "kitchen light"}),
    Spoken(
        "add milk and bread to the shopping list",
        "AddToList",
        {"items": ["milk", "bread"], "list": "shopping"},
    ),
    Spoken("how long is left on my timer", "TimerStatus"),
    Spoken("stop", "Stop"),
)


def speak(text: str, voice: str = VOICE) -> NDArray[np.int16]:
    """int16, shape (N,), 16 kHz: one sentence by flite.

    Raises:
        DeviceError: flite is not installed or failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "speech.wav")
        try:
            command = ["flite", "-voice", voice, "-t", text, "-o", str(path)]
            subprocess.run(command, check=True, capture_output=True, timeout=60)
        except FileNotFoundError as error:
            raise DeviceError("The demo's voice is not installed. Run: apt-get install flite") from error
        except (OSError, subprocess.SubprocessError) as error:
            raise DeviceError(
                f"flite could not speak ({error}). Run: apt-get install --reinstall flite"
            ) from error
        source = open_file(path, realtime=False)
        samples = np.concatenate(list(source))
        source.close()
    return samples


def build_scene(commands: Sequence[Spoken] = SCENE, seed: int = 1) -> NDArray[np.int16]:
    """int16, shape (N,), 16 kHz: the wake word with each command, pauses, a little noise throughout."""
    parts = [_silence(_LEAD_S)]
    for command in commands:
        speech = speak(f"{WAKE_WORD}, {command.words}.").astype(np.float64)
        parts += [speech * (_SPEECH_PEAK / max(1.0, np.abs(speech).max())), _silence(_PAUSE_S)]
    quiet = np.concatenate(parts)
    noise = np.random.default_rng(seed).normal(0.0, _ROOM_RMS, len(quiet))
    return np.rint(np.clip(quiet + noise, -32768, 32767)).astype(np.int16)


def _silence(seconds: float) -> NDArray[np.float64]:
    return np.zeros(round(seconds * SAMPLE_RATE))
