import pytest

from alexa_local.errors import DeviceError
from alexa_local.sound import PortAudio, choose_device, list_devices
from alexa_local.sound.devices import AudioDevice
from alexa_local.testing.portaudio import FakeDevice, FakePyAudio

MIC = AudioDevice("USB Mic: Audio (hw:1,0)", 0, inputs=1, outputs=0, default_rate_hz=48_000)
CAMERA = AudioDevice("Camera: USB Audio (hw:2,0)", 1, inputs=2, outputs=0, default_rate_hz=16_000)
DEFAULT = AudioDevice("default", 2, inputs=32, outputs=32, default_rate_hz=44_100, is_default_input=True)
SPEAKER = AudioDevice("Headphones (hw:0,0)", 3, inputs=0, outputs=2, default_rate_hz=44_100)
ALL = [MIC, CAMERA, DEFAULT, SPEAKER]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, DEFAULT),
        ("", DEFAULT),
        ("default", DEFAULT),
        ("camera", CAMERA),
        ("USB MIC", MIC),
        ("hw:2", CAMERA),
    ],
)
def test_a_name_or_a_part_of_it_in_any_case_finds_the_device(wanted, expected):
    assert choose_device(ALL, wanted, "input") is expected


def test_an_exact_name_wins_over_a_name_that_contains_it():
    longer = AudioDevice("default (copy)", 4, inputs=1, outputs=0, default_rate_hz=16_000)
    assert choose_device([longer, *ALL], "default", "input") is DEFAULT


def test_a_name_that_fits_two_devices_lists_both():
    with pytest.raises(DeviceError, match=r"fits 2 microphones: 'USB Mic.*'Camera"):
        choose_device(ALL, "usb", "input")


def test_an_unknown_name_lists_every_device_of_that_direction_only():
    with pytest.raises(DeviceError, match="not found") as error:
        choose_device(ALL, "bluetooth", "output")
    assert "Headphones" in str(error.value)
    assert "Camera" not in str(error.value)


def test_no_microphone_at_all_says_what_to_do():
    with pytest.raises(DeviceError, match=r"No microphone found\. Plug one in"):
        choose_device([SPEAKER], None, "input")


def test_devices_are_listed_with_their_default_marked():
    fake = FakePyAudio(FakeDevice("mic", inputs=1, rate_hz=16_000), FakeDevice("speaker", outputs=2))
    mic, speaker = list_devices(PortAudio(fake))
    assert (mic.name, mic.inputs, mic.default_rate_hz, mic.is_default_input) == ("mic", 1, 16_000, True)
    assert (speaker.is_default_input, speaker.is_default_output, speaker.host_api) == (False, True, "ALSA")


def test_a_missing_pyaudio_names_the_packages_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyaudio", None)
    with pytest.raises(DeviceError, match="apt install libportaudio2"):
        list_devices()


def test_looking_again_leaves_running_streams_alone_until_the_cards_change():
    cards = ["one card"]
    fake = FakePyAudio(FakeDevice("speaker", outputs=2))
    portaudio = PortAudio(fake, cards=lambda: cards[0])
    _, stream = portaudio.open("output", None, _any_shape, 0.04, lambda *_: (None, 0))
    portaudio.look_again()
    assert stream.is_active
    cards[0] = "two cards"
    portaudio.look_again()
    assert not stream.is_active
    portaudio.devices()
    assert fake.initialisations == 2


def _any_shape(device):
    from alexa_local.sound import StreamShape

    return [StreamShape(44_100, 2)]
