import os
import threading
from contextlib import contextmanager

import mutagen
import numpy as np
import pytest
import soundfile

from alexa_local.errors import ConfigError, RequestRefused
from alexa_local.playback import MusicLibrary
from alexa_local.playback.tracks import read_track
from alexa_local.sound.decode import open_sound
from alexa_local.testing.clock import FakeClock

TAGGED = [
    ("Miles Davis/Kind of Blue/02.flac", "Freddie Freeloader", "Miles Davis", "Kind of Blue", 2),
    ("Miles Davis/Kind of Blue/01.flac", "So What", "Miles Davis", "Kind of Blue", 1),
    ("a/b.ogg", "Don't Stop Me Now", "Queen", "Jazz", 12),
    ("a/c.mp3", "Bohemian Rhapsody", "Queen", "A Night at the Opera", 11),
    ("a/d.opus", "Für Elise", "Beethoven", "Klavier", 1),
    ("a/e.mp3", "Thunderstruck", "AC/DC", "The Razors Edge", 1),
]
PLAIN = ["Nina Simone/Pastel Blues/03 - Sinnerman.wav", "party_mix/first_dance.wav", "loose.wav"]


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    top = tmp_path_factory.mktemp("music")
    silence = np.zeros((4800, 1), np.float32)
    for name, title, artist, album, number in TAGGED:
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        opus = {"subtype": "OPUS", "format": "OGG"} if path.suffix == ".opus" else {}
        soundfile.write(path, silence, 48_000, **opus)
        tags = mutagen.File(path, easy=True)
        if tags.tags is None:
            tags.add_tags()
        tags.update({"title": title, "artist": artist, "album": album, "tracknumber": str(number)})
        tags.save()
    for name in PLAIN:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(top / name, silence, 48_000)
    (top / "cover.jpg").write_bytes(b"no music")
    (top / "._hidden.mp3").write_bytes(b"no music")
    return MusicLibrary([top])


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("kind of blue", ["So What", "Freddie Freeloader"]),
        ("miles davis", ["So What", "Freddie Freeloader"]),
        ("some music by miles davis", ["So What", "Freddie Freeloader"]),
        ("so what", ["So What"]),
        ("so what by miles davis", ["So What"]),
        ("freddy freeloader", ["Freddie Freeloader"]),
        ("bohemian rapsody", ["Bohemian Rhapsody"]),
        ("dont stop me now", ["Don't Stop Me Now"]),
        ("queen", ["Don't Stop Me Now", "Bohemian Rhapsody"]),
        ("fur elise", ["Für Elise"]),
        ("acdc", ["Thunderstruck"]),
        ("a c d c", ["Thunderstruck"]),
        ("thunder struck", ["Thunderstruck"]),
        ("sinnerman", ["Sinnerman"]),
        ("nina simone", ["Sinnerman"]),
        ("pastel blues", ["Sinnerman"]),
        ("party mix", ["first dance"]),
        ("the rolling stones", []),
        ("xylophone", []),
    ],
)
def test_a_request_finds_what_was_meant(library, query, titles):
    assert sorted(track.title for track in library.find(query)) == sorted(titles)


@pytest.mark.parametrize("query", [None, "", "the music"])
def test_no_name_means_everything(library, query):
    found = library.find(query) if query != "the music" else library.find("")
    assert len(found) == len(TAGGED) + len(PLAIN)


def test_albums_play_in_the_order_of_their_numbers(library):
    assert [track.number for track in library.find("kind of blue")] == [1, 2]


def test_a_file_without_tags_is_named_after_its_place(library):
    [track] = library.find("sinnerman")
    assert (track.title, track.artist, track.album, track.number) == (
        "Sinnerman", "Nina Simone", "Pastel Blues", 3,
    )  # fmt: skip


def test_new_and_removed_files_are_noticed(tmp_path):
    library = MusicLibrary([tmp_path])
    assert library.tracks() == []
    soundfile.write(tmp_path / "new song.wav", np.zeros(100), 16_000)
    assert [track.title for track in library.find("new song")] == ["new song"]
    (tmp_path / "new song.wav").unlink()
    assert library.tracks() == []


