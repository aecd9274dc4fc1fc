"""Spoken forms: one table of what is written and what is said."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.recognise.normalise import spoken_form

WRITTEN_AND_SPOKEN = [
    ("Turn ON the lights!", "turn on the lights"),
    ("wake me at 7:30 am", "wake me at seven thirty a m"),
    ("wake me at 7.30am", "wake me at seven thirty a m"),
    ("alarm for 6 a.m. tomorrow", "alarm for six a m tomorrow"),
    ("alarm for 7:00 p.m.", "alarm for seven p m"),
    ("alarm for eight am", "alarm for eight a m"),
    ("where am i", "where am i"),
    ("is it 9:05", "is it nine oh five"),
    ("at 5:00", "at five o'clock"),
    ("at 19:45", "at nineteen forty five"),
    ("a timer for 3 hours", "a timer for three hours"),
    ("set it to 21.5 degrees", "set it to twenty one point five degrees"),
    ("set it to 21°C", "set it to twenty one degrees celsius"),
    ("set it to 70°", "set it to seventy degrees"),
    ("it is -5 outside", "it is minus five outside"),
    ("dim to 50%", "dim to fifty percent"),
    ("dim to fifty per cent", "dim to fifty percent"),
    ("on the 21st of May", "on the twenty first of may"),
    ("hits of the 80s", "hits of the eighties"),
    ("born in 1984", "born in nineteen eighty four"),
    ("in 2016", "in twenty sixteen"),
    ("in 2005", "in two thousand and five"),
    ("1,250 steps", "one thousand two hundred and fifty steps"),
    ("300 steps", "three hundred steps"),
    ("call 555-1234", "call five five five one two three four"),
    ("call 020 7946 0958", "call zero two zero seven nine four six zero nine five eight"),
    ("code 90210", "code nine zero two one zero"),
    ("room 007", "room zero zero seven"),
    ("$1", "one dollar"),
    ("$3.50 please", "three dollars and fifty cents please"),
    ("£40", "forty pounds"),
    ("salt & pepper", "salt and pepper"),
    ("2 1/2 hours", "two and a half hours"),
    ("play Beyoncé, Motörhead and Sigur Rós", "play beyonce motorhead and sigur ros"),
    ("don’t stop", "don't stop"),
    ("what 's up", "what's up"),
    ("'quoted' boys' rock 'n' roll", "quoted boys rock n roll"),
    ("top-rated Wi-Fi", "top rated wifi"),
    ("T.V. on", "tv on"),
    ("ok", "okay"),
    ("Dr. Smith", "doctor smith"),
    ("my w2", "my w two"),
    ("", ""),
    ("?!… 日本", ""),
]


@pytest.mark.parametrize(("written", "spoken"), WRITTEN_AND_SPOKEN)
def test_a_text_is_written_as_it_is_said(written: str, spoken: str) -> None:
    assert spoken_form(written) == spoken


@pytest.mark.parametrize("spoken", [spoken for _, spoken in WRITTEN_AND_SPOKEN])
def test_a_spoken_form_stays_as_it_is(spoken: str) -> None:
    assert spoken_form(spoken) == spoken


@given(st.text(max_size=40))
def test_any_text_yields_only_words(text: str) -> None:
    assert re.fullmatch(r"(?:[a-z']+(?: [a-z']+)*)?", spoken_form(text))
