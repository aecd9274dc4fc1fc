"""Through PortAudio, ALSA and a real PulseAudio: what is played is captured, and devices come back."""

import subprocess
import sys
import threading

import numpy as np
import pytest
import soundfile

from alexa_local.capture import open_microphone
from alexa_local.playback import Loudspeaker, Mixer, MusicLibrary, MusicPlayer
from alexa_local.sound import PortAudio, Realtime, list_devices
from alexa_local.testing.virtual_sound import VirtualSound, missing

pytest.importorskip("pyaudio", reason="PyAudio is not installed; run `pip install pyaudio`")
pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")

SECONDS = 3


@pytest.fixture
def sound(monkeypatch):
    with VirtualSound() as sound:
        for name, value in sound.environment.items():
            monkeypatch.setenv(name, value)
        yield sound


def noise(rate_hz, seconds=SECONDS, seed=0):
    """Noise without its top octave, so that each piece of it is found again at one place only."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal(round(rate_hz * seconds))
    smooth = np.convolve(white, [0.25, 0.5, 0.25], mode="same")
    return np.int16(np.clip(smooth * 5000, -20_000, 20_000))


def place_of(part, whole):
    """Where a piece begins in a recording, by correlation, both int16 (N,)."""
    size = 1 << (len(whole) + len(part)).bit_length()
    spectrum = np.fft.rfft(whole.astype(float), size) * np.conj(np.fft.rfft(part.astype(float), size))
    return int(np.argmax(np.fft.irfft(spectrum, size)[: len(whole)]))


class Listener:
    """Collects what a source gives, in a thread as the daemon does."""

    def __init__(self, source):
        self.source = source
        self.blocks = []
        self.grew = threading.Condition()
        self.thread = threading.Thread(target=self._run, name="capture")
        self.thread.start()

    def _run(self):
        for block in self.source:
            with self.grew:
                self.blocks.append(block)
                self.grew.notify_all()

    def wait_for(self, more_blocks, timeout_s=20):
        with self.grew:
            wanted = len(self.blocks) + more_blocks
            assert self.grew.wait_for(lambda: len(self.blocks) >= wanted, timeout_s), "no sound came"

    def close(self):
        self.source.close()
        self.thread.join(10)
        assert not self.thread.is_alive()

    @property
    def heard(self):
        return np.concatenate(self.blocks)


def test_what_is_played_in_the_room_is_captured_sample_by_sample(sound, tmp_path):
    spoken = noise(16_000)
    soundfile.write(tmp_path / "spoken.wav", spoken, 16_000)
    listener = Listener(open_microphone("mic"))
    listener.wait_for(5)
    sound.play_in_room(tmp_path / "spoken.wav")
    listener.wait_for(15)
    listener.close()
    start = place_of(spoken[8_000:24_000], listener.heard) - 8_000
    captured = listener.heard[start : start + len(spoken)]
    assert np.array_equal(captured, spoken)
    assert listener.source.dropped_blocks == 0


def test_what_the_mixer_plays_leaves_the_loudspeaker_sample_by_sample(sound, tmp_path):
    mixer = Mixer(volume=100)
    recorder = sound.record_loudspeaker(tmp_path / "heard.raw")
    speaker = Loudspeaker(mixer, "music")
    reply, pause = noise(44_100), np.zeros(44_100, np.int16)
    assert mixer.play_reply(pause, 44_100).finished.wait(10)  # until the stream runs, as a daemon's does
    assert mixer.play_reply(reply, 44_100).finished.wait(SECONDS + 10)
    assert mixer.play_reply(pause, 44_100).finished.wait(10)  # until it has left the buffers
    speaker.close()
    recorder.terminate()
    recorder.wait(10)
    heard = np.fromfile(tmp_path / "heard.raw", "<i2").reshape(-1, 2)[:, 0]
    start = place_of(reply[22_050:66_150], heard) - 22_050
    assert np.abs(heard[start : start + len(reply)].astype(int) - reply).max() <= 1


def test_two_tracks_leave_the_loudspeaker_as_one_without_a_lost_sample(sound, tmp_path):
    music = noise(44_100, seconds=6, seed=2)
    (tmp_path / "music").mkdir()
    soundfile.write(tmp_path / "music" / "1.flac", music[:120_000], 44_100)
    soundfile.write(tmp_path / "music" / "2.wav", music[120_000:], 44_100)
    mixer, stopped = Mixer(volume=100), threading.Event()
    recorder = sound.record_loudspeaker(tmp_path / "heard.raw")
    speaker = Loudspeaker(mixer, "music")
    player = MusicPlayer(
        MusicLibrary([tmp_path / "music"]), mixer,
        on_event=lambda _, data: stopped.set() if data["state"] == "stopped" else None,
    )  # fmt: skip
    player.play()
    assert stopped.wait(30)
    assert mixer.play_reply(np.zeros(3 * 44_100, np.int16), 44_100).finished.wait(
        20
    )  # until the ring is empty
    player.close()
    speaker.close()
    recorder.terminate()
    recorder.wait(10)
    heard = np.fromfile(tmp_path / "heard.raw", "<i2").reshape(-1, 2)[:, 0]
    # the reply lowers the last second, which waits in the ring when decoding ends
    start = place_of(music[22_050:66_150], heard) - 22_050
    assert (
        np.abs(heard[start : start + 5 * 44_100 - 22_050].astype(int) - music[: 5 * 44_100 - 22_050]).max()
        <= 1
    )
    assert mixer.music.underruns == 0


def test_microphone_and_loudspeaker_come_back_when_they_are_plugged_in_again(sound, tmp_path):
    states, happened = [], threading.Condition()

    def on_state(which):
        def note(state, detail):
            with happened:
                states.append((which, state))
                happened.notify_all()

        return note

    def wait_for(*state):
        with happened:
            assert happened.wait_for(lambda: state in states, 20), states

    portaudio = PortAudio()
    listener = Listener(open_microphone("mic", on_state("microphone"), portaudio))
    speaker = Loudspeaker(Mixer(), "music", portaudio, on_state("loudspeaker"))
    listener.wait_for(5)
    sound.unplug()
    wait_for("microphone", "retrying")
    wait_for("loudspeaker", "retrying")
    assert speaker.is_lost
    sound.plug()
    wait_for("microphone", "back")
    wait_for("loudspeaker", "back")
    spoken = noise(16_000, seconds=2, seed=1)
    soundfile.write(tmp_path / "spoken.wav", spoken, 16_000)
    listener.wait_for(5)
    sound.play_in_room(tmp_path / "spoken.wav")
    listener.wait_for(15)
    listener.close()
    speaker.close()
    start = place_of(spoken[8_000:16_000], listener.heard) - 8_000
    assert np.array_equal(listener.heard[start : start + len(spoken)], spoken)


def test_the_server_dying_is_a_loss_and_not_the_end(sound):
    states = []
    source = open_microphone("mic", lambda state, detail: states.append(state))
    listener = Listener(source)
    listener.wait_for(5)
    sound.stop()
    lost = threading.Event()
    for _ in range(100):
        if "retrying" in states or lost.wait(0.1):
            break
    listener.close()
    assert states[:2] == ["lost", "retrying"]


def test_the_threads_that_call_back_are_raised_where_that_is_allowed(sound):
    portaudio = PortAudio(realtime=Realtime(by_rtkit=lambda *_: False))
    listener = Listener(open_microphone("mic", portaudio=portaudio))
    speaker = Loudspeaker(Mixer(), "music", portaudio)
    listener.wait_for(5)
    told = portaudio.priorities()
    listener.close()
    speaker.close()
    assert told in (dict.fromkeys(("loudspeaker", "microphone"), one) for one in ("rr 5", "normal"))


def test_devices_are_listed_by_name(sound):
    assert {"mic", "music", "default"} <= {device.name for device in list_devices()}


def test_nothing_is_written_to_standard_error_while_looking_for_devices(sound):
    program = "from alexa_local.capture import list_devices; list_devices()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