def test_artists_come_before_titles_in_what_is_listened_for(library):
    library.tracks()
    names = library.names()
    assert {"Miles Davis", "AC/DC", "Kind of Blue", "party_mix", "Für Elise", "first dance"} <= set(names)
    assert len(set(names)) == len(names) and "" not in names
    assert max(map(names.index, ("Queen", "Nina Simone"))) < min(map(names.index, ("So What", "Sinnerman")))


def test_of_too_many_names_the_artists_are_kept(library, monkeypatch):
    library.tracks()
    monkeypatch.setattr("alexa_local.playback.shelf.MOST_NAMES", 2)
    assert len(library.names()) == 2


def test_only_a_change_is_told(tmp_path):
    folder = tmp_path / "My Music"
    folder.mkdir()
    library, told = MusicLibrary([folder]), []
    library.on_change = lambda: told.append(library.names())
    library.tracks()
    soundfile.write(folder / "new song.wav", np.zeros(100), 16_000)
    soundfile.write(folder / "Let it be.wav", np.zeros(100), 16_000)
    library.tracks()
    library.tracks()
    assert list(map(set, told)) == [{"new song", "Let it be"}]


@pytest.mark.parametrize("folders", [[], ["nowhere"]])
def test_no_folder_is_an_error_with_the_remedy(tmp_path, folders):
    with pytest.raises(ConfigError, match=r"no music folder.*Create it, or set it"):
        MusicLibrary([tmp_path / folder for folder in folders]).tracks()


