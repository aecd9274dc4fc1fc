import threading

import numpy as np
import pytest
import soundfile

from alexa_local.errors import ConfigError
from alexa_local.playback import Mixer, MusicLibrary, MusicPlayer
from alexa_local.playback.music import ALL_BAD, GONE
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
        self.events, self.reasons = [], []
        self.happened = threading.Condition()
        self.lasts = []
        self.music = MusicPlayer(
            MusicLibrary([folder]), self.mixer, on_event=self.on_event, lasts=self.lasts.append
        )

    def on_event(self, name, data):
        with self.happened:
            self.events.append((data["state"], data.get("title", "")))
            self.reasons += [data["reason"]] if "reason" in data else []
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


def test_it_tells_for_how_long_the_music_goes_on_without_the_decoder(player):
    player.music.play()
    player.hear(13.0)
    player.wait_for("stopped", "")
    assert player.lasts[-1] is None
    assert 0.5 < max(seconds for seconds in player.lasts if seconds is not None) <= 2.0


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
    player = Player(tmp_path)
    for file in tmp_path.iterdir():
        file.write_bytes(b"this is no music" * 1000)
    player.music.play()
    player.wait_for("stopped", "")
    assert player.reasons == [ALL_BAD]
    assert player.music.now_playing is None
    player.music.close()


def test_files_that_are_all_gone_end_in_a_place_to_go_on_from(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("alexa_local.playback.music.MOST_FAILURES", 2)
    player = Player(tmp_path)
    player.music.play()
    assert player.level() == 0.1
    for name in ("2 middle", "3 high"):
        (tmp_path / f"{name}.flac").rename(tmp_path / f"{name}.away")
    player.hear(3.6)
    player.wait_for("stopped", "")
    assert player.reasons == [GONE]
    assert len([one for one in caplog.records if "A track is skipped" in one.getMessage()]) == 2
    assert (player.music.now_playing.title, player.music.is_paused) == ("middle", True)
    for name in ("2 middle", "3 high"):
        (tmp_path / f"{name}.away").rename(tmp_path / f"{name}.flac")
    assert player.music.resume()
    player.wait_for("playing", "middle")
    assert player.level() == 0.2
    player.music.close()


def test_a_truncated_file_is_heard_as_far_as_it_goes(tmp_path, caplog):
    player = Player(tmp_path)
    noise = np.random.default_rng(0).uniform(0.29, 0.31, (RATE_HZ * 4, 2))
    soundfile.write(tmp_path / "0 cut.flac", noise, RATE_HZ)
    whole = (tmp_path / "0 cut.flac").read_bytes()
    (tmp_path / "0 cut.flac").write_bytes(whole[: len(whole) // 2])
    player.music.play()
    heard = player.hear(5.0)
    assert 1.5 * RATE_HZ < ((heard > 0.28) & (heard < 0.32)).sum() < 2.2 * RATE_HZ
    assert heard[-1] == pytest.approx(0.1, abs=0.001)
    assert player.mixer.music.underruns == 0
    player.music.close()


def test_a_file_that_is_deleted_while_it_plays_is_heard_to_its_end(player, tmp_path):
    player.music.play()
    assert player.level() == 0.1
    for file in tmp_path.glob("*low*"):
        file.unlink()
    heard = player.hear(4.0)
    assert ((heard > 0.05) & (heard < 0.15)).sum() == pytest.approx(3.4 * RATE_HZ, abs=0.1 * RATE_HZ)
    assert heard[-1] == pytest.approx(0.2, abs=0.001)


def test_what_plays_is_what_is_heard_and_not_what_is_decoded(player):
    player.music.play()
    player.hear(3.5)
    assert player.mixer.music_waiting_s > 0.4
    place = player.music.place
    assert (place.track.title, place.index, len(place.queue)) == ("low", 0, 3)
    assert place.seconds == pytest.approx(3.5, abs=0.001)
    player.hear(1.5)
    assert player.music.place.track.title == "middle"
    assert player.music.place.seconds == pytest.approx(1.0, abs=0.001)


def test_previous_means_the_beginning_once_some_of_it_was_heard(player):
    player.music.play()
    player.music.next()
    player.hear(3.5)
    assert player.music.previous().title == "middle"
    assert player.music.place.seconds == 0.0
    assert player.music.previous().title == "low"


def test_a_place_of_an_earlier_run_is_held_until_somebody_wants_it(player):
    tracks = player.music._library.tracks()
    player.music.restore(tracks, 1, 3.0)
    assert player.level(0.3) == 0.0
    assert player.music.is_paused
    assert player.music.place.track.title == "middle"
    assert player.music.resume()
    player.wait_for("playing", "middle")
    heard = player.hear(2.0)
    assert (np.round(heard, 2) == 0.2).sum() == pytest.approx(RATE_HZ, abs=10)
    assert heard[-1] == pytest.approx(0.4, abs=0.001)


@pytest.mark.parametrize(("way", "title"), [("next", "high"), ("previous", "middle")])
def test_from_a_place_of_an_earlier_run_one_can_go_anywhere(player, way, title):
    player.music.restore(player.music._library.tracks(), 1, 3.5)
    assert getattr(player.music, way)().title == title
    player.wait_for("playing", title)
    assert player.music.place.seconds == 0.0


def test_a_place_of_an_earlier_run_is_no_matter_once_somebody_chose(player):
    tracks = player.music._library.tracks()
    player.music.play("high")
    player.music.restore(tracks, 0, 1.0)
    assert player.music.now_playing.title == "high"
    player.music.stop()
    player.music.restore(tracks, 0, 1.0)
    assert player.music.now_playing is None
    player.wait_for("stopped", "")


def test_music_that_is_paused_before_its_thread_knows_stays_paused(player):
    player.music.play()
    player.music.pause()
    player.wait_for("paused", "low")
    player.wait_for("playing", "low")  # from then on it knows
    player.speaker.advance(0.5)  # what came meanwhile fades out
    assert not player.speaker.advance(0.5).any()
    assert player.music.is_paused


def test_a_name_that_fits_nothing_leaves_the_music_as_it_is(player):
    player.music.play("low")
    assert player.music.play("xylophone concerto") is None
    assert player.music.now_playing.title == "low"


def test_a_missing_folder_is_told_when_music_is_asked_for(tmp_path):
    music = MusicPlayer(MusicLibrary([tmp_path / "nowhere"]), Mixer())
    with pytest.raises(ConfigError, match="no music folder"):
        music.play()
    music.close()
