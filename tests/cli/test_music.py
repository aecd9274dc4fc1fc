import json

import pytest

from alexa_local.cli.music import lines
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.running_daemon import RunningDaemon

LIBRARY = {
    "from": ["/srv/music"],
    "tracks": 1234,
    "artists": 87,
    "albums": 102,
    "playlists": ["dinner", "party mix"],
    "is_reading": False,
}
PLAYING = {
    "state": "playing",
    "title": "So What",
    "artist": "Miles Davis",
    "album": "Kind of Blue",
    "seconds": 83.4,
    "length_s": 562.0,
    "number": 1,
    "of": 5,
    "next": [
        {"title": "Freddie Freeloader", "artist": "Miles Davis"},
        {"title": "Blue in Green", "artist": ""},
    ],
    "library": LIBRARY,
}


def test_what_plays_and_what_comes_next_is_told():
    assert lines(PLAYING) == [
        "playing  So What by Miles Davis, Kind of Blue (1:23 of 9:22), 1 of 5",
        "next     Freddie Freeloader by Miles Davis",
        "         Blue in Green",
        "music    1234 pieces, 87 artists, 102 albums in /srv/music",
        "lists    dinner, party mix",
    ]


@pytest.mark.parametrize(
    ("folders", "is_reading", "told"),
    [
        ([], False, "music    0 pieces, 0 artists, 0 albums in no folder: name some under music.folders"),
        (["/a", "/b"], True, "music    0 pieces, 0 artists, 0 albums in /a, /b; still reading"),
    ],
)
def test_without_music_it_says_so(folders, is_reading, told):
    nothing = {"from": folders, "tracks": 0, "artists": 0, "albums": 0, "playlists": []}
    library = {**nothing, "is_reading": is_reading}
    assert lines({"state": "stopped", "library": library}) == ["Nothing is playing.", told]


def test_the_daemon_is_asked(command, folder):
    daemon = RunningDaemon(folder, FakeHome(commands={"music": lambda _: PLAYING}))
    try:
        assert json.loads(command("music", "--json")[1]) == PLAYING
        assert command("music")[1].startswith("playing  So What by Miles Davis")
    finally:
        daemon.end()


def test_without_a_daemon_it_says_how_to_start_one(command):
    code, _, told = command("music")
    assert code == 69 and "alexa-local run" in told