def tune(path, **tags):
    """A moment of silence with tags."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros((480, 1), np.float32), 48_000)
    if tags:
        file = mutagen.File(path, easy=True)
        if file.tags is None:
            file.add_tags()
        file.update(tags)
        file.save()
    return path


def test_discs_several_artists_and_whose_album_it_is(tmp_path):
    sampler = {"album": "Hits", "albumartist": "Various Artists"}
    tune(
        tmp_path / "b.flac",
        title="One",
        artist=["Ann", "Bob"],
        discnumber="2/2",
        tracknumber="1/9",
        **sampler,
    )
    tune(tmp_path / "c.mp3", title="Two", artist="Cy", discnumber="1/2", tracknumber="02", **sampler)
    tune(tmp_path / "d.ogg", title="Three", artist="Dee", discnumber="x", tracknumber="", **sampler)
    library = MusicLibrary([tmp_path])
    assert [(one.title, one.disc, one.number, one.artist) for one in library.find("hits")] == [
        ("Three", 0, 0, "Dee"), ("Two", 1, 2, "Cy"), ("One", 2, 1, "Ann and Bob"),
    ]  # fmt: skip
    assert [one.title for one in library.find("bob")] == ["One"]
    assert len(library.find("hits by various artists")) == 3
    assert {"Ann", "Bob", "Cy"} <= set(library.names())


@pytest.mark.parametrize("kind", ["m3u", "m3u8", "pls", "xspf"])
def test_a_playlist_keeps_its_own_order(tmp_path, kind):
    for name in ("a/Zebra.wav", "a/Apple.wav", "lists/Mango.wav"):
        tune(tmp_path / name)
    entries = ["../a/Zebra.wav", "Mango.wav", "../a/Apple.wav", str(tmp_path / "a" / "Zebra.wav")]
    lines = {
        "pls": ["[playlist]", *(f"File{number}={entry}" for number, entry in enumerate(entries, 1))],
        "xspf": [
            '<playlist xmlns="http://xspf.org/ns/0/"><trackList>',
            *(f"<track><location>{entry}</location></track>" for entry in entries),
            "</trackList></playlist>",
        ],
    }
    (tmp_path / "lists" / f"dinner_party.{kind}").write_text("\n".join(lines.get(kind, entries)))
    library = MusicLibrary([tmp_path])
    found = [track.title for track in library.find("the dinner party playlist")]
    assert found == ["Zebra", "Mango", "Apple", "Zebra"]
    assert library.names()[0] == "dinner party"
    assert library.report()["playlists"] == ["dinner party"]


def test_what_a_playlist_names_in_vain_is_told_once(tmp_path, caplog):
    music = tmp_path / "music"
    tune(music / "here.wav")
    tune(tmp_path / "private.wav")
    entries = ["here.wav", "gone.wav", "../private.wav", "/etc/passwd", "https://radio.example/stream"]
    (music / "mixed.m3u").write_text("\n".join(entries))
    library = MusicLibrary([music])
    for _ in range(2):
        assert [track.title for track in library.find("mixed")] == ["here"]
    assert len(caplog.records) == 3
    for words in (
        "'https://radio.example/stream': streams are not fetched",
        "'../private.wav', '/etc/passwd': files outside of music.folders are not played",
        "'gone.wav': no such music",
    ):
        assert words in caplog.text


def test_a_playlist_of_which_nothing_is_here_says_so(tmp_path, caplog):
    tune(tmp_path / "song.wav")
    (tmp_path / "radio.m3u").write_text("http://radio.example/stream")
    (tmp_path / "broken.xspf").write_text("<playlist>")
    library = MusicLibrary([tmp_path])
    for name in ("radio", "broken"):
        with pytest.raises(RequestRefused, match=f"Nothing of the playlist {name} is in your music folders"):
            library.find(name)
    assert "broken.xspf' is no XSPF" in caplog.text


def test_names_are_found_as_other_systems_write_them(tmp_path):
    tune(tmp_path / "Album" / "F\u00fcr Elise.wav")
    (tmp_path / "mac.m3u8").write_text("Album/Fu\u0308r Elise.wav\n")
    (tmp_path / "windows.m3u").write_bytes("Album\\Für Elise.wav\r\n".encode("cp1252"))
    (tmp_path / "link").symlink_to(tmp_path)
    library = MusicLibrary([tmp_path / "link"])
    (tmp_path / "whole.m3u").write_text(str(tmp_path / "Album" / "Für Elise.wav"))
    for name in ("mac", "windows", "whole"):
        assert [track.title for track in library.find(name)] == ["Für Elise"]


def test_links_that_lead_round_pipes_and_hidden_folders_do_no_harm(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    tune(elsewhere / "there.wav")
    music = tmp_path / "music"
    tune(music / ".Trash" / "thrown away.wav")
    tune(music / "a" / "song.wav")
    (music / "a" / "round").symlink_to(music)
    (music / "self").symlink_to(music / "self")
    (music / "disk").symlink_to(elsewhere)
    (music / "nothing.mp3").symlink_to(music / "nowhere.mp3")
    os.mkfifo(music / "pipe.mp3")
    assert [track.title for track in MusicLibrary([music]).tracks()] == ["song", "there"]


def test_a_folder_that_may_not_be_read_is_told_once_and_left_out(tmp_path, caplog, monkeypatch):
    tune(tmp_path / "open" / "song.wav")
    tune(tmp_path / "shut" / "secret.wav")
    scan = os.scandir

    def scandir(folder):
        if str(folder).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    library = MusicLibrary([tmp_path])
    for _ in range(2):
        assert [track.title for track in library.tracks()] == ["song"]
    assert len(caplog.records) == 1
    assert "shut' cannot be read (Permission denied)" in caplog.text


def test_a_name_that_is_no_utf8_can_be_found_and_said(tmp_path):
    tune(tmp_path / "a.wav").rename(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 song.wav"))
    [track] = MusicLibrary([tmp_path]).find("caf song")
    assert track.title.encode() == "caf\ufffd song".encode()
    with open_sound(track.path) as sound:
        assert sound.frames == 480


def test_a_tag_that_is_no_text_is_none(tmp_path):
    tune(tmp_path / "a.flac", title=["\x07\x1b[31m", "", "Song"], artist="x" * 5000)
    [track] = MusicLibrary([tmp_path]).tracks()
    assert track.title == "Song"
    assert len(track.artist) == 200


class Opened:
    """Counts the files that are opened for their tags."""

    def __init__(self, monkeypatch):
        self.files = []
        monkeypatch.setattr("alexa_local.playback.library.read_track", self._read)

    def _read(self, file, top):
        self.files.append(file)
        return read_track(file, top)


def test_an_index_saves_the_next_start_from_opening_every_file(tmp_path, monkeypatch):
    music, index = tmp_path / "music", tmp_path / "cache" / "music.json"
    tune(music / "a.flac", title="One", artist=["Ann", "Bob"], album="Hits", discnumber="2", tracknumber="3")
    tune(music / "b.wav")
    first = MusicLibrary([music], index).tracks()
    opened = Opened(monkeypatch)
    later = started(MusicLibrary([music], index))
    assert later.tracks() == first
    assert opened.files == []
    tune(music / "c.wav")
    (music / "b.wav").unlink()
    assert [track.title for track in MusicLibrary([music], index).tracks()] == ["c", "One"]


def test_a_file_that_is_changed_while_the_clock_is_wrong_is_read_again(tmp_path):
    file, index = tmp_path / "music" / "a.flac", tmp_path / "cache" / "music.json"
    tune(file, title="One")
    MusicLibrary([file.parent], index).look()
    tune(file, title="Two")
    os.utime(file, (0, 0))
    assert [track.title for track in MusicLibrary([file.parent], index).tracks()] == ["Two"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"version": 0}', b'{"version": 1, "tracks": [[1, 2]]}', b"\xff\xfe\x00"]
)
def test_a_damaged_index_is_made_anew(tmp_path, monkeypatch, content):
    index = tmp_path / "music.json"
    index.write_bytes(content)
    tune(tmp_path / "music" / "a.wav")
    assert [track.title for track in started(MusicLibrary([tmp_path / "music"], index)).tracks()] == ["a"]
    opened = Opened(monkeypatch)
    assert len(started(MusicLibrary([tmp_path / "music"], index)).tracks()) == 1
    assert opened.files == []


def test_an_index_that_cannot_be_written_is_one_line(tmp_path, caplog):
    tune(tmp_path / "a.wav")
    (tmp_path / "file").write_text("in the way")
    assert MusicLibrary([tmp_path], tmp_path / "file" / "music.json").tracks()
    assert len(caplog.records) == 1
    assert "index of the music is not kept" in caplog.text


def started(library):
    """The library after its own thread's first look, which it then closes."""
    with watched(library):
        pass
    return library


