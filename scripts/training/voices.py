"""Freely licensed synthesisers read sentences in many disguises, so that few voices become many speakers.

flite and espeak-ng start once per sentence; festival is slow to start and reads a whole batch at once.
MBROLA voices are left out: their licence forbids what ships. flite's `rms` is kept for judging only.
"""

import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import soundfile
import soxr

SAMPLE_RATE_HZ = 16_000
HELD_OUT_VOICE = "rms"

_ACCENTS = """
    en-us en-us en-us en-us-nyc en-gb en-gb en-gb-scotland en-gb-x-rp en-gb-x-gbclan en-gb-x-gbcwmd en-029
"""
_VARIANTS = """
    f1 f2 f3 f4 f5 m1 m2 m3 m4 m5 m6 m7 m8 klatt klatt2 klatt3 adam Alex Alicia Andrea Andy Annie antonio
    aunty belinda benjamin boris caleb david Denis Diogo ed edward edward2 Gene grandma grandpa Henrique
    Hugo iven iven2 Jacky john kaukovalta Lee linda marcelo Marco Mario max Michael miguel Mike Nguyen
    norbert pablo paul pedro quincy rob robert sandro shelby steph steph2 travis victor Zac anika
"""
ESPEAK_VOICES = tuple(f"{accent}+{variant}" for accent in _ACCENTS.split() for variant in _VARIANTS.split())

VOICES_BY_ENGINE = {
    "flite": ("kal16", "awb", "slt"),
    "pico": ("en-US", "en-GB"),
    "festival": ("kal", "slt-hts"),
    "espeak": ESPEAK_VOICES,
}
FOREIGN_VOICES = {
    "pico": ("de-DE", "es-ES", "fr-FR", "it-IT"),
    "espeak": tuple(
        f"{language}+{variant}"
        for language in ("de", "es", "fr", "it", "nl", "pt", "pl", "sv")
        for variant in _VARIANTS.split()
    ),
}
LICENCE_BY_ENGINE = {
    "flite": "CMU Flite licence (BSD-like)",
    "pico": "Apache-2.0",
    "festival": "Festival licence (BSD-like)",
    "espeak": "GPL-3.0 program, output unrestricted",
}
_MEAN_PITCH_HZ = {"kal16": 105, "awb": 125, "slt": 170, "rms": 100, "kal": 105}
_PITCH_SPREAD_HZ = {"kal16": 15, "awb": 18, "slt": 20, "rms": 14, "kal": 14}
_ESPEAK_WORDS_A_MINUTE = 160


@dataclass(frozen=True)
class Utterance:
    """One sentence and the disguise it is to be read in."""

    text: str
    engine: str
    voice: str
    rate: float = 1.0
    """The engine's own tempo; 1 is normal, 2 twice as fast."""
    pitch: float = 1.0
    """The engine's own mean pitch, as a factor."""
    warp: float = 1.0
    """Playback speed afterwards: raises pitch and formants together, as a smaller head would."""

    @property
    def speaker(self) -> str:
        """A label that tells disguises apart, such as "flite-slt-r0.93"."""
        return f"{self.engine}-{self.voice}-r{self.warp:.2f}"


def disguise(text: str, engine: str, voice: str, random: Random) -> Utterance:
    """Draws tempo, pitch and warp; the tempo that is heard stays within 0.8 to 1.35 of normal."""
    warp = random.uniform(0.84, 1.2)
    if voice == "slt-hts" or (engine == "pico" and voice == "en-US") or voice == "slt":
        warp = min(warp, 1.14)  # already a high voice
    tempo = min(1.35, max(0.8, random.gauss(1.02, 0.13)))
    return Utterance(text, engine, voice, rate=tempo / warp, pitch=random.uniform(0.75, 1.2), warp=warp)


def read_aloud(utterances: Sequence[Utterance]) -> list[np.ndarray]:
    """Reads every utterance, in order; each result is int16, shape (samples,), 16 kHz mono, maybe empty."""
    waves: list[np.ndarray] = [np.zeros(0, np.int16)] * len(utterances)
    for voice in VOICES_BY_ENGINE["festival"]:
        places = [i for i, one in enumerate(utterances) if one.engine == "festival" and one.voice == voice]
        for place, wave in zip(places, speak_festival([utterances[i] for i in places]), strict=True):
            waves[place] = wave
    for place, one in enumerate(utterances):
        if one.engine != "festival":
            waves[place] = _SPEAKERS[one.engine](pronounceable(one.text), one.voice, one.rate, one.pitch)
    return [_warped(wave, one.warp) for wave, one in zip(waves, utterances, strict=True)]


