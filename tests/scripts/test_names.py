"""Names: found in references and in what was heard, spelled, split and dialled."""

import pytest

from scripts.evaluation.names import Names, comparable_words, right_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ciarán O'Connor", "ciaran oconnor"),
        ("9370524963", "9370524963"),
        ("nine three seven oh five", "9 3 7 0 5"),
        ("double seven triple two", "77 222"),
        ("eight fourteen", "8 14"),
        ("eight hundred and fourteen", "814"),
        ("two thousand three hundred and five", "2305"),
        ("eighty four river road", "84 river road"),
        ("oh no", "oh no"),
        ("double glazing", "double glazing"),
        ("twenty and a half", "20 and a half"),
        ("", ""),
    ],
)
def test_words_compare_without_accents_apostrophes_and_ways_to_say_numbers(text: str, words: str) -> None:
    assert comparable_words(text) == tuple(words.split())


def test_the_longest_name_counts_where_names_overlap() -> None:
    names = Names(["Anna", "Anna Müller", "Müller", "Bo", ""])
    assert names.spoken_in("call anna muller and anna, or bo") == ["annamuller", "anna", "bo"]


def test_a_row_may_list_its_names_and_need_not_have_words() -> None:
    names = Names(["Anna", "84 River Road 814"])
    assert names.in_row({"text": "call anna", "names": ["Zeb Ray"]}) == ["zebray"]
    assert names.in_row({"reference": "84 River Road 814"}) == ["84riverroad814"]
    assert names.in_row({"text": "call bob"}) == names.in_row({}) == names.in_row({"names": []}) == []


@pytest.mark.parametrize(
    ("spoken", "recognised", "right"),
    [
        (["ciaran"], "call c i a r a n", 1),
        (["macleod"], "call mac leod please", 1),
        (["macleod"], "call mcleod", 0),
        (["ann"], "call anna", 0),
        (["ann", "ann"], "ann or bob", 1),
        (["84riverroad814"], "eighty four river road eight one four", 1),
        (["9370"], "nine three seven oh", 1),
        (["aab"], "a a a b", 1),
        ([], "call anna", 0),
        (["anna"], "", 0),
    ],
)
def test_a_name_is_right_when_its_letters_are(spoken: list[str], recognised: str, right: int) -> None:
    assert right_of(spoken, recognised) == right


def test_an_empty_catalogue_has_no_names() -> None:
    assert Names([]).spoken_in("call anna") == []
