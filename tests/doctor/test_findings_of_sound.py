"""What is said of a recording, and what of the devices, without any."""

import numpy as np
import pytest

from alexa_local.config import AudioSettings
from alexa_local.doctor import sound
from alexa_local.doctor.gain import Gain, better_percent, find_gain
from alexa_local.doctor.recording import Recording
from alexa_local.sound import AudioDevice, PortAudio
from alexa_local.testing.portaudio import FakeDevice, FakePyAudio

RNG = np.random.default_rng(5)


def recording(samples, lost=0, tone_s=10.0, rate_hz=16_000.0):
    samples = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    arrivals = tuple((8.0 + n / rate_hz, n) for n in range(640, len(samples) + 1, 640))
    return Recording(samples, arrivals, lost, tone_s)


def states(rec, played=False):
    return {one.name: one for one in sound.examine(rec, played)}


def room(rms, count=80_000):
    return RNG.standard_normal(count) * rms


def test_a_muted_microphone_fails_with_what_to_do():
    finding = states(recording(np.zeros(80_000)))["noise floor"]
    assert finding.state == "fail" and "muted" in finding.fact and "--fix" in finding.remedy


def test_a_quiet_room_is_well_and_a_loud_one_could_be_better():
    assert states(recording(room(20)))["noise floor"].state == "ok"
    assert states(recording(room(2_000)))["noise floor"].state == "warn"


@pytest.mark.parametrize(
    ("loudness", "state"), [(9_500, "warn"), (30_000, "fail"), (3_000, "ok"), (10, "warn")]
)
def test_clipping_and_quietness_are_told(loudness, state):
    assert states(recording(room(loudness)))["level"].state == state


def test_an_echo_that_is_not_heard_is_told():
    finding = states(recording(room(20)), played=True)["echo"]
    assert finding.state == "warn" and "loudspeaker" in finding.remedy


def test_a_clock_that_runs_wrong_and_lost_blocks_are_told():
    assert states(recording(room(20)))["sample rate"].state == "ok"
    assert states(recording(room(20), rate_hz=16_050.0))["sample rate"].state == "warn"
    assert states(recording(room(20), rate_hz=17_000.0))["sample rate"].state == "fail"
    assert states(recording(room(20), lost=3))["sample rate"].state == "fail"


def test_devices_that_are_not_there_fail_and_name_those_that_are():
    here = PortAudio(FakePyAudio(FakeDevice("USB mic", inputs=1), FakeDevice("Speaker", outputs=2)))
    assert sound.check_device(AudioSettings("usb"), here, "input").state == "ok"
    finding = sound.check_device(AudioSettings("jabra"), here, "input")
    assert finding.state == "fail" and "'USB mic'" in finding.remedy
    assert sound.check_device(AudioSettings(output_device="none"), here, "output").state == "ok"
    assert sound.check_device(AudioSettings(), PortAudio(FakePyAudio()), "input").state == "fail"


def test_the_gain_moves_the_right_way():
    now = Gain(60, False)
    assert better_percent(now, recording(room(30_000))) == 40
    assert better_percent(now, recording(room(5))) == 90
    assert better_percent(now, recording(room(1_000))) is None
    assert better_percent(Gain(30, True), recording(np.zeros(16_000))) == 70
    assert better_percent(Gain(100, False), recording(room(5))) is None


class FakeTools:
    """The sound programs of a machine, of which some are installed."""

    def __init__(self, **said):
        self.said = said
        self.ran = []

    def __call__(self, command):
        self.ran.append(" ".join(command))
        return self.said.get(command[0])


USB = AudioDevice("USB Audio: - (hw:2,0)", 0, 1, 0, 48_000)


def test_a_card_of_its_own_is_set_through_alsa():
    tools = FakeTools(amixer="Mono: Capture 12 [40%] [off]", pactl="60%", wpctl="Volume: 0.5")
    control = find_gain(USB, tools)
    assert (control.tool, control.get()) == ("amixer", Gain(40, True))
    assert control.set(70) and tools.ran[-1] == "amixer -c 2 sset Capture 70% cap"


@pytest.mark.parametrize(
    ("said", "tool", "gain"),
    [
        ({"wpctl": "Volume: 0.40 [MUTED]", "amixer": "[9%]"}, "wpctl", Gain(40, True)),
        ({"pactl": "Volume: front-left: 19661 /  30% / -31 dB\nMute: no"}, "pactl", Gain(30, False)),
        ({"amixer": "Front Left: Capture 20 [65%] [on]"}, "amixer", Gain(65, False)),
    ],
)
def test_else_the_sound_servers_microphone_is_set(said, tool, gain):
    control = find_gain(AudioDevice("default", 0, 1, 0, 48_000), FakeTools(**said))
    assert (control.tool, control.get()) == (tool, gain)


def test_without_any_tool_there_is_no_gain():
    assert find_gain(USB, FakeTools()) is None
