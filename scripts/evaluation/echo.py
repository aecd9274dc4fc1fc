"""`scripts/evaluate echo WAKES COMMANDS`: whether people are heard while the device itself plays.

Commands, each with a wake word before it, are spoken into a made-up room in which the device plays music,
or its own replies, and never stops. The last line has, for each kind of sound and each loudness of speech
against it, misses and right commands as heard ("raw"), with the echo taken out ("cancelled"), the same where
clocks drift and the device is carried elsewhere in the middle ("moved"), and that where the wake word ends a
reply and lowers music, as in earnest ("lowered"); "no_echo" and "no_echo_moved" are there to compare with.
After that nobody speaks, and what is taken for a word is counted.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from alexa_local.capture import open_echo_canceller
from alexa_local.config import WakeSettings
from alexa_local.errors import AlexaLocalError, ConfigError
from alexa_local.messages import SAMPLE_RATE, Hypothesis
from alexa_local.playback import open_voice
from alexa_local.playback.mixer import DUCKED_GAIN
from alexa_local.recognise import spoken_form
from alexa_local.testing.echo import Room as Loop
from scripts.evaluation import engines
from scripts.evaluation.echo_scenes import LIVING_ROOM, SOMEBODY_MOVED, echo_of, music, spoken_in
from scripts.evaluation.manifest import Choice, Row, read_manifest, read_samples
from scripts.evaluation.noise import active_rms
from scripts.evaluation.wake import Detector

_GAP_S, _LEAD_S = 2.5, 6.0
"""Seconds after each command, and before the first one."""

_BETWEEN_SAMPLES = round(0.2 * SAMPLE_RATE)
"""Between the wake word and the command."""

_BEFORE_SAMPLES, _AFTER_SAMPLES = round(0.1 * SAMPLE_RATE), round(0.8 * SAMPLE_RATE)
"""What the recogniser hears beside a command."""

_SPEECH_RMS, _NOISE_RMS = 900.0, 6.0
"""In steps of int16: -31 and -75 dBFS."""

_RAMP_SAMPLES = SAMPLE_RATE // 10
_DELAY_S, _DRIFT_PPM = 0.085, 100.0
_LEVELS_DB = (0.0, -10.0)
_SECONDS_PER_SONG = 60.0

REPLIES = (
    "It is twenty to eight.",
    "Your timer for the pasta has ten minutes and thirty seconds left.",
    "On your shopping list there are milk, a dozen eggs, brown bread, butter and two pounds of potatoes.",
    "Okay, I have set an alarm for half past six tomorrow morning, and another one for seven.",
    "You have three timers. One for the eggs with two minutes left, and two without a name.",
    "The lights in the living room and in the kitchen are off now.",
    "I did not find anybody by that name. You can ask me to call Martha, Andrew or the pharmacy.",
    "I can set timers and alarms, keep lists, play your music, and turn things on and off at home.",
    "The music has stopped. To hear it again, say Alexa, play some music.",
    "I am sorry, the lock of the front door does not answer. Look whether it has electricity.",
)
"""What the device says in the test: of the kind that it says, with the two words that it must not hear."""


@dataclass(frozen=True)
class Spoken:
    """What somebody says.

    Attributes:
        text: what they ask for.
        sound: the wake word and that, float32 (N,), 16 kHz, of one loudness.
        wake_samples: how much of it is the wake word.
    """

    text: str
    sound: NDArray[np.float32]
    wake_samples: int


@dataclass(frozen=True)
class Scene:
    """What is played and heard.

    Attributes:
        played: int16 (N,), 16 kHz.
        echo: what the microphone hears of it, (N,), of a mean square of 1 where nothing is lowered.
        speech: what it hears of people, (N,).
        begins: the sample at which each of them begins.
    """

    played: NDArray[np.int16]
    echo: NDArray[np.float64]
    speech: NDArray[np.float64]
    begins: Sequence[int]

    def heard(self, speech_db: float | None) -> NDArray[np.int16]:
        """The microphone's sound with the speech `speech_db` over the echo; None for no echo."""
        random = np.random.default_rng(1)
        out = self.speech + _NOISE_RMS * random.standard_normal(len(self.speech))
        if speech_db is not None:
            out += self.echo * _SPEECH_RMS * 10 ** (-speech_db / 20)
        return np.clip(np.rint(out), -32768, 32767).astype(np.int16)

    def cancelled(self, speech_db: float) -> NDArray[np.int16]:
        """The same through the echo canceller, block by block as from a microphone."""
        canceller = open_echo_canceller("on")
        assert canceller is not None
        return Loop(self.played, self.heard(speech_db)).run(canceller)


