import json
import threading
import time

import numpy as np
import pytest
import soundfile

from alexa_local.errors import StorageError
from alexa_local.playback import Mixer, MusicLibrary, MusicPlayer
from alexa_local.playback.bookmark import PLACE_SETTING, QUEUE_SETTING, Bookmark
from alexa_local.store import open_store
from alexa_local.testing.loudspeaker import FakeLoudspeaker

RATE_HZ = 44_100


class Run:
    """One run of a player with its library, over the same store and the same music as the others."""

    def __init__(self, folder):
        self.store = open_store(folder / "store.sqlite")
        self.mixer = Mixer(volume=100)
        self.speaker = FakeLoudspeaker(self.mixer)
        self.playing = threading.Semaphore(0)
        self.threads = []
        self.library = MusicLibrary([folder / "music"])
        self.library.start(self.spawn)
        self.music = MusicPlayer(self.library, self.mixer, self.spawn, self.on_event)
        self.bookmark = Bookmark(self.music, self.library, self.store)
        self.library.wait_known([""])

    def spawn(self, name, target):
        self.threads.append(threading.Thread(target=target, name=name))
        self.threads[-1].start()

    def on_event(self, name, data):
        if data["state"] == "playing":
            self.playing.release()

    def play(self, seconds, query=None):
        """Choose, if there is a query, and hear that much."""
        if query is not None:
            self.music.play(query)
        assert self.playing.acquire(timeout=20)
        self.hear(seconds)

    def hear(self, seconds):
        """Go on, as slowly as music is decoded; what was heard."""
        heard = []
        for _ in range(round(seconds / 0.5)):
            while self.mixer.music.wanted_frames < RATE_HZ / 2:
                assert not self.threads[1].join(0.01) and self.threads[1].is_alive()
            heard.append(self.speaker.advance(0.5))
        return np.concatenate(heard)

    def close(self):
        """End as kill -9 does: nothing more is kept."""
        for part in (self.library, self.music, self.bookmark):
            part.close()
        for thread in self.threads:
            thread.join(20)
        self.store.close()


@pytest.fixture
def run(tmp_path):
    """Starts runs; they are closed at the end."""
    (tmp_path / "music").mkdir()
    for number, name in enumerate(("low", "middle", "high")):
        level = np.full((RATE_HZ * 4, 1), 0.1 * (number + 1))
        soundfile.write(tmp_path / "music" / f"{number} {name}.flac", level, RATE_HZ)
    runs = []

    def begin():
        if runs:
            runs.pop().close()
        runs.append(Run(tmp_path))
        return runs[-1]

    yield begin
    runs.pop().close()


def test_after_a_restart_it_holds_where_it_was_and_goes_on_when_asked(run):
    first = run()
    first.play(5.5, query="")
    first.bookmark.keep()
    second = run()
    second.bookmark.restore()
    place = second.music.place
    assert (place.track.title, len(place.queue), place.is_paused) == ("middle", 3, True)
    assert place.seconds == pytest.approx(1.5, abs=0.05)
    assert not second.speaker.advance(1.0).any()
    assert second.music.resume()
    second.play(1.0)
    assert second.music.place.seconds == pytest.approx(2.5, abs=0.05)
    assert second.music.next().title == "high"


@pytest.mark.parametrize("jump_s", [-40 * 365 * 86_400, -3600.0, 20 * 365 * 86_400])
def test_a_clock_that_jumps_changes_nothing_about_music_and_its_place(run, monkeypatch, jump_s):
    first, now_s = run(), time.time()
    first.play(1.0, query="")
    first.bookmark.keep()
    monkeypatch.setattr(time, "time", lambda: now_s + jump_s)
    assert first.hear(1.5).any(axis=1).all()
    assert first.music.place.seconds == pytest.approx(2.5, abs=0.05)
    first.bookmark.keep()
    second = run()
    second.bookmark.restore()
    assert second.music.place.seconds == pytest.approx(2.5, abs=0.05)
    assert second.music.resume()
    second.play(1.0)
    assert second.music.place.seconds == pytest.approx(3.5, abs=0.05)


