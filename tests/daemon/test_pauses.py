"""A person who pauses in the middle of a sentence, from the sound in a file to what is on the disk."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from alexa_local.capture import open_file
from alexa_local.config import (
    AudioSettings,
    Config,
    DaemonSettings,
    DeviceSettings,
    EndpointRule,
    EndpointSettings,
    HomeSettings,
    RecogniserSettings,
    VoiceSettings,
)
from alexa_local.daemon import assembly
from alexa_local.daemon.daemon import Daemon
from alexa_local.daemon.paths import DATABASE
from alexa_local.errors import ModelError
from alexa_local.models import open_model
from alexa_local.playback.voice import Voice, installed_voices
from alexa_local.recognise import EndOfSpeech, Options, Recogniser
from alexa_local.recognise.rescore import Mix, rescore
from alexa_local.sound import PortAudio
from alexa_local.store import open_store
from alexa_local.wake import Detection
from tests.recognise.test_rescore import word_model

RATE = 16_000
VOICE = "flite"
needs_voice = pytest.mark.skipif(VOICE not in installed_voices(), reason="flite is not installed")


class AlreadyCalled:
    """Hears the wake word once, at once."""

    def __init__(self) -> None:
        self._called = False

    def push(self, frames: np.ndarray) -> list[Detection]:
        found = [] if self._called or not len(frames) else [Detection(0, len(frames), 1.0)]
        self._called = self._called or bool(found)
        return found

    def while_playing(self, what: str) -> None:
        """Hear it whatever is played."""

    def reset(self) -> None:
        """Stay called."""


@functools.lru_cache(maxsize=16)
def spoken(text: str) -> np.ndarray:
    speech = Voice(VOICE).speak(text)
    samples = soxr.resample(speech.samples, speech.rate_hz, RATE)
    heard = np.flatnonzero(np.abs(samples.astype(np.int32)) > 300)
    return samples[heard[0] : heard[-1]]


def room(seconds: float, level: float) -> np.ndarray:
    return np.random.default_rng(5).normal(0, level, int(RATE * seconds))


def sound(*parts: str | float, level: float) -> np.ndarray:
    """Texts are spoken, numbers are pauses in seconds, and room tone lies under it all."""
    pieces = [spoken(part) if isinstance(part, str) else np.zeros(int(part * RATE)) for part in parts]
    whole = np.concatenate(pieces)
    return np.clip(whole + room(len(whole) / RATE + 1, level)[: len(whole)], -32768, 32767).astype(np.int16)


class Lives:
    """One daemon's life on a file."""

    def __init__(self, folder: Path, samples: np.ndarray, **sections: Any) -> None:
        soundfile.write(folder / "said.wav", samples, RATE)
        config = Config(
            audio=AudioSettings(output_device="none"),
            voice=VoiceSettings(engine="none"),
            daemon=DaemonSettings(socket=folder / "c.sock", state_dir=folder / "state"),
            **sections,
        )
        assemble = functools.partial(assembly.assemble, portaudio=PortAudio(object()))
        source = functools.partial(open_file, folder / "said.wav", realtime=False)
        daemon = Daemon(config, lambda _: source(), assemble, finite=True, env={})
        heard = daemon.bus.subscribe()
        self.code = daemon.run()
        self.events = [(event.name, dict(event.data)) for event in heard.queue.drain(512)]
        with open_store(folder / "state" / DATABASE) as store:
            self.timers = [row["duration_s"] for row in store.read("SELECT duration_s FROM timers")]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [data for event, data in self.events if event == name]


@pytest.fixture
def live(folder: Path, monkeypatch: pytest.MonkeyPatch):
    stages = (
        AlreadyCalled(),
        Recogniser(open_model("asr-en"), Options(8, 6)),
        EndOfSpeech(open_model("end-of-speech")),
    )
    monkeypatch.setattr(assembly, "_load_models", lambda *_: stages)
    return functools.partial(Lives, folder)


@needs_voice
@pytest.mark.parametrize("pause_s", [0.5, 0.7, 1.0])
@pytest.mark.parametrize("level", [3.0, 60.0])
def test_a_pause_in_the_middle_makes_one_timer_of_the_whole(live, pause_s: float, level: float) -> None:
    life = live(sound(0.3, "set a timer for", pause_s, "ten minutes", 3.0, level=level))
    assert [data["text"] for data in life.named("stt_text")] == ["set a timer for ten minutes"]
    assert life.timers == [600.0]
    assert len(life.named("action")) == 1


