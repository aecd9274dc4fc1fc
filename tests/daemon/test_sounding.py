import datetime
from types import SimpleNamespace

import pytest

from alexa_local.config import AudioSettings, Config, VoiceSettings
from alexa_local.daemon.sounding import Answerer
from alexa_local.messages import TYPED, Outcome, Talker

ALOUD, WHISPERED = Talker(whispered=False), Talker(whispered=True)
DONE = Outcome(ok=True, reply="Okay.", earcon="done")
NIGHT = {"night_from": "22:00", "night_until": "07:00"}


class FakePlayback:
    """Writes down what it is to let hear."""

    def __init__(self):
        self.heard = []

    def prepare(self, text, manner):
        self.heard.append(("prepared", manner))

    def say(self, text, manner):
        self.heard.append(("said", manner))

    def earcon(self, name, soft):
        self.heard.append((name, "soft" if soft else "normal"))

    def stop_speaking(self):
        """Nothing is ever spoken."""

    def duck(self, on):
        """There is no music."""


def answerer(hour=12, **voice):
    config = Config(audio=AudioSettings(wake_earcon=True), voice=VoiceSettings(**voice))
    playback = FakePlayback()
    now = datetime.datetime(2026, 11, 21, hour)
    return Answerer(config, SimpleNamespace(playback=playback), lambda: now), playback.heard


@pytest.mark.parametrize(
    ("talker", "hour", "settings", "manner"),
    [
        (ALOUD, 12, {}, "normal"),
        (TYPED, 12, {}, "normal"),
        (Talker(), 12, {}, "normal"),
        (WHISPERED, 12, {}, "whisper"),
        (WHISPERED, 12, {"whisper_replies": "quiet"}, "quiet"),
        (WHISPERED, 12, {"whisper_replies": "off"}, "normal"),
        (ALOUD, 23, NIGHT, "quiet"),
        (ALOUD, 12, NIGHT, "normal"),
        (WHISPERED, 23, NIGHT, "whisper"),
        (WHISPERED, 23, {**NIGHT, "whisper_replies": "off"}, "quiet"),
    ],
)
def test_whispers_are_answered_in_kind_and_the_night_is_quiet(talker, hour, settings, manner):
    one, heard = answerer(hour, **settings)
    one.make_ready(DONE, talker)
    one.answer(DONE, talker)
    tone = "normal" if manner == "normal" else "soft"
    assert heard == [("prepared", manner), ("done", tone), ("said", manner)]


def test_the_tone_of_the_wake_word_stays_soft_until_somebody_speaks_up():
    one, heard = answerer()
    one.answer(DONE, WHISPERED)
    one.listening(True)
    one.answer(DONE, ALOUD)
    one.listening(True)
    assert [manner for name, manner in heard if name == "wake"] == ["soft", "normal"]
