from pathlib import Path

import pytest

from alexa_local.errors import AudioFileError
from alexa_local.playback.playlists import files_of, playlist_name, read_playlist

XSPF = """<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>
<track><location>file:///srv/music/So%20What.flac</location><title>So What</title></track>
<track><location>a%26b/F%C3%BCr.ogg</location></track>
<track><title>without a place</title></track>
<track><location>http://radio.example/stream</location></track>
</trackList></playlist>"""

BOMB = """<?xml version="1.0"?><!DOCTYPE playlist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">
<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<playlist xmlns="http://xspf.org/ns/0/"><trackList><track><location>&secret;&b;</location></track></trackList></playlist>"""


@pytest.mark.parametrize(
    ("name", "data", "entries"),
    [
        ("a.m3u8", "#EXTM3U\n#EXTINF:10,Für\nFür.mp3\n\n  b/c.ogg  \n".encode(), ["Für.mp3", "b/c.ogg"]),
        ("a.m3u", "\ufeffFür.mp3\r\nb.ogg\r\n".encode(), ["Für.mp3", "b.ogg"]),
        ("a.m3u", "Für.mp3\n".encode("cp1252"), ["Für.mp3"]),
        ("a.m3u", "Für.mp3\n".encode("utf-16"), ["Für.mp3"]),
        ("a.m3u", b"", []),
        ("a.m3u", b"\x00\xff\xfe\x81\n", ["\x00ÿþ�"]),
        (
            "a.pls",
            b"[playlist]\nNumberOfEntries=3\nFile10=c.mp3\nfile2 = b.mp3\nTitle2=B\nFile1=a=1.mp3\nFile3=\n",
            ["a=1.mp3", "b.mp3", "c.mp3"],
        ),
        (
            "a.xspf",
            XSPF.encode(),
            ["file:///srv/music/So%20What.flac", "a&b/Für.ogg", "http://radio.example/stream"],
        ),
    ],
)
def test_entries_are_read_in_their_order(tmp_path, name, data, entries):
    (tmp_path / name).write_bytes(data)
    assert read_playlist(tmp_path / name) == entries


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("bomb.xspf", BOMB.encode(), "document type"),
        ("bomb.xspf", BOMB.replace("1.0", "1.0' encoding='utf-16").encode("utf-16"), "no XSPF"),
        ("cut.xspf", XSPF.encode()[:-20], "no XSPF"),
        ("none.xspf", b"", "no XSPF"),
        ("odd.xspf", b"<?xml version='1.0' encoding='klingon'?><a/>", "no XSPF"),
        ("huge.m3u", b"x\n" * 2_500_000, "Split it"),
    ],
)
def test_what_is_no_playlist_is_an_error_that_names_it(tmp_path, name, data, why):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(AudioFileError, match=rf"{name}.*{why}"):
        read_playlist(tmp_path / name)


def test_a_playlist_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(AudioFileError, match="cannot be read"):
        read_playlist(tmp_path / "gone.pls")


@pytest.mark.parametrize(
    ("entry", "files"),
    [
        ("b/c.ogg", ["/srv/music/lists/b/c.ogg"]),
        ("./../b/c.ogg", ["/srv/music/b/c.ogg"]),
        ("/elsewhere/c.ogg", ["/elsewhere/c.ogg"]),
        ("../../../../../etc/passwd", ["/etc/passwd"]),
        ("file:///srv/music/a%20b.ogg", ["/srv/music/a b.ogg"]),
        ("file://localhost/srv/music/a.ogg", ["/srv/music/a.ogg"]),
        ("Album\\01.mp3", ["/srv/music/lists/Album\\01.mp3", "/srv/music/lists/Album/01.mp3"]),
        ("http://radio.example/stream", []),
        ("HTTPS://radio.example/a.mp3", []),
        ("smb://nas/a.mp3", []),
    ],
)
def test_an_entry_means_a_file_or_none(entry, files):
    assert list(files_of(entry, Path("/srv/music/lists/dinner.m3u"))) == files


def test_a_playlist_is_called_by_its_file():
    assert playlist_name(Path("/srv/music/dinner_party.m3u8")) == "dinner party"
