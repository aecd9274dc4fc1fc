"""A music server: a fake one throughout, and a real MPD where this machine has one."""

import contextlib
import logging
import shutil
import socket
import subprocess
import threading
import time

import numpy as np
import pytest
import soundfile

from alexa_local.errors import ConfigError, RequestRefused, StorageError
from alexa_local.playback import Mixer
from alexa_local.playback.served import (
    NO_ANSWER,
    REFUSES,
    Line,
    ServedPlayer,
    Server,
    must_be_installed,
    read_shelf,
)
from alexa_local.playback.served_volume import HUSHED, LOWERED_SETTING, Loudness
from alexa_local.playback.served_watch import ServerWatch
from alexa_local.store import open_store
from alexa_local.testing.mpd import FakeMpd

BLUE = {"artist": "Miles Davis", "album": "Kind of Blue"}
SONGS = [
    {"file": "blue/1.flac", "title": "So What", "track": "1/5", **BLUE},
    {"file": "blue/2.flac", "title": "Freddie Freeloader", "track": "2", **BLUE},
    {"file": "a/b/duet.ogg", "title": "Duet", "artist": ["Ann", "Bob"], "duration": "61.5", "disc": "x"},
    {"file": "plain_name.mp3"},
]


@pytest.fixture
def server():
    return FakeMpd(SONGS, {"dinner.party": ["plain_name.mp3", "blue/2.flac"]})


@pytest.fixture
def player(server):
    line = Line(server.connect, "the fake one")
    shelf = line.do(read_shelf)
    return ServedPlayer(line, lambda: shelf)


def test_what_a_server_has_is_found_as_in_folders(server):
    shelf = read_shelf(server)
    assert [track.title for track in shelf.tracks] == ["plain name", "Duet", "So What", "Freddie Freeloader"]
    assert shelf.meant("bob")[1][0].seconds == 61.5
    assert shelf.names()[:2] == ("dinner.party", "Ann")
    assert shelf.counts()["playlists"] == ["dinner.party"]


def test_an_album_plays_in_its_order_and_can_be_gone_through(server, player):
    assert player.play("kind of blue").title == "So What"
    assert server.queue == ["blue/1.flac", "blue/2.flac"]
    assert player.now_playing.title == "So What" and not player.is_paused
    assert player.next().title == "Freddie Freeloader"
    server.elapsed = 30.0
    place = player.place
    assert (place.before, len(place.queue), place.after, place.seconds) == (1, 1, 0, 30.0)
    assert player.previous().title == "Freddie Freeloader"
    assert player.previous().title == "So What"
    assert player.previous().title == "So What"
    assert player.next() and player.next() is None
    assert player.now_playing is None


def test_a_playlist_of_the_server_is_played_as_it_is(server, player):
    assert player.play("dinner party").title == "plain name"
    assert server.queue == ["plain_name.mp3", "blue/2.flac"]
    assert player.play("dinner party", shuffle=True).title == "Freddie Freeloader"


def test_everything_is_played_and_shuffled(server, player, monkeypatch):
    monkeypatch.setattr("random.shuffle", lambda files: files.reverse())
    player.play("")
    in_order = server.queue
    player.play("", shuffle=True)
    assert sorted(in_order) == sorted(song["file"] for song in SONGS)
    assert server.queue == in_order[::-1]
    assert player.play("xylophone concerto") is None


def test_pause_resume_and_stop_tell_whether_there_was_anything(server, player):
    assert not (player.pause() or player.resume() or player.stop())
    assert player.next() is None and player.previous() is None and player.place is None
    player.play("so what")
    assert player.pause() and player.is_paused and player.now_playing.title == "So What"
    assert player.resume() and not player.is_paused
    player.pause()
    player.play("duet")
    assert not player.is_paused
    assert player.stop() and player.now_playing is None
    assert player.resume() and player.now_playing.title == "Duet"


def test_a_connection_that_was_lost_is_made_again(server, player):
    player.play("so what")
    server.refusal = ConnectionResetError(104, "Connection reset")
    assert player.now_playing.title == "So What"
    assert server.connections == 2


def test_a_server_that_is_down_is_told_once_and_when_it_is_back(server, player, caplog):
    server.is_up = False
    for _ in range(3):
        with pytest.raises(RequestRefused, match=NO_ANSWER[:20]):
            player.pause()
    server.is_up = True
    with caplog.at_level(logging.INFO):
        assert not player.pause()
    assert [record.getMessage() for record in caplog.records] == [
        "The music server at the fake one does not answer ([Errno 111] Connection refused). "
        "Start it: systemctl start mpd.",
        "The music server at the fake one answers again.",
    ]


def test_a_server_that_refuses_says_what_it_may_want(server, player, caplog):
    mpd = pytest.importorskip("mpd")
    player.pause()
    server.is_up = False
    with pytest.raises(RequestRefused):
        player.pause()
    caplog.clear()
    line = Line(server.connect, "the fake one")
    server.is_up, server.refusal = True, mpd.CommandError("[4@0] {play} you don't have permission")
    with pytest.raises(RequestRefused, match=REFUSES[:20]):
        line.do(lambda client: client.play())
    assert "mpd_password_file" in caplog.text