def spoken_by_people(wakes: Sequence[Row], commands: Sequence[Row]) -> list[Spoken]:
    """The commands, each with one of the wake words before it."""
    found = []
    for number, row in enumerate(commands):
        wake = _even(read_samples(wakes[number % len(wakes)].path))
        wake = wake[: int(np.flatnonzero(np.abs(wake) > _SPEECH_RMS / 4)[-1]) + _BETWEEN_SAMPLES]
        sound = np.concatenate([wake, _even(read_samples(row.path))])
        found.append(Spoken(spoken_form(str(row.labels["text"])), sound, len(wake)))
    return found


def _even(samples: NDArray[Any]) -> NDArray[np.float32]:
    """A clip at the common loudness."""
    return samples.astype(np.float32) * np.float32(_SPEECH_RMS / active_rms(samples))


def own_replies(seconds: float) -> NDArray[np.float32]:
    """The device's own voice, with pauses of a second, float32 (N,), 16 kHz."""
    voice, parts = open_voice(), []
    for text in REPLIES:
        speech = voice.speak(text)
        sound = soxr.resample(speech.samples.astype(np.float32) / 32768, speech.rate_hz, SAMPLE_RATE)
        parts += [sound, np.zeros(SAMPLE_RATE, np.float32)]
    return np.resize(np.concatenate(parts), round(seconds * SAMPLE_RATE))


def songs(seconds: float) -> NDArray[np.float32]:
    """Music, a piece a minute, float32 (N,), 16 kHz."""
    pieces = [music(_SECONDS_PER_SONG, 11 + number) for number in range(int(seconds / _SECONDS_PER_SONG) + 1)]
    return np.concatenate(pieces)[: round(seconds * SAMPLE_RATE)]


SOUNDS: dict[str, Callable[[float], NDArray[np.float32]]] = {"music": songs, "replies": own_replies}
_LOWERED_TO = {"music": DUCKED_GAIN, "replies": 0.0}


def make_scene(
    spoken: Sequence[Spoken], sound: NDArray[np.float32], moved: bool, lowered_to: float = 1.0
) -> Scene:
    """People speak one after the other while `sound`, float32 (N,), is played, as long as it lasts.

    `moved` has the two clocks drift apart, and the device carried elsewhere in the middle; `lowered_to` is
    what remains of the sound while somebody says a command.
    """
    at, speech = round(_LEAD_S * SAMPLE_RATE), np.zeros(len(sound))
    begins, gain = [], np.ones(len(sound), np.float32)
    for number, one in enumerate(spoken):
        room = SOMEBODY_MOVED if moved and number >= len(spoken) / 2 else LIVING_ROOM
        heard = _even(np.rint(spoken_in(room, one.sound)).astype(np.int16))[: len(sound) - at]
        speech[at : at + len(heard)] += heard
        begins.append(at)
        gain[at + one.wake_samples : at + len(one.sound) + SAMPLE_RATE] = lowered_to
        at += len(one.sound) + round(_GAP_S * SAMPLE_RATE)
    gain = np.convolve(gain, np.full(_RAMP_SAMPLES, 1 / _RAMP_SAMPLES, np.float32), "full")[: len(gain)]
    rooms = [LIVING_ROOM, SOMEBODY_MOVED] if moved else [LIVING_ROOM]
    drift_ppm = _DRIFT_PPM if moved else 0.0
    loudness = np.sqrt(np.mean(echo_of(sound, rooms, _DELAY_S, drift_ppm) ** 2))
    echo = echo_of(sound * gain, rooms, _DELAY_S, drift_ppm)
    return Scene(np.rint(sound * gain * 20_000).astype(np.int16), echo / loudness, speech, begins)


