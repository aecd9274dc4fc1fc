import threading

import numpy as np
import pytest

from alexa_local.playback import Mixer, Playback, Speech, Voice
from alexa_local.playback.output import SOFT_GAIN
from alexa_local.testing.loudspeaker import FakeLoudspeaker


class FakeVoice(Voice):
    """Speaks a constant for 0.1 s; can be held."""

    def __init__(self):
        super().__init__()
        self.go = threading.Event()
        self.go.set()
        self.spoken, self.whispers = [], []
        self.can = False

    @property
    def can_whisper(self):
        return self.can

    def speak(self, text, whispered=False):
        self.go.wait(10)
        self.spoken.append((text, threading.current_thread().name))
        self.whispers.append(whispered)
        return Speech(np.full(1600, 8000, np.int16), 16_000)


class House:
    def __init__(self):
        self.mixer = Mixer(volume=100)
        self.speaker = FakeLoudspeaker(self.mixer)
        self.voice = FakeVoice()
        self.events, self.manners = [], []
        self.happened = threading.Condition()
        self.playback = Playback(self.mixer, self.voice, self.on_event)

    def on_event(self, name, data):
        with self.happened:
            self.events.append(name)
            self.manners += [data["manner"]] if "manner" in data else []
            self.happened.notify_all()

    def play_until(self, *events):
        """Pull the loudspeaker until exactly these events have happened."""
        for _ in range(2000):
            self.speaker.advance(0.02)
            with self.happened:
                if self.happened.wait_for(lambda: self.events == list(events), 0.005):
                    return
        raise AssertionError(self.events)


@pytest.fixture
def house():
    house = House()
    yield house
    house.playback.close()


def test_replies_are_spoken_one_after_the_other_by_the_voice_thread(house):
    house.playback.say("one")
    house.playback.say("two")
    assert house.playback.is_speaking
    house.play_until("tts_speaking", "tts_finished", "tts_speaking", "tts_finished")
    assert house.playback.wait_idle(5)
    assert house.voice.spoken == [("one", "voice"), ("two", "voice")]
    assert not house.playback.is_speaking
    assert (np.abs(house.speaker.played[:, 0]) > 6000).sum() == pytest.approx(2 * 4410, rel=0.05)


@pytest.mark.parametrize(
    ("manner", "can", "whispered", "told", "loudness"),
    [
        ("normal", True, False, "normal", 8000),
        ("quiet", True, False, "quiet", 2800),
        ("whisper", True, True, "whisper", 2800),
        ("whisper", False, True, "quiet", 2800),
    ],
)
def test_a_reply_is_spoken_in_the_manner_that_is_asked_for(house, manner, can, whispered, told, loudness):
    house.voice.can = can
    house.playback.prepare("one", manner)
    house.playback.say("one", manner)
    house.play_until("tts_speaking", "tts_finished")
    assert house.voice.whispers == [whispered, whispered]
    assert house.manners == [told]
    played = np.abs(house.speaker.played)
    assert np.median(played[played > 500]) == pytest.approx(loudness, rel=0.02)


def test_a_soft_tone_is_the_same_more_quietly(house):
    house.playback.earcon("wake")
    loud = house.speaker.advance(0.5)
    house.playback.earcon("wake", soft=True)
    soft = house.speaker.advance(0.5)
    assert np.allclose(soft, loud * SOFT_GAIN, atol=2)


def test_waiting_gives_up_when_it_takes_too_long(house):
    house.playback.say("one")
    assert not house.playback.wait_idle(0.01)
    house.play_until("tts_speaking", "tts_finished")


def test_stop_breaks_off_and_forgets_what_waits(house):
    house.playback.say("one")
    house.playback.say("two")
    house.play_until("tts_speaking")
    house.playback.stop_speaking()
    house.play_until("tts_speaking", "tts_finished")
    assert house.playback.wait_idle(5)
    assert [text for text, _ in house.voice.spoken] == ["one"]


def test_what_is_said_after_a_stop_is_spoken(house):
    house.playback.stop_speaking()
    house.playback.say("one")
    house.play_until("tts_speaking", "tts_finished")


def test_too_many_replies_are_counted_and_left_out(house, caplog):
    house.voice.go.clear()
    for number in range(20):
        house.playback.say(str(number))
    assert house.playback.dropped_replies >= 3
    assert "left out" in caplog.text
    house.playback.stop_speaking()
    house.voice.go.set()
    assert house.playback.wait_idle(10)


def test_an_empty_reply_is_no_reply(house):
    house.playback.say(" ")
    assert not house.playback.is_speaking


def test_a_tone_is_heard_at_once_and_waited_for(house):
    house.playback.earcon("wake")
    assert not house.playback.wait_idle(0.01)
    assert house.speaker.advance(0.5).any()
    assert house.playback.wait_idle(0)
    house.playback.earcon("")


def test_the_alarm_rings_until_it_is_switched_off(house):
    house.playback.alarm(True)
    assert house.speaker.advance(0.5).any()
    house.playback.alarm(False)
    house.speaker.advance(0.2)
    assert not house.speaker.advance(3).any()


def test_volume_moves_in_steps_within_its_range_and_ends_a_mute(house):
    playback = house.playback
    playback.volume = 95
    assert playback.volume_up() == 100
    assert playback.volume_down() == 90
    playback.volume = 5
    playback.mute(True)
    assert playback.volume_down() == 0
    assert not house.mixer.muted


def test_a_prepared_reply_is_made_and_not_heard(house):
    house.playback.prepare("soon")
    house.playback.say("now")
    house.play_until("tts_speaking", "tts_finished")
    assert [text for text, _ in house.voice.spoken] == ["soon", "now"]
    assert house.playback.wait_idle(0)


def test_a_reply_of_any_length_is_made_once(monkeypatch):
    made = []
    voice = Voice("flite")
    monkeypatch.setattr(
        voice, "_run", lambda text, whispered: made.append(text) or Speech(np.ones(10, np.int16), 16_000)
    )
    long = "a very long reply, " * 8
    assert voice.speak(long) is voice.speak(long)
    assert len(made) == 1
