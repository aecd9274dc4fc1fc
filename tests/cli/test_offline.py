"""What the file commands do with readings and names."""

from alexa_local.cli.offline import with_names_first
from alexa_local.messages import Hypothesis

READINGS = [Hypothesis("call anne lease", -4.0), Hypothesis("call annelise", -6.0), Hypothesis("call", -9.0)]


def texts(names) -> list[str]:
    return [reading.text for reading in with_names_first(READINGS, names)]


def test_without_names_the_order_is_that_of_the_scores():
    assert texts([]) == ["call anne lease", "call annelise", "call"]


def test_a_known_name_makes_a_reading_likelier():
    assert texts(["annelise"])[0] == "call annelise"


def test_only_whole_words_are_names():
    assert texts(["ann", "lise", "cal"])[0] == "call anne lease"
