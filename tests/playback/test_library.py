import mutagen
import numpy as np
import pytest
import soundfile

from alexa_local.errors import ConfigError
from alexa_local.playback import MusicLibrary

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
    monkeypatch.setattr("alexa_local.playback.library.MOST_NAMES", 2)
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