def speak_flite(text: str, voice: str, rate: float, pitch: float) -> np.ndarray:
    """Reads with flite; int16, shape (samples,), 16 kHz."""
    settings = {
        "duration_stretch": 1.0 / rate,
        "int_f0_target_mean": _MEAN_PITCH_HZ[voice] * pitch,
        "int_f0_target_stddev": _PITCH_SPREAD_HZ[voice] * pitch,
    }
    options = [part for name, value in settings.items() for part in ("--setf", f"{name}={value:.3f}")]
    return _run(["flite", "-voice", voice, *options, "-t", text, "-o"])


def speak_pico(text: str, voice: str, rate: float, pitch: float) -> np.ndarray:
    """Reads with SVOX pico; int16, shape (samples,), 16 kHz."""
    tagged = f'<speed level="{100 * rate:.0f}"><pitch level="{100 * pitch:.0f}">{text}</pitch></speed>'
    return _run(["pico2wave", "-l", voice, "-w"], after=[tagged])


def speak_espeak(text: str, voice: str, rate: float, pitch: float) -> np.ndarray:
    """Reads with espeak-ng in an accent and a variant, "en-gb+f2"; int16, shape (samples,), 16 kHz."""
    speed, height = f"{_ESPEAK_WORDS_A_MINUTE * rate:.0f}", f"{min(99, max(0, 50 + 120 * (pitch - 1))):.0f}"
    return _run(["espeak-ng", "-v", voice, "-s", speed, "-p", height, "-w"], after=[text])


def speak_festival(utterances: Sequence[Utterance]) -> list[np.ndarray]:
    """Reads sentences of one voice in one festival process; each int16, shape (samples,), 16 kHz."""
    if not utterances:
        return []
    kal = utterances[0].voice == "kal"
    start = (
        ["(voice_kal_diphone)"]
        if kal
        else ["(voice_cmu_us_slt_arctic_hts)", "(set! plain hts_engine_params)"]
    )
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "read.scm")
        files = [Path(folder, f"{number}.wav") for number in range(len(utterances))]
        lines = [_festival_lines(one, file) for one, file in zip(utterances, files, strict=True)]
        script.write_text("\n".join(start + lines) + "\n", encoding="ascii")
        subprocess.run(["festival", "-b", script], check=False, capture_output=True, timeout=600)
        return [_load(file) for file in files]


def _festival_lines(one: Utterance, file: Path) -> str:
    """Scheme that sets tempo and pitch, each voice in its own way, and reads one sentence."""
    if one.voice == "kal":
        mean, spread = _MEAN_PITCH_HZ["kal"] * one.pitch, _PITCH_SPREAD_HZ["kal"] * one.pitch
        manner = (
            f"(Parameter.set 'Duration_Stretch {1 / one.rate:.3f})"
            f"(set! int_lr_params '((target_f0_mean {mean:.1f}) (target_f0_std {spread:.1f})"
            " (model_f0_mean 170) (model_f0_std 34)))"
        )
    else:
        semitones = 12 * np.log2(one.pitch)
        options = f'("-r" {one.rate:.3f}) ("-fm" {semitones:.2f})'
        manner = f"(set! hts_engine_params (append plain '({options})))"
    text = pronounceable(one.text).replace('"', "")
    return f"""{manner}\n(utt.save.wave (utt.synth (Utterance Text "{text}")) "{file}" 'riff)"""


def pronounceable(text: str) -> str:
    """Writes letters so that a synthesiser names them instead of guessing a word."""
    text = re.sub(r"\b([ap]) m\b", lambda match: f"{match[1].upper()}.M.", text)
    return re.sub(
        r"\b(?![ai] [ai]\b)[a-z](?: [a-z])+\b(?!')", lambda match: ", ".join(match[0].upper().split()), text
    )


def _run(command: list[str], after: Sequence[str] = ()) -> np.ndarray:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run([*command, file.name, *after], check=False, capture_output=True, timeout=60)
        return _load(Path(file.name))


def _load(path: Path) -> np.ndarray:
    """Reads a synthesiser's file as int16 at 16 kHz; one that failed to write is an empty wave."""
    if not path.exists() or path.stat().st_size <= 44:
        return np.zeros(0, np.int16)
    wave, rate_hz = soundfile.read(path, dtype="int16")
    return wave if rate_hz == SAMPLE_RATE_HZ else _resampled(wave, rate_hz)


def _warped(wave: np.ndarray, warp: float) -> np.ndarray:
    return _resampled(wave, SAMPLE_RATE_HZ * warp) if wave.size and abs(warp - 1) > 1e-3 else wave


def _resampled(wave: np.ndarray, rate_hz: float) -> np.ndarray:
    return soxr.resample(wave, rate_hz, SAMPLE_RATE_HZ, quality="HQ")


_SPEAKERS: dict[str, Callable[[str, str, float, float], np.ndarray]] = {
    "flite": speak_flite,
    "pico": speak_pico,
    "espeak": speak_espeak,
}
