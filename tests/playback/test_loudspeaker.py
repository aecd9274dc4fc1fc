import logging

import numpy as np
import pytest

from alexa_local.errors import DeviceError
from alexa_local.playback import Loudspeaker, Mixer, NullLoudspeaker, open_loudspeaker
from alexa_local.sound import PortAudio
from alexa_local.testing.portaudio import FakeDevice, FakePyAudio

RATE_HZ = 44_100


def tone(mixer, seconds=1.0):
    return mixer.play_reply(
        np.int16(9000 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ * seconds) / RATE_HZ)), RATE_HZ
    )


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (set(), (44_100, 2)),
        ({(48_000, 2)}, (48_000, 2)),
        ({(44_100, 1)}, (44_100, 1)),
        ({(48_000, 8)}, (48_000, 8)),
    ],
)
def test_the_mixer_is_heard_in_the_form_that_the_device_accepts(shapes, expected):
    library = FakePyAudio(FakeDevice("DAC", outputs=8, rate_hz=48_000, shapes=shapes))
    mixer = Mixer(volume=100)
    speaker = Loudspeaker(mixer, "dac", PortAudio(library))
    tone(mixer)
    stream = library.streams[0]
    assert (stream.rate_hz, stream.channels) == expected
    data = b"".join(stream.pull(1920) for _ in range(stream.rate_hz // 1920 + 1))
    frames = np.frombuffer(data, np.int16).reshape(-1, stream.channels)[: stream.rate_hz]
    assert np.argmax(np.abs(np.fft.rfft(frames[:, 0]))) == 440
    assert np.abs(frames[:, 0]).max() == pytest.approx(9000, abs=200)
    assert not frames[:, 2:].any()
    speaker.close()


@pytest.mark.parametrize("shape", [(44_100, 2), (48_000, 1), (48_000, 8)])
def test_what_the_device_is_given_is_told_exactly(shape):
    library = FakePyAudio(FakeDevice("DAC", outputs=8, rate_hz=48_000, shapes={shape}))
    mixer, told = Mixer(volume=100), []
    speaker = Loudspeaker(mixer, "dac", PortAudio(library), on_played=lambda *what: told.append(what))
    tone(mixer)
    given = np.frombuffer(library.streams[0].pull(1920), np.int16).reshape(-1, shape[1])
    ((frames, rate_hz, at_s),) = told
    assert rate_hz == shape[0] and at_s > 0
    assert np.array_equal(frames, given[:, :2])
    speaker.close()


def test_no_loudspeaker_is_one_error_with_the_remedy():
    with pytest.raises(DeviceError, match=r"No loudspeaker found\. Plug one in"):
        Loudspeaker(Mixer(), None, PortAudio(FakePyAudio()))


def test_without_a_loudspeaker_there_is_one_warning_and_replies_still_end(caplog):
    mixer = Mixer()
    with caplog.at_level(logging.WARNING):
        speaker = open_loudspeaker(mixer, None, PortAudio(FakePyAudio(), cards=lambda: ""))
    assert len(caplog.records) == 1
    assert "Going on without sound" in caplog.text
    assert speaker.is_lost
    assert tone(mixer, seconds=0.1).finished.wait(10)
    speaker.close()


def test_without_pyaudio_time_is_kept_as_well(monkeypatch, caplog):
    monkeypatch.setitem(__import__("sys").modules, "pyaudio", None)
    mixer = Mixer()
    speaker = open_loudspeaker(mixer)
    assert isinstance(speaker, NullLoudspeaker)
    assert tone(mixer, seconds=0.1).finished.wait(10)
    assert len(caplog.records) == 1
    speaker.close()


def test_an_unplugged_loudspeaker_comes_back_and_replies_end_meanwhile():
    device = FakeDevice("USB speaker", outputs=2)
    library = FakePyAudio(device)
    mixer, states = Mixer(), []
    speaker = Loudspeaker(
        mixer, "usb", PortAudio(library, cards=lambda: ""), lambda state, _: states.append(state),
        check_s=0.01, retry_delays_s=(0.01,),
    )  # fmt: skip
    library.unplug(device)
    assert tone(mixer, seconds=0.2).finished.wait(10)  # nobody pulls the fake stream: time is kept
    library.plug(device)
    stream = library.wait_for_stream(1)
    stream.pull(100)
    speaker.close()
    assert states[0] == "lost"
    assert "retrying" in states


def test_a_loudspeaker_that_takes_nothing_any_more_is_opened_again():
    library = FakePyAudio(FakeDevice("USB speaker", outputs=2))
    speaker = Loudspeaker(
        Mixer(),
        None,
        PortAudio(library, cards=lambda: ""),
        lost_after_s=0.02,
        check_s=0.01,
        retry_delays_s=(0.01,),
    )
    library.wait_for_stream(1)
    assert library.streams[0].closed
    speaker.close()
