"""The real parts behind the control socket: all but the models, the microphone and the loudspeaker."""

import base64
import functools
import queue
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import soundfile

from alexa_local.config import (
    AudioSettings,
    Config,
    DaemonSettings,
    DeviceSettings,
    HomeSettings,
    MusicSettings,
    VoiceSettings,
)
from alexa_local.daemon import assembly
from alexa_local.daemon.client import ask
from alexa_local.daemon.daemon import Daemon
from alexa_local.recognise import BiasReport
from alexa_local.sound import PortAudio
from alexa_local.testing.pipeline import FakePipeline
from alexa_local.testing.quiet_microphone import QuietMicrophone
from alexa_local.testing.stages import LoudEndOfSpeech, LoudRecogniser, LoudWakeWord


def test_what_only_some_homes_need_is_not_in_memory_from_the_start():
    """Updates' keys, voices and a broker: together twelve megabytes, on a board that has few."""
    shows = "import sys, alexa_local.daemon.assembly; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", shows], capture_output=True, text=True, check=True, timeout=60
    )
    assert not {"cryptography", "paho.mqtt.client", "ssl", "mutagen.mp3"} & set(done.stdout.split())


@pytest.fixture
def config(folder):
    return Config(
        audio=AudioSettings(output_device="none"),
        voice=VoiceSettings(engine="none"),
        music=MusicSettings((folder / "music",)),
        daemon=DaemonSettings(socket=folder / "c.sock", state_dir=folder / "state"),
        home=HomeSettings(
            (DeviceSettings("Lamp", "light", "kitchen", run=("touch", str(folder / "lamp-{state}"))),)
        ),
    )


@pytest.fixture
def at_home(config, monkeypatch):
    """Runs a daemon of real parts; call what it yields to ask it, and `restart` on that to start it anew."""
    models = LoudWakeWord(), LoudRecogniser(), LoudEndOfSpeech()
    monkeypatch.setattr(assembly, "_load_models", lambda *_: models)
    monkeypatch.setattr(assembly, "_pipeline", lambda *stages: FakePipeline([], stages[-2].bus.publish))

    class Home:
        recogniser = models[1]

        def start(self) -> None:
            assemble = functools.partial(assembly.assemble, portaudio=PortAudio(object()))
            self.daemon = Daemon(config, lambda _: QuietMicrophone(), assemble, env={})
            self.events = self.daemon.bus.subscribe()
            self.thread = threading.Thread(target=self.daemon.run)
            self.thread.start()
            self.event("idle")

        def end(self) -> None:
            self.daemon.request_stop("test")
            self.thread.join(20)
            assert not self.thread.is_alive()

        def event(self, name: str) -> dict:
            while event := self.events.queue.get(20):
                if event.name == name:
                    return dict(event.data)
            raise AssertionError(f"{name} did not happen")

        def say(self, text: str) -> str:
            return ask(config.daemon.socket, "say", text=text)["reply"]

    home = Home()
    home.start()
    yield home
    home.end()


def test_a_device_is_switched_by_its_program(at_home, folder):
    assert ask(folder / "c.sock", "say", text="turn on the lamp")["done"]
    assert (folder / "lamp-ON").exists()


def test_lists_and_timers_survive_a_restart(at_home):
    at_home.say("add milk to the shopping list")
    at_home.say("set a pasta timer for ten minutes")
    at_home.end()
    at_home.start()
    assert "milk" in at_home.say("what's on my shopping list")
    assert "pasta" in at_home.say("how long is left on my timer")


def test_a_timer_rings_until_somebody_says_stop(at_home, folder):
    at_home.say("set a timer for one second")
    told = at_home.event("timer_finished")
    assert told["reply"] == "Your one second timer is done." and not told["missed"]
    assert ask(folder / "c.sock", "say", text="stop")["action"] == {"stopped": "ringing"}


def test_imported_names_are_understood_at_once(at_home, folder):
    data = base64.b64encode(b"name,phone\nZebulon Quist,123\n").decode()
    assert ask(folder / "c.sock", "contacts", data=data)["added"] == 1
    answer = ask(folder / "c.sock", "say", text="call zebulon quist")
    assert (answer["intent"], answer["slots"]) == ("CallContact", {"contact": "Zebulon Quist"})


def test_names_of_people_devices_and_timers_are_listened_for(at_home, folder):
    def listened_for(kind: str) -> tuple[str, ...]:
        return next((each.phrases for each in at_home.recogniser.phrases if each.kind == kind), ())

    assert at_home.recogniser.biasing == "fusion"
    assert listened_for("device") == ("lamp",)
    assert listened_for("contact") == listened_for("timer") == ()
    data = base64.b64encode(b"name,phone\nZebulon Quist,123\n").decode()
    ask(folder / "c.sock", "contacts", data=data)
    assert "zebulon quist" in listened_for("contact")
    at_home.say("set a pasta timer for ten minutes")
    assert listened_for("timer") == ("pasta",)
    at_home.say("cancel the pasta timer")
    assert listened_for("timer") == ()


def test_music_that_is_found_is_listened_for(at_home, folder, monkeypatch):
    album = folder / "music" / "Miles Davis" / "Kind of Blue"
    album.mkdir(parents=True)
    soundfile.write(album / "So What.wav", np.zeros(100), 16_000)
    told: queue.Queue = queue.Queue()
    at_home.end()
    monkeypatch.setattr(
        at_home.recogniser, "listen_for", lambda classes, *_: told.put(classes) or BiasReport()
    )
    at_home.start()
    while "music" not in (kinds := {each.kind: each.phrases for each in told.get(timeout=20)}):
        pass
    assert set(kinds["music"]) == {"miles davis", "kind of blue", "so what"}
    answer = ask(folder / "c.sock", "say", text="play some music by miles davis")
    assert (answer["intent"], answer["slots"]) == ("PlayMusic", {"music": "Miles Davis"})


def test_local_only_is_remembered(at_home, folder):
    assert ask(folder / "c.sock", "mode", on=True)["local_only"]
    at_home.end()
    at_home.start()
    assert ask(folder / "c.sock", "status")["local_only"]


def test_the_end_comes_quickly(at_home):
    began_s = time.monotonic()
    at_home.end()
    assert time.monotonic() - began_s < 3.0
