"""Through a real PulseAudio whose room hears the loudspeaker: the echo is found and taken out."""

import threading
import time

import numpy as np
import pytest

from alexa_local.capture import open_echo_canceller, open_microphone
from alexa_local.capture.echo_filter import load_speexdsp
from alexa_local.playback import Loudspeaker, Mixer
from alexa_local.sound import PortAudio
from alexa_local.testing.virtual_sound import VirtualSound, missing

pytest.importorskip("pyaudio", reason="PyAudio is not installed; run `pip install pyaudio`")
pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "-"),
    pytest.mark.skipif(load_speexdsp() is None, reason="libspeexdsp1 is not installed"),
]
_PATIENCE_S = 120


def test_the_device_hears_itself_no_more(monkeypatch):
    with VirtualSound() as sound:
        for name, value in sound.environment.items():
            monkeypatch.setenv(name, value)
        sound.let_the_room_hear_the_loudspeaker()
        canceller, portaudio = open_echo_canceller("on"), PortAudio()
        assert canceller is not None
        mixer, done = Mixer(volume=60), threading.Event()
        microphone = open_microphone("mic", portaudio=portaudio, cleaner=canceller)
        speaker = Loudspeaker(mixer, "music", portaudio, on_played=canceller.played)
        noise = np.random.default_rng(0).integers(-9000, 9000, 44_100 * _PATIENCE_S).astype(np.int16)
        mixer.play_reply(noise, 44_100)
        deadline_s = time.monotonic() + _PATIENCE_S

        def listen():
            for _ in microphone:
                report = canceller.report
                if report.get("echo_cancelled_db", 0.0) > 10 or time.monotonic() > deadline_s:
                    done.set()
                    return

        thread = threading.Thread(target=listen, name="capture")
        thread.start()
        assert done.wait(_PATIENCE_S + 20)
        thread.join(10)
        microphone.close()
        speaker.close()
        portaudio.close()
        assert canceller.report["echo_cancelled_db"] > 10