class Bench:
    """Hears the same people in every way."""

    def __init__(
        self,
        spoken: Sequence[Spoken],
        detector: Detector,
        transcribe: Callable[[NDArray[np.int16]], list[Hypothesis]],
    ) -> None:
        self._spoken, self._detector, self._transcribe = spoken, detector, transcribe
        self._length_s = _LEAD_S + sum(len(one.sound) / SAMPLE_RATE + _GAP_S for one in spoken)

    def rows(self) -> Iterator[tuple[str, dict[str, float]]]:
        """What was found, by the name of the way, one after the other."""
        for kind, make in SOUNDS.items():
            sound = make(self._length_s)
            still, moved = (make_scene(self._spoken, sound, hard) for hard in (False, True))
            lowered = make_scene(self._spoken, sound, True, _LOWERED_TO[kind])
            if kind == "music":
                yield "no_echo", self._counted(still, still.heard(None))
                yield "no_echo_moved", self._counted(moved, moved.heard(None))
            for level_db in _LEVELS_DB:
                name = f"{kind}_{level_db:+.0f}"
                yield f"{name}_raw", self._counted(still, still.heard(level_db))
                yield f"{name}_cancelled", self._counted(still, still.cancelled(level_db))
                yield f"{name}_moved", self._counted(moved, moved.cancelled(level_db))
                yield f"{name}_lowered", self._counted(lowered, lowered.cancelled(level_db))

    def _counted(self, scene: Scene, sound: NDArray[np.int16]) -> dict[str, float]:
        """In percent: wake words missed, and commands of which every word was right."""
        heard_s = self._detector.hear(sound).ends_s
        woken = right = 0
        for one, begin in zip(self._spoken, scene.begins, strict=True):
            end = begin + len(one.sound)
            woken += any(begin < at_s * SAMPLE_RATE < end for at_s in heard_s)
            command = sound[begin + one.wake_samples - _BEFORE_SAMPLES : end + _AFTER_SAMPLES]
            right += self._transcribe(command)[0].text == one.text
        count = len(self._spoken)
        missed_pct = round(100 * (count - woken) / count, 1)
        return {"missed_pct": missed_pct, "right_pct": round(100 * right / count, 1)}


def false_hits(minutes: float, detectors: dict[str, Detector]) -> Iterator[tuple[str, dict[str, float]]]:
    """How often an hour each word is heard in what the device plays, loudly, when nobody speaks."""
    for kind, make in SOUNDS.items():
        scene = make_scene([], make(60 * minutes), moved=True)
        sound = scene.cancelled(_LEVELS_DB[-1])
        hits = {name: len(detector.hear(sound).ends_s) for name, detector in detectors.items()}
        yield f"{kind}_alone", {f"{name}_per_hour": round(60 * n / minutes, 2) for name, n in hits.items()}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="scripts/evaluate echo", description=__doc__)
    top.add_argument("wakes", type=Path, metavar="WAKES", help="manifest.jsonl of the wake word")
    top.add_argument("commands", type=Path, metavar="COMMANDS", help="manifest.jsonl of commands with text")
    top.add_argument("--wakes-glob", action="append", default=[], metavar="GLOB", help="only such wake words")
    top.add_argument("--limit", type=int, default=40, metavar="N", help="N commands, spread evenly (40)")
    top.add_argument("--minutes", type=float, default=10.0, metavar="N", help="of sound without people (10)")
    return top


def main(arguments: Sequence[str], make: engines.Engines | None = None) -> int:
    """Measure; return the exit code."""
    args = parser().parse_args(arguments)
    make = make or engines.Engines()
    detectors = {"wake": make.detector()}
    if stop := WakeSettings().stop_model:
        detectors["stop"] = engines.Engines(stop).detector()
    try:
        wakes = Choice(audio=args.wakes_glob, limit=args.limit).of(
            [row for row in read_manifest(args.wakes) if row.labels.get("wake")]
        )
        commands = Choice(limit=args.limit).of(
            [row for row in read_manifest(args.commands) if row.labels.get("text")]
        )
        if not wakes or not commands:
            raise ConfigError("There must be wake words and commands. Look at the manifests and the globs.")
        found: dict[str, Any] = {"commands": len(commands)}
        bench = Bench(spoken_by_people(wakes, commands), detectors["wake"], make.transcribe())
        for name, figures in chain(bench.rows(), false_hits(args.minutes, detectors)):
            print(f"{name:24}" + "".join(f"  {key} {value:g}" for key, value in figures.items()), flush=True)
            found[name] = figures
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(found))
    return 0
