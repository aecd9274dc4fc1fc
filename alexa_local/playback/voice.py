"""Sentences to sound, through whichever of Debian's voices is installed.

Each voice is a program that writes a WAV file. It is run without a shell, with a time limit, a
piece of the text at a time: short pieces keep every one of these programs within its limits.
"""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
import tempfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import AlexaLocalError, AudioFileError, ConfigError
from alexa_local.sound.decode import open_sound

log = logging.getLogger(__name__)

_PIECE_CHARACTERS = 400
_TIMEOUT_S = 30.0
_CACHED_REPLIES, _CACHED_CHARACTERS = 32, 80
_PAUSE_S = 0.15
NO_VOICE_RATE_HZ = 16_000


@dataclass(frozen=True)
class Speech:
    """A spoken sentence.

    Attributes:
        samples: int16, shape (N,), mono; empty when there is no voice.
        rate_hz: samples per second.
    """

    samples: NDArray[np.int16]
    rate_hz: int


_SILENCE = Speech(np.zeros(0, np.int16), NO_VOICE_RATE_HZ)


@dataclass(frozen=True)
class _Program:
    """How to make one program speak.

    Attributes:
        program: what must be installed.
        command: from the text and the file to write to the arguments.
        on_stdin: whether the text is written to its standard input instead.
        whisper: the same for a whisper, of a program that can.
    """

    program: str
    command: Callable[[str, str], list[str]]
    on_stdin: bool = False
    whisper: Callable[[str, str], list[str]] | None = None


def _espeak(voice: str) -> Callable[[str, str], list[str]]:
    return lambda text, wav: ["espeak-ng", "-v", voice, "-w", wav, "--stdin"]


PROGRAMS: dict[str, _Program] = {
    "pico": _Program("pico2wave", lambda text, wav: ["pico2wave", "-l", "en-US", "-w", wav, "--", text]),
    "flite": _Program("flite", lambda text, wav: ["flite", "-voice", "slt", "-t", text, "-o", wav]),
    "espeak-ng": _Program("espeak-ng", _espeak("en-us"), on_stdin=True, whisper=_espeak("en-us+whisper")),
    "festival": _Program("text2wave", lambda text, wav: ["text2wave", "-o", wav], on_stdin=True),
}
"""Every voice that is known, the pleasantest first."""


def installed_voices() -> list[str]:
    """The names of the voices that this machine has, the pleasantest first."""
    return [name for name, voice in PROGRAMS.items() if shutil.which(voice.program)]


def _pieces(text: str) -> list[str]:
    """The text without what a voice would take for markup, cut between sentences or words."""
    text = " ".join(re.sub(r"[<>\x00-\x1f\x7f]+", " ", text).split())
    pieces = [""]
    for part in re.split(r"(?<=[.!?;:])\s+", text):
        for word_group in _wrapped(part):
            if len(pieces[-1]) + 1 + len(word_group) > _PIECE_CHARACTERS and pieces[-1]:
                pieces.append("")
            pieces[-1] = f"{pieces[-1]} {word_group}".strip()
    return [piece for piece in pieces if re.search(r"\w", piece)]


def _wrapped(sentence: str) -> list[str]:
    if len(sentence) <= _PIECE_CHARACTERS:
        return [sentence]
    return re.findall(rf"\S.{{0,{_PIECE_CHARACTERS - 2}}}(?=\s|$)|\S{{{_PIECE_CHARACTERS}}}", sentence)


class Voice:
    """Speaks with one program, or not at all; the last reply and the last short ones are kept."""

    def __init__(self, name: str = "") -> None:
        """Use the voice of that name; "" for silence."""
        self.name = name
        self._recent: OrderedDict[tuple[str, bool], Speech] = OrderedDict()
        self._last: tuple[tuple[str, bool], Speech] = (("", False), _SILENCE)

    @property
    def can_whisper(self) -> bool:
        """Whether its program can."""
        return bool(self.name and PROGRAMS[self.name].whisper)

    def speak(self, text: str, whispered: bool = False) -> Speech:
        """The text as sound; empty, with a warning, when the voice fails: a reply is never worth an exit.

        A voice that cannot whisper speaks as ever.
        """
        if not self.name:
            return _SILENCE
        wanted = text, whispered and self.can_whisper
        if wanted == self._last[0]:
            return self._last[1]
        if wanted in self._recent:
            self._recent.move_to_end(wanted)
            return self._recent[wanted]
        try:
            speech = self._joined([self._run(piece, wanted[1]) for piece in _pieces(text)])
        except (OSError, subprocess.SubprocessError, AlexaLocalError) as error:
            log.warning("The voice '%s' failed (%s); the reply is not spoken.", self.name, _reason(error))
            return _SILENCE
        self._last = wanted, speech
        if len(text) <= _CACHED_CHARACTERS:
            self._recent[wanted] = speech
            if len(self._recent) > _CACHED_REPLIES:
                self._recent.popitem(last=False)
        return speech

    def _run(self, text: str, whispered: bool) -> Speech:
        voice = PROGRAMS[self.name]
        command = voice.whisper if whispered and voice.whisper else voice.command
        with tempfile.TemporaryDirectory(prefix="alexa-voice-") as directory:
            wav = Path(directory) / "speech.wav"
            subprocess.run(
                command(text, str(wav)),
                input=text.encode() if voice.on_stdin else None,
                stdin=None if voice.on_stdin else subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_TIMEOUT_S,
                check=True,
            )
            with open_sound(wav) as sound:
                samples = sound.read(sound.frames, dtype="int16", always_2d=True)[:, 0]
                return Speech(samples, sound.samplerate)

    def _joined(self, spoken: list[Speech]) -> Speech:
        if not spoken:
            return _SILENCE
        pause = np.zeros(round(_PAUSE_S * spoken[0].rate_hz), np.int16)
        parts = [part for one in spoken for part in (one.samples, pause)]
        return Speech(np.concatenate(parts[:-1]), spoken[0].rate_hz)


def _reason(error: Exception) -> str:
    """Why it failed, without the text it was to speak, which the error would repeat."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer within {_TIMEOUT_S:.0f} s"
    if isinstance(error, subprocess.CalledProcessError):
        return f"exit code {error.returncode}"
    return "it wrote no sound" if isinstance(error, AudioFileError) else type(error).__name__


def open_voice(name: str = "auto") -> Voice:
    """The voice of that name, the best installed one for "auto", or silence for "none".

    A voice that is not installed gives silence and one line in the log; ConfigError for a name that
    no voice has.
    """
    if name == "none":
        return Voice()
    if name != "auto" and name not in PROGRAMS:
        raise ConfigError(f"There is no voice '{name}'. Use auto, none, {', '.join(PROGRAMS)}.")
    installed = installed_voices()
    if name == "auto" and installed:
        return Voice(installed[0])
    if name in installed:
        return Voice(name)
    what = "No voice is installed" if name == "auto" else f"The voice '{name}' is not installed"
    log.warning("%s: replies are not spoken. Run `apt install flite` (or libttspico-utils, espeak-ng).", what)
    return Voice()
