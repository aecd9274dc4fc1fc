"""A daemon of real parts but the models, which hear one loud word, at a real broker."""

from __future__ import annotations

import functools
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast
from unittest import mock

import numpy as np

from alexa_local.config import (
    AudioSettings,
    Config,
    DaemonSettings,
    DeviceSettings,
    HomeSettings,
    MqttSettings,
    UnderstandingSettings,
    VoiceSettings,
)
from alexa_local.daemon import acting, assembly
from alexa_local.daemon.client import ask
from alexa_local.daemon.daemon import Daemon
from alexa_local.daemon.revision import Revisable
from alexa_local.messages import SAMPLE_RATE
from alexa_local.sound import PortAudio
from alexa_local.testing.spoken_microphone import SpokenMicrophone
from alexa_local.testing.stages import LoudEndOfSpeech, LoudRecogniser, LoudWakeWord

LIMIT_S = 120.0
"""Only a test that fails waits so long."""

_NOISE = (np.random.default_rng(0).integers(-12_000, 12_000, SAMPLE_RATE)).astype(np.int16)
"""A second that the stages hear as the wake word and the word "loud", which means nothing; int16 (16000,)."""

_SILENCE = np.zeros(4 * SAMPLE_RATE, np.int16)


class LoudHome:
    """Has a lamp in the kitchen that a program switches.

    Attributes:
        microphone: speaks when it is told to.
        switched: a file with a line for each time that the lamp was switched.
        socket: the daemon's control socket.
    """

    def __init__(self, folder: Path, mqtt: MqttSettings) -> None:
        """Start it; its files are in `folder`."""
        self.switched, self.socket = folder / "switched", folder / "c.sock"
        switch = ("sh", "-c", 'echo "$0" >>"$1"', "{state}", str(self.switched))
        config = Config(
            audio=AudioSettings(output_device="none"),
            understanding=UnderstandingSettings(model=""),  # to which the word "loud" would mean something
            voice=VoiceSettings(engine="none"),
            daemon=DaemonSettings(socket=self.socket, state_dir=folder / "state"),
            home=HomeSettings((DeviceSettings("Lamp", "light", "kitchen", run=switch),)),
            mqtt=mqtt,
        )
        self.microphone = SpokenMicrophone((*np.split(_NOISE, 10), *np.split(_SILENCE, 40)))
        self._fakes = ExitStack()
        models = LoudWakeWord(), LoudRecogniser(), LoudEndOfSpeech()
        patient = functools.partial(Revisable, window_s=600.0)
        self._fakes.enter_context(mock.patch.object(assembly, "_load_models", lambda *_: models))
        self._fakes.enter_context(mock.patch.object(acting, "Revisable", patient))
        assemble = functools.partial(assembly.assemble, portaudio=PortAudio(cast(Any, object())))
        self._daemon = Daemon(config, lambda _: self.microphone, assemble, env={})
        self._events = self._daemon.bus.subscribe()
        self._thread = threading.Thread(target=self._daemon.run)
        self._thread.start()
        try:
            self.event("idle")
        except AssertionError:
            self.close()  # or its threads would keep pytest from ending
            raise

    def event(self, name: str) -> dict[str, Any]:
        """Wait until this happens; returns its details."""
        while event := self._events.queue.get(LIMIT_S):
            if event.name == name:
                return dict(event.data)
        raise AssertionError(f"{name} did not happen")

    def ask(self, command: str, **fields: object) -> dict[str, Any]:
        """Ask it something on its control socket."""
        return ask(self.socket, command, timeout_s=LIMIT_S, **fields)

    def outbox(self) -> dict[str, Any]:
        """What waits to be sent, and what became of the rest."""
        return self.ask("outbox")

    def close(self) -> None:
        """End it."""
        self._daemon.request_stop("test")
        self._thread.join(LIMIT_S)
        self._fakes.close()
        assert not self._thread.is_alive()