def test_without_its_library_there_is_an_error_with_the_remedy(monkeypatch):
    monkeypatch.setattr("alexa_local.playback.served.mpd", None)
    with pytest.raises(ConfigError, match="apt install python3-mpd"):
        must_be_installed()


@pytest.fixture
def store(tmp_path):
    with open_store(tmp_path / "state.db") as store:
        yield store


class Room:
    """A mixer in which somebody may speak."""

    def __init__(self, server, store):
        self.mixer = Mixer(volume=60)
        self.server = server
        self.line = Line(server.connect, "fake")
        self.loudness = Loudness(self.mixer, self.line, store)

    def steps(self, count):
        for _ in range(count):
            self.mixer.read(2205)
            self.loudness.step()


def test_the_server_is_lower_while_somebody_speaks_and_as_loud_as_before_after(server, store):
    room = Room(server, store)
    room.steps(20)
    assert server.volumes == []
    room.mixer.duck(True)
    room.steps(10)
    assert server.volumes == [56, round(80 * HUSHED)]
    room.mixer.duck(False)
    room.steps(40)
    assert server.volumes[2:] == sorted(server.volumes[2:])
    assert server.volumes[-1] == 80 and room.loudness.is_resting


def test_a_volume_that_is_asked_for_is_the_servers_too_and_mute_is_silence(server, store):
    room = Room(server, store)
    room.mixer.volume = 30
    room.steps(1)
    assert server.volumes == [30]
    room.mixer.muted = True
    room.steps(10)
    assert server.volumes[-1] == 0
    room.mixer.muted = False
    room.steps(20)
    assert server.volumes[-1] == 30


def test_a_server_without_a_mixer_is_left_as_it_is(store):
    room = Room(FakeMpd(SONGS, volume=None), store)
    room.mixer.duck(True)
    room.steps(10)
    room.loudness.restore()
    assert room.server.volumes == []


@pytest.mark.parametrize("steps", [1, 2, 10])
def test_a_volume_that_a_killed_run_left_low_is_put_back_once(server, store, steps):
    killed = Room(server, store)
    killed.mixer.duck(True)
    killed.steps(steps)
    assert server.status()["volume"] != "80"
    begun = Room(server, store)
    begun.loudness.put_back()
    assert server.status()["volume"] == "80"
    server.setvol(32)
    begun.loudness.put_back()
    Room(server, store).loudness.put_back()
    assert server.status()["volume"] == "32"


def test_a_volume_that_was_chosen_after_a_run_was_killed_stays(server, store):
    killed = Room(server, store)
    killed.mixer.duck(True)
    killed.steps(10)
    server.setvol(51)
    Room(server, store).loudness.put_back()
    assert server.status()["volume"] == "51" and store.setting(LOWERED_SETTING) == ""


def test_what_a_killed_run_left_waits_for_the_server(server, store):
    killed = Room(server, store)
    killed.mixer.muted = True
    killed.steps(10)
    assert server.status()["volume"] == "0"
    begun = Room(server, store)
    server.is_up = False
    with pytest.raises(RequestRefused):
        begun.loudness.put_back()
    server.is_up = True
    begun.loudness.put_back()
    assert server.status()["volume"] == "80"


def test_what_a_killed_run_left_waits_until_the_server_has_a_volume(server, store):
    killed = Room(server, store)
    killed.mixer.duck(True)
    killed.steps(10)
    begun = Room(FakeMpd(SONGS, volume=None), store)
    begun.loudness.put_back()
    begun.server.setvol(round(80 * HUSHED))
    begun.loudness.put_back()
    assert begun.server.volumes[1:] == [80]


def test_a_run_that_ends_by_itself_leaves_nothing_to_put_back(server, store):
    room = Room(server, store)
    room.mixer.duck(True)
    room.steps(10)
    assert store.setting(LOWERED_SETTING) == "80"
    room.loudness.restore()
    assert store.setting(LOWERED_SETTING) == "" and server.volumes[-1] == 80


def test_a_disk_that_refuses_is_told_once_and_music_is_lowered_all_the_same(
    server, store, caplog, monkeypatch
):
    def refuse(key, value):
        raise StorageError("The disk is full. Free some space.")

    monkeypatch.setattr(store, "remember", refuse)
    room = Room(server, store)
    for _ in range(2):
        room.mixer.duck(True)
        room.steps(10)
        assert server.volumes[-1] == round(80 * HUSHED)
        room.mixer.duck(False)
        room.steps(40)
        assert server.volumes[-1] == 80
    assert len(caplog.records) == 1


class Watched:
    """A watch in its thread, and what it told."""

    def __init__(self, connect, store):
        self.events, self.changes = [], 0
        self.happened = threading.Condition()
        self.watch = ServerWatch(Line(connect, "here"), Mixer(), self._on_event, store, look_every_s=0.02)
        self.watch.on_change = self._on_change
        self.thread = threading.Thread(target=self.watch.run)
        self.thread.start()

    def _on_event(self, name, data):
        with self.happened:
            self.events.append(data["state"])
            self.happened.notify_all()

    def _on_change(self):
        with self.happened:
            self.changes += 1
            self.happened.notify_all()

    def wait(self, condition):
        with self.happened:
            assert self.happened.wait_for(condition, 20), (self.events, self.changes)

    def close(self):
        self.watch.close()
        self.thread.join(20)


