import pytest

from alexa_local.playback.search import Search, names_of
from alexa_local.playback.tracks import Track


def search(*names):
    return Search([(name, (name,)) for name in names])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("thunderstruck", "Thunderstruck"),
        ("thunder struck", "Thunderstruck"),
        ("thunderstuck", "Thunderstruck"),
        ("play the yesterday song", "Yesterday"),
        ("dont stop me now", "Don't Stop Me Now"),
        ("a c d c", "AC/DC"),
        ("fur elise", "Für Elise"),
        ("the the", "The The"),
    ],
)
def test_a_name_is_found_as_it_is_said(said, meant):
    found, likeness = search(
        "Thunderstruck", "Yesterday", "Don't Stop Me Now", "AC/DC", "Für Elise", "The The"
    ).find(said)
    assert found == [meant]
    assert likeness > 0.9


@pytest.mark.parametrize("said", ["xylophone concerto", "zz", "on", ""])
def test_what_fits_no_name_finds_nothing(said):
    assert search("Thunderstruck", "Yesterday").find(said) == ([], 0.0)


def test_an_exact_word_wins_over_one_that_is_like_it():
    assert search("Freddie", "Freddy").find("freddy")[0] == ["Freddy"]


def test_all_that_fit_as_well_are_found_in_their_order():
    tracks = [
        Track(f"/m/{n}.ogg", title, ("Ann", "Bob"), "Sampler", "Various")
        for n, title in enumerate(("One", "Two"))
    ]
    found = Search([(track.title, tuple(names_of(track))) for track in tracks])
    assert found.find("ann")[0] == ["One", "Two"]
    assert found.find("bob")[0] == ["One", "Two"]
    assert found.find("sampler by various")[0] == ["One", "Two"]
    assert found.find("two by ann and bob")[0] == ["Two"]
    assert found.find("two by bob")[0] == ["Two"]


def test_nothing_to_search_is_nothing_found():
    assert Search([]).find("anything") == ([], 0.0)
