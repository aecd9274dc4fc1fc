"""Who says "stop" while the device makes a sound is obeyed, without the wake word."""

import numpy as np

from alexa_local.capture.source import BLOCK_SAMPLES
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.following import FollowUp
from alexa_local.daemon.sounding import NowPlaying
from alexa_local.playback import Mixer
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.pipeline import STOP_LOUDNESS
from alexa_local.testing.spoken_microphone import SpokenMicrophone

STOP = np.full(BLOCK_SAMPLES, STOP_LOUDNESS, np.int16)


def test_the_daemon_ends_what_is_played_and_nothing_else_happens(start) -> None:
    home, microphone = FakeHome(), SpokenMicrophone([STOP])
    daemon = start(home, open_source=lambda _: microphone)
    microphone.speak()
    assert daemon.event("stop_word_detected") == {"playing": "speech"}
    daemon.ask("say", text="light")  # the thread that acts has done what came before
    assert home.stopped == ["speech"]
    assert home.heard == ["light"]


def test_a_question_that_was_cut_short_is_not_waited_upon() -> None:
    bus, listened = EventBus(), []
    FollowUp(bus, lambda: listened.append(True), speaks=True)
    for name, data in (
        ("stt_text", {"text": "set a timer"}),
        ("action", {"done": False, "reply": "For how long?", "asks": "duration"}),
        ("stop_word_detected", {"playing": "speech"}),
        ("tts_finished", {}),
    ):
        bus.publish(name, data)
    assert listened == []


def test_what_is_played_is_told_until_it_has_reached_the_room() -> None:
    mixer, now_s = Mixer(), [10.0]
    playing = NowPlaying(mixer, lambda: now_s[0])
    assert playing() == ""
    mixer.play_reply(np.full(4410, 1000, np.int16), 44_100)
    assert playing() == "speech"
    mixer.read(4410)
    now_s[0] += 0.5
    assert playing() == "speech"
    now_s[0] += 0.2
    assert playing() == ""


def test_an_alarm_is_more_than_a_reply_and_a_reply_more_than_music() -> None:
    mixer = Mixer()
    mixer.music.write(np.ones((100, 2), np.float32))
    assert mixer.playing == "music"
    mixer.play_reply(np.full(100, 1000, np.int16), 44_100)
    assert mixer.playing == "speech"
    mixer.start_alarm(np.full(100, 1000, np.int16), 44_100)
    assert mixer.playing == "alarm"


def test_what_nobody_can_hear_is_not_played_except_that_an_alarm_is_never_mute() -> None:
    mixer = Mixer()
    mixer.play_reply(np.full(100, 1000, np.int16), 44_100)
    mixer.muted = True
    assert mixer.playing == ""
    mixer.start_alarm(np.full(100, 1000, np.int16), 44_100)
    assert mixer.playing == "alarm"