def test_what_a_server_has_and_does_is_followed(server, player, store):
    watched = Watched(server.connect, store)
    watched.wait(lambda: watched.changes == 1)
    counts = {"tracks": 4, "artists": 3, "albums": 1, "playlists": ["dinner.party"]}
    assert watched.watch.report() == {"from": ["here"], **counts, "is_reading": False}
    player.play("so what")
    watched.wait(lambda: watched.events == ["playing"])
    assert watched.watch.is_playing
    server.add_song(file="new.ogg", title="Brand New")
    watched.wait(lambda: watched.changes == 2)
    assert "Brand New" in watched.watch.names()
    server.is_up = False
    watched.wait(lambda: watched.events == ["playing", "stopped"])
    server.is_up = True
    watched.wait(lambda: watched.events == ["playing", "stopped", "playing"])
    watched.close()


def is_listening(path):
    """Whether somebody answers there; the library would leave a socket open where nobody does."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def songs_of(server):
    """How many songs it knows so far."""
    client = server.connect()
    try:
        return client.stats()["songs"]
    finally:
        client.disconnect()


@pytest.fixture
def real(tmp_path):
    """A real server of its own, with three songs and no sound."""
    pytest.importorskip("mpd")
    if shutil.which("mpd") is None:
        pytest.skip("mpd is not installed")
    music, lists = tmp_path / "music", tmp_path / "lists"
    (music / "Album").mkdir(parents=True)
    lists.mkdir()
    for number, name in enumerate(("one", "two", "three")):
        soundfile.write(music / "Album" / f"{number} {name}.flac", np.zeros((44_100 * 20, 2)), 44_100)
    (lists / "backwards.m3u").write_text("Album/2 three.flac\nAlbum/1 two.flac\n")
    config = tmp_path / "mpd.conf"
    config.write_text(
        f'music_directory "{music}"\nplaylist_directory "{lists}"\ndb_file "{tmp_path}/db"\n'
        f'bind_to_address "{tmp_path}/s"\nlog_file "{tmp_path}/log"\n'
        'password "secret@read,add,control,admin"\ndefault_permissions ""\n'
        'audio_output {\ntype "null"\nname "nothing"\nmixer_type "software"\n}\n'
    )
    (tmp_path / "password").write_text("secret\n")
    process = subprocess.Popen(["mpd", "--no-daemon", str(config)], stderr=subprocess.DEVNULL)
    server = Server(f"{tmp_path}/s", password_file=tmp_path / "password")
    deadline_s = time.monotonic() + 60
    while not (is_listening(server.host) and songs_of(server) == "3"):
        assert process.poll() is None and time.monotonic() < deadline_s
        time.sleep(0.05)
    yield server
    process.terminate()
    process.wait(20)


def test_a_real_server_plays_what_is_asked_for(real, store):
    line = Line(real.connect, real.name)
    shelf = line.do(read_shelf)
    assert len(shelf.tracks) == 3 and shelf.counts()["playlists"] == ["backwards"]
    player = ServedPlayer(line, lambda: shelf)
    assert player.play("").title == "0 one"
    assert player.next().title == "1 two"
    assert player.previous().title == "0 one"
    assert player.pause() and player.is_paused and player.resume()
    assert player.play("backwards").title == "2 three"
    assert (player.place.before, len(player.place.queue)) == (0, 2)
    assert player.next().title == "1 two" and player.next() is None
    assert player.resume() and player.stop()
    room = Room(real, store)
    line.do(lambda client: client.setvol(70))
    player.play("")
    room.mixer.duck(True)
    room.steps(10)
    assert line.do(lambda client: client.status()["volume"]) == str(round(70 * HUSHED))
    room.mixer.duck(False)
    room.steps(40)
    assert line.do(lambda client: client.status()["volume"]) == "70"
    room.line.close()
    line.close()


def test_a_real_server_that_a_killed_run_left_low_is_as_loud_as_before(real, store):
    killed = Room(real, store)
    ServedPlayer(killed.line, lambda: killed.line.do(read_shelf)).play("")
    killed.line.do(lambda client: client.setvol(70))
    killed.mixer.duck(True)
    killed.steps(10)
    assert killed.line.do(lambda client: client.status()["volume"]) == str(round(70 * HUSHED))
    killed.line.close()
    watched = Watched(real.connect, store)
    watched.wait(lambda: watched.events == ["playing"])
    watched.close()
    with contextlib.closing(Line(real.connect, real.name)) as line:
        assert line.do(lambda client: client.status()["volume"]) == "70"
    assert store.setting(LOWERED_SETTING) == ""


def test_a_real_server_wants_its_password(real, caplog):
    line = Line(Server(real.host).connect, real.name)
    with pytest.raises(RequestRefused, match=REFUSES[:20]):
        line.do(lambda client: client.play())
    assert "permission" in caplog.text and "mpd_password_file" in caplog.text
    line.close()