def test_what_was_stopped_stays_stopped(run):
    first = run()
    first.play(0.5, query="")
    first.bookmark.keep()
    first.music.stop()
    first.bookmark.keep()
    second = run()
    second.bookmark.restore()
    assert second.music.place is None
    assert not second.music.resume()


@pytest.mark.parametrize(
    ("gone", "title", "seconds"),
    [("0 low", "middle", 1.5), ("1 middle", "high", 0.0), ("2 high", "middle", 1.5)],
)
def test_a_file_that_is_gone_meanwhile_is_left_out(run, tmp_path, gone, title, seconds):
    first = run()
    first.play(5.5, query="")
    first.bookmark.keep()
    (tmp_path / "music" / f"{gone}.flac").unlink()
    second = run()
    second.bookmark.restore()
    place = second.music.place
    assert (place.track.title, len(place.queue)) == (title, 2)
    assert place.seconds == pytest.approx(seconds, abs=0.05)


@pytest.mark.parametrize("queue", ["", "{", "[1, null]", '["elsewhere.mp3"]', "7"])
@pytest.mark.parametrize("place", ["", "null", "[]", '["a", "b"]', "[99, 1e9]", "[-3, -1]"])
def test_a_bookmark_that_is_damaged_is_no_bookmark(run, queue, place):
    one = run()
    one.store.remember(QUEUE_SETTING, queue)
    one.store.remember(PLACE_SETTING, place)
    one.bookmark.restore()
    assert one.music.place is None


def test_nothing_is_written_while_nothing_changes_and_the_queue_only_once(run, monkeypatch):
    one = run()
    written = []
    remember = one.store.remember
    monkeypatch.setattr(one.store, "remember", lambda key, value: written.append(key) or remember(key, value))
    one.bookmark.keep()
    assert written == []
    one.play(0.5, query="")
    one.bookmark.keep()
    assert written == [QUEUE_SETTING, PLACE_SETTING]
    one.bookmark.keep()
    one.speaker.advance(0.5)
    one.bookmark.keep()
    assert written == [QUEUE_SETTING, PLACE_SETTING, PLACE_SETTING]


def test_a_full_disk_is_told_once_and_the_place_is_kept_when_it_can_be(run, monkeypatch, caplog):
    one = run()
    one.play(0.5, query="")
    with monkeypatch.context() as patch:

        def refuse(key, value):
            raise StorageError("The disk is full. Free some space.")

        patch.setattr(one.store, "remember", refuse)
        one.bookmark.keep()
        one.bookmark.keep()
    assert [record.getMessage() for record in caplog.records] == [
        "The place in the music is not kept: The disk is full. Free some space."
    ]
    one.bookmark.keep()
    assert json.loads(one.store.setting(PLACE_SETTING)) == [0, 0.5]


def test_its_thread_writes_soon_after_a_change_and_at_the_end(run, monkeypatch):
    monkeypatch.setattr("alexa_local.playback.bookmark.AFTER_CHANGE_S", 0.0)
    one = run()
    kept = threading.Semaphore(0)
    keep = one.bookmark.keep
    monkeypatch.setattr(one.bookmark, "keep", lambda: (keep(), kept.release()))
    one.spawn("bookmark", one.bookmark.run)
    one.play(0.5, query="")
    one.bookmark.note("music")
    assert kept.acquire(timeout=20)
    assert len(json.loads(one.store.setting(QUEUE_SETTING))) == 3
    one.speaker.advance(0.5)
    one.bookmark.close()
    assert kept.acquire(timeout=20)
    one.threads[-1].join(20)
    assert json.loads(one.store.setting(PLACE_SETTING)) == [0, 1.0]
