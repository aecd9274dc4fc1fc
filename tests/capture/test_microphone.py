import numpy as np
import pytest

from alexa_local.capture import BLOCK_SAMPLES
from alexa_local.capture.microphone import Microphone
from alexa_local.errors import DeviceError
from alexa_local.sound import PortAudio
from alexa_local.testing.portaudio import FakeDevice, FakePyAudio


class Room:
    """One fake microphone and the source that listens to it."""

    def __init__(self, device=None, **options):
        self.device = device or FakeDevice("USB mic", inputs=1, rate_hz=16_000)
        self.library = FakePyAudio(self.device)
        self.states = []
        self.source = Microphone(
            options.pop("wanted", "usb"),
            PortAudio(self.library, cards=lambda: ""),
            lambda state, detail: self.on_state(state, detail),
            retry_delays_s=(0.0,),
            lost_after_s=options.pop("lost_after_s", 5.0),
            **options,
        )

    def on_state(self, state, detail):
        self.states.append(state)


def block(value, samples=BLOCK_SAMPLES):
    return np.full(samples, value, np.int16)


def test_blocks_are_those_that_the_device_gave():
    room = Room()
    for value in range(3):
        room.library.streams[0].feed(block(value).tobytes())
    blocks = iter(room.source)
    assert [int(next(blocks)[0]) for _ in range(3)] == [0, 1, 2]
    room.source.close()
    assert list(blocks) == []


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        (set(), (16_000, 1)),
        ({(48_000, 1), (48_000, 2)}, (48_000, 1)),
        ({(16_000, 2), (48_000, 2)}, (16_000, 2)),
        ({(44_100, 4)}, (44_100, 4)),
    ],
)
def test_the_first_form_that_the_device_accepts_is_taken(shapes, expected):
    room = Room(FakeDevice("USB mic", inputs=4, rate_hz=48_000, shapes=shapes))
    stream = room.library.streams[0]
    assert (stream.rate_hz, stream.channels) == expected


def test_another_form_is_converted():
    room = Room(FakeDevice("USB mic", inputs=2, rate_hz=48_000, shapes={(48_000, 2)}))
    frames = np.repeat(
        np.int16(3000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000))[:, None], 2, axis=1
    )
    for start in range(0, 48_000, 1920):
        room.library.streams[0].feed(frames[start : start + 1920].tobytes())
    blocks = iter(room.source)
    heard = np.concatenate([next(blocks) for _ in range(12)])
    expected = 3000 * np.sin(2 * np.pi * 440 * np.arange(len(heard)) / 16_000)
    assert np.abs(heard - expected)[500:-500].max() < 10


def test_blocks_that_nobody_takes_are_counted_and_the_oldest_are_kept():
    room = Room(queue_blocks=3)
    for value in range(5):
        room.library.streams[0].feed(block(value).tobytes())
    assert room.source.dropped_blocks == 2
    assert next(iter(room.source))[0] == 0


def test_an_unplugged_microphone_comes_back_in_the_same_iteration():
    room = Room()
    room.library.streams[0].feed(block(1).tobytes())
    blocks = iter(room.source)
    assert next(blocks)[0] == 1
    room.library.unplug(room.device)

    def replug_at_the_third_attempt(state, detail):
        room.states.append(state)
        if room.states.count("retrying") == 3 and not room.device.plugged:
            room.library.plug(room.device)
        if state == "back":
            room.library.streams[1].feed(block(2).tobytes())

    room.on_state = replug_at_the_third_attempt
    assert next(blocks)[0] == 2
    assert room.states == ["lost", "retrying", "retrying", "retrying", "back"]
    assert room.library.streams[0].closed
    assert room.library.initialisations > 1  # a fresh list of devices


def test_a_device_that_falls_silent_altogether_is_opened_again():
    room = Room(lost_after_s=0.01)

    def feed_when_back(state, detail):
        room.states.append(state)
        if state == "back":
            room.library.streams[-1].feed(block(7).tobytes())

    room.on_state = feed_when_back
    assert next(iter(room.source))[0] == 7
    assert room.states == ["lost", "back"]


def test_what_was_heard_before_the_loss_is_not_joined_to_what_comes_after():
    room = Room()
    room.library.streams[0].feed(block(1, samples=100).tobytes())

    def back(state, detail):
        if state == "retrying" and not room.device.plugged:
            room.library.plug(room.device)
        if state == "back":
            room.library.streams[-1].feed(block(2).tobytes())

    room.library.unplug(room.device)
    room.on_state = back
    assert set(next(iter(room.source))) == {2}


def test_closing_while_the_device_is_away_ends_the_iteration():
    room = Room()
    room.library.unplug(room.device)
    room.on_state = lambda state, detail: room.source.close() if state == "retrying" else None
    assert list(room.source) == []


def test_no_device_is_an_error_with_the_remedy():
    with pytest.raises(DeviceError, match="Plug one in"):
        Microphone(None, PortAudio(FakePyAudio()))


def test_no_device_can_be_waited_for():
    library, states = FakePyAudio(), []

    def plug(state, detail):
        states.append(state)
        if state == "retrying":
            library.plug(FakeDevice("mic", inputs=1))
        if state == "back":
            library.streams[-1].feed(block(5).tobytes())

    source = Microphone(
        None, PortAudio(library, cards=lambda: ""), plug, wait_for_device=True, retry_delays_s=(0.0,)
    )
    assert next(iter(source))[0] == 5
    assert states == ["lost", "retrying", "back"]


def test_a_device_that_refuses_every_form_says_so():
    busy = FakeDevice("USB mic", inputs=1, shapes={(1, 1)})
    with pytest.raises(DeviceError, match=r"'USB mic' refused to open.*another program"):
        Microphone("usb", PortAudio(FakePyAudio(busy)))
