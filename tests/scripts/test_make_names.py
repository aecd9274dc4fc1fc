"""The test sets of names: what is asked in them, and that training never had their names."""

from itertools import islice
from random import Random

import pytest

from scripts.evaluation.make_names import (
    RareWords,
    disguised,
    everyday_requests,
    named_requests,
    names_said,
    words_heard,
)
from scripts.evaluation.manifest import Row
from scripts.evaluation.rare_names import ARTISTS, FAMILY, GIVEN, ITEMS, other_people, spoken_people
from scripts.training import vocabulary
from scripts.training.voices import HELD_OUT_VOICE, VOICES_BY_ENGINE


def test_every_name_is_asked_for_as_often_as_the_others_and_never_twice_in_the_same_way() -> None:
    requests = list(islice(named_requests(1), 200))
    assert sorted({r.names[0] for r in requests}) == sorted([*spoken_people(), *ARTISTS, *ITEMS])
    assert len({r.text for r in requests}) == len(requests)
    assert all(r.names[0] in r.text for r in requests)
    assert requests == list(islice(named_requests(1), 200))


def test_everyday_requests_name_nobody() -> None:
    words = {word for request in islice(everyday_requests(1), 50) for word in request.text.split()}
    assert not words & {*GIVEN, *FAMILY, *vocabulary.FIRST_NAMES, *vocabulary.LAST_NAMES}


def test_no_test_name_has_a_word_of_our_own_vocabulary() -> None:
    lists = [value for value in vars(vocabulary).values() if isinstance(value, tuple)]
    trained = {word: 1 for phrases in lists for phrase in phrases for word in phrase.split()}
    assert words_heard([*spoken_people(), *ARTISTS, *ITEMS, *GIVEN, *FAMILY], trained) == []
    assert words_heard(["the abelard"], {"the": 5, "abelard": 1}) == ["abelard"]


def test_made_up_people_are_others_and_few_are_the_first_of_many() -> None:
    few, many = (other_people(count, "seed", spoken_people()) for count in (10, 5000))
    assert many[:10] == few and len(set(many)) == 5000
    assert not set(many) & set(spoken_people())
    assert other_people(5, "another") != other_people(5, "seed")


def test_no_voice_is_one_that_reads_for_training() -> None:
    for one in (disguised("hello", Random(seed)) for seed in range(200)):
        unheard = one.voice == HELD_OUT_VOICE or one.voice not in VOICES_BY_ENGINE[one.engine]
        assert unheard or one.warp > 1.14


@pytest.mark.parametrize("text", ["the curious PHOEBE", "the curious phoebe"])
def test_a_rare_word_is_one_that_training_seldom_has(text: str) -> None:
    counts = {f"word{number}": 9 for number in range(4998)} | {"the": 9, "curious": 9, "phoebe": 1}
    rare = RareWords(counts)
    assert rare.of(text) == ["phoebe"] and rare.all == ["phoebe"]


def test_only_clips_of_names_are_names_said(tmp_path) -> None:
    rows = [
        Row("a/b.opus", tmp_path / "a/b.opus", {"kind": kind, "reference": "Ciarán MacLeod "})
        for kind in ("names", "numbers")
    ]
    (found,) = names_said(rows)
    assert found["names"] == ["ciaran macleod"] and found["audio"] == str(tmp_path / "a/b.opus")