@contextmanager
def watched(library):
    """The library with a thread of its own, after the first look."""
    threads = []

    def spawn(name, target):
        threads.append(threading.Thread(target=target, name=name))
        threads[0].start()

    library.start(spawn)
    assert library.wait_known(["not there"])
    try:
        yield library
    finally:
        library.close()
        threads[0].join(20)


def test_with_a_thread_of_its_own_no_request_looks_through_the_folders(tmp_path, monkeypatch):
    tune(tmp_path / "a.wav")
    clock = FakeClock()
    with watched(MusicLibrary([tmp_path], clock=clock.elapsed)) as library:
        monkeypatch.setattr(library, "look", None)
        clock.advance(1)
        assert [track.title for track in library.find("a")] == ["a"]
        assert library.report()["tracks"] == 1


def test_what_was_copied_a_moment_ago_is_found(tmp_path):
    tune(tmp_path / "a.wav")
    clock = FakeClock()
    with watched(MusicLibrary([tmp_path], clock=clock.elapsed)) as library:
        tune(tmp_path / "thunder.wav")
        clock.advance(10)
        assert [track.title for track in library.find("thunder")] == ["thunder"]


def test_while_many_files_are_read_what_is_known_is_played_and_the_rest_is_asked_for_later(
    tmp_path, monkeypatch
):
    for number in range(4):
        tune(tmp_path / f"{number} song{number}.wav")
    gate, shown = threading.Event(), threading.Event()
    monkeypatch.setattr("alexa_local.playback.library._FIRST_SHOWN", 2)
    monkeypatch.setattr("alexa_local.playback.library._PATIENCE_S", 0.01)

    def read(file, top):
        if "song2" in file:
            shown.set()
            gate.wait(20)
        return read_track(file, top)

    monkeypatch.setattr("alexa_local.playback.library.read_track", read)
    library = MusicLibrary([tmp_path])
    thread = threading.Thread(target=lambda: library.start(lambda name, target: target()))
    thread.start()
    assert shown.wait(20)
    assert [track.title for track in library.find("song1")] == ["song1"]
    assert library.report()["is_reading"]
    with pytest.raises(RequestRefused, match="still looking"):
        library.find("yesterday")
    gate.set()
    assert library.wait_known(["not there"])
    assert len(library.tracks()) == 4 and not library.report()["is_reading"]
    library.close()
    thread.join(20)
