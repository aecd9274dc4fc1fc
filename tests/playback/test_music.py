import threading

import numpy as np
import pytest
import soundfile

from alexa_local.errors import ConfigError
from alexa_local.playback import Mixer, MusicLibrary, MusicPlayer
from alexa_local.testing.loudspeaker import FakeLoudspeaker

RATE_HZ = 44_100
LEVELS = {"1 low": 0.1, "2 middle": 0.2, "3 high": 0.4}


class Player:
    """A player with three tracks of constant level, 4 s each, and a loudspeaker that is pulled by hand."""

    def __init__(self, folder, rate_hz=RATE_HZ):
        for name, level in LEVELS.items():
            soundfile.write(folder / f"{name}.flac", np.full((round(rate_hz * 4), 2), level), rate_hz)
        self.mixer = Mixer(volume=100)
        self.speaker = FakeLoudspeaker(self.mixer)
        self.events = []
        self.happened = threading.Condition()
        self.music = MusicPlayer(MusicLibrary([folder]), self.mixer, on_event=self.on_event)

    def on_event(self, name, data):
        with self.happened:
            self.events.append((data["state"], data.get("title", "")))
            self.happened.notify_all()

    def wait_for(self, *event):
        with self.happened:
            assert self.happened.wait_for(lambda: event in self.events, 10), self.events

    def hear(self, seconds):
        """Pull for some seconds of sound, giving the decoder time to keep up; the levels heard, (N,)."""
        wanted = round(seconds * RATE_HZ)
        heard = []
        ring = self.mixer.music
        with self.happened:  # the thread knows of the last choice
            assert self.happened.wait_for(self._is_told, 10), self.events
        gave_up = threading.Event()
        while wanted > 0:
            tries = 0
            while ring.wanted_frames < 20_000 and not ring.has_ended and tries < 300:
                gave_up.wait(0.01)  # the decoder works in its own thread
                tries += 1
            heard.append(self.speaker.advance(0.1)[:, 0] / 32767)
            wanted -= len(heard[-1])
        return np.concatenate(heard)

    def _is_told(self):
        track = self.music.now_playing
        return self.events[-1:] and self.events[-1][1] == (track.title if track else "")

    def level(self, seconds=0.6):
        return round(float(self.hear(seconds)[-1]), 2)


@pytest.fixture
def player(tmp_path):
    player = Player(tmp_path)
    yield player
    player.music.close()


def test_tracks_follow_each_other_without_a_gap_and_then_it_stops(player):
    first = player.music.play()
    assert first.title == "low"
    heard = player.hear(13.0)
    sounding = np.flatnonzero(heard > 0.05)
    assert sounding[-1] - sounding[0] + 1 == len(sounding) == 3 * 4 * RATE_HZ
    player.wait_for("stopped", "")
    assert player.music.now_playing is None
    assert player.mixer.music.underruns == 0


def test_another_rate_is_converted_to_the_mixers(tmp_path):
    player = Player(tmp_path, rate_hz=22_050)
    player.music.play("high")
    heard = player.hear(4.5)
    assert (heard > 0.2).sum() == pytest.approx(4 * RATE_HZ, abs=20)
    player.music.close()


def test_next_and_previous_are_heard_at_once(player):
    player.music.play()
    assert player.level() == 0.1
    assert player.music.next().title == "middle"
    assert player.level() == 0.2
    assert player.music.previous().title == "low"
    assert player.level() == 0.1
    assert player.music.previous().title == "low"


def test_shuffled_music_is_all_of_it(player, monkeypatch):
    monkeypatch.setattr("random.shuffle", lambda tracks: tracks.reverse())
    assert [player.music.play(shuffle=True).title, player.music.next().title] == ["high", "middle"]


def test_next_after_the_last_track_stops(player):
    player.music.play("high")
    assert player.level() == 0.4
    assert player.music.next() is None
    player.wait_for("stopped", "")
    assert player.level() == 0.0


def test_pause_holds_and_resume_goes_on(player):
    player.music.play("middle")
    assert player.level() == 0.2
    assert player.music.pause()
    assert player.level() == 0.0
    assert player.music.is_paused
    assert player.music.now_playing.title == "middle"
    assert player.music.resume()
    assert player.level() == 0.2


def test_stop_is_silent_soon_and_tells_whether_anything_played(player):
    assert not player.music.stop()
    player.music.play()
    assert player.level() == 0.1
    assert player.music.stop()
    player.wait_for("stopped", "")
    assert player.level() == 0.0
    assert not player.music.pause()
    assert player.music.next() is None


def test_a_new_choice_while_paused_is_played(player):
    player.music.play("low")
    assert player.level() == 0.1
    player.music.pause()
    player.level()
    player.music.play("high")
    player.wait_for("playing", "high")
    assert player.level(1.0) == 0.4
    assert not player.music.is_paused


def test_a_corrupt_file_is_skipped_with_a_warning(tmp_path, caplog):
    player = Player(tmp_path)
    (tmp_path / "0 broken.mp3").write_bytes(b"this is no music" * 1000)
    (tmp_path / "0 empty.flac").write_bytes(b"")
    player.music.play()
    assert player.level() == 0.1
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "0 broken.mp3" in caplog.text
    player.music.close()


def test_only_corrupt_files_end_in_a_stop(tmp_path):
    (tmp_path / "broken.mp3").write_bytes(b"this is no music" * 1000)
    player = Player.__new__(Player)
    player.events, player.happened = [], threading.Condition()
    player.music = MusicPlayer(MusicLibrary([tmp_path]), Mixer(), on_event=player.on_event)
    player.music.play()
    player.wait_for("stopped", "")
    player.music.close()


def test_a_name_that_fits_nothing_leaves_the_music_as_it_is(player):
    player.music.play("low")
    assert player.music.play("xylophone concerto") is None
    assert player.music.now_playing.title == "low"


def test_a_missing_folder_is_told_when_music_is_asked_for(tmp_path):
    music = MusicPlayer(MusicLibrary([tmp_path / "nowhere"]), Mixer())
    with pytest.raises(ConfigError, match="no music folder"):
        music.play()
    music.close()