@needs_voice
def test_what_was_foreseen_in_a_pause_is_taken_back_and_leaves_no_timer(live) -> None:
    hasty = EndpointSettings(speculative={"any": EndpointRule(True, quiet_s=0.1)})
    life = live(
        sound(0.3, "set a timer for one minute", 0.5, "and thirty seconds", 3.0, level=3.0), endpoint=hasty
    )
    assert life.named("speculative") and life.named("reset")
    assert life.timers == [90.0]


@needs_voice
def test_a_whole_request_is_foreseen_before_it_is_done(live) -> None:
    life = live(sound(0.3, "what time is it", 3.0, level=10.0))
    names = [name for name, _ in life.events]
    assert names.index("speculative") < names.index("stt_text") < names.index("action")
    (said,) = life.named("stt_text")
    assert said["timings"]["lead_s"] > 0


@needs_voice
def test_a_file_that_breaks_off_in_mid_word_still_ends(live) -> None:
    cut = sound(0.3, "what time is it", level=3.0)
    life = live(cut[: -RATE // 10])
    assert life.code == 0
    assert len(life.named("stt_text")) == 1


@needs_voice
def test_two_requests_without_a_pause_are_one_and_do_not_confuse_it(live) -> None:
    life = live(sound(0.3, "what time is it", "set a timer for ten minutes", 3.0, level=3.0))
    assert len(life.named("stt_text")) == 1
    assert len(life.named("action")) == 1


@needs_voice
def test_a_voice_that_never_ends_is_cut_off_with_a_message(live) -> None:
    life = live(sound(0.3, *["one two three four five six seven eight nine ten"] * 10, level=3.0))
    (told,) = life.named("cut_off")
    assert told["rule"] == "too_long" and "20" in told["message"]


CON = HomeSettings((DeviceSettings("con", "switch", run=("true",)),))
"""A thing with a name that sounds like another."""


def second_look(file: Path) -> RecogniserSettings:
    return RecogniserSettings(biasing="none", rescoring=file)


@needs_voice
def test_what_cannot_be_done_is_read_anew_with_a_model_of_words(live, folder: Path, monkeypatch) -> None:
    """One reading alone is looked at first; a model that knows one sentence finds it in the lattice."""
    narrow = Recogniser(open_model("asr-en"), Options(8, 1))
    models = (AlreadyCalled(), narrow, EndOfSpeech(open_model("end-of-speech")))
    monkeypatch.setattr(assembly, "_load_models", lambda *_: models)
    surely = functools.partial(rescore, mix=Mix(search=0.0, model=3.0))
    monkeypatch.setattr(assembly, "rescore", surely)
    file = word_model(folder, ["turn on the con"] * 50)
    life = live(sound(0.3, "turn on the car", 3.0, level=3.0), recogniser=second_look(file), home=CON)
    names = [name for name, _ in life.events]
    after = [name for name in names[names.index("intent") :] if name in ("action", "revision", "reset")]
    assert after == ["action", "revision", "reset", "action"]
    first, again = life.named("intent")
    assert (first["intent"], again["intent"], again["revised_by"]) == ("UnknownDevice", "TurnOn", "rescored")
    assert [data["done"] for data in life.named("action")] == [False, True]


@needs_voice
def test_a_second_look_that_finds_nothing_else_leaves_it_at_that(live, folder: Path) -> None:
    file = word_model(folder)
    life = live(sound(0.3, "lock the car", 3.0, level=3.0), recogniser=second_look(file))
    assert [data["refused"] for data in life.named("revision")] == ["same"]
    assert len(life.named("action")) == 1


@needs_voice
@pytest.mark.parametrize("content", [None, b"no model"])
def test_a_missing_or_damaged_model_of_words_is_told_at_the_start(live, folder: Path, content) -> None:
    file = folder / "words.npz"
    if content:
        file.write_bytes(content)
    with pytest.raises(ModelError, match=r"words\.npz"):
        live(sound(0.3, "what time is it", 3.0, level=3.0), recogniser=second_look(file))
