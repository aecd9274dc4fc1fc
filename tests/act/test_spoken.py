import datetime

import pytest

from alexa_local.act import spoken

NOW = datetime.datetime(2025, 11, 21, 19, 30)  # a Friday


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "zero seconds"),
        (1, "one second"),
        (60, "one minute"),
        (90, "one minute and thirty seconds"),
        (600, "ten minutes"),
        (5400, "one hour and thirty minutes"),
        (3661, "one hour, one minute and one second"),
        (86400 * 2, "two days"),
    ],
)
def test_a_duration_is_told_to_the_second(seconds: float, words: str) -> None:
    assert spoken.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (7261, "two hours and one minute"),
        (629, "ten minutes"),
        (121, "two minutes"),
        (58.7, "fifty-nine seconds"),
        (59.9, "one minute"),
        (-3, "zero seconds"),
    ],
)
def test_what_is_left_is_told_as_precisely_as_one_wants_to_hear_it(seconds: float, words: str) -> None:
    assert spoken.rough_duration(seconds) == words


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("00:00", "midnight"),
        ("00:05", "twelve oh five in the morning"),
        ("07:00", "seven o'clock in the morning"),
        ("12:00", "noon"),
        ("12:30", "twelve thirty in the afternoon"),
        ("17:45", "five forty-five in the afternoon"),
        ("19:30", "seven thirty in the evening"),
        ("23:59", "eleven fifty-nine at night"),
    ],
)
def test_times_are_told_as_people_say_them(time: str, words: str) -> None:
    assert spoken.clock_time(datetime.time.fromisoformat(time)) == words


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("2025-11-21 23:00", "eleven o'clock at night"),
        ("2025-11-22 07:00", "tomorrow at seven o'clock in the morning"),
        ("2025-11-24 07:00", "Monday at seven o'clock in the morning"),
        ("2025-12-01 12:00", "Monday the first of December at noon"),
        ("2026-01-01 12:00", "Thursday the first of January twenty twenty-six at noon"),
    ],
)
def test_a_moment_is_told_from_here(when: str, words: str) -> None:
    assert spoken.moment(datetime.datetime.fromisoformat(when), NOW) == words


@pytest.mark.parametrize(
    ("items", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_a_listing_has_one_and(items: list[str], words: str) -> None:
    assert spoken.listing(items) == words


def test_numbers_and_counts() -> None:
    assert spoken.number(21.5) == "twenty-one point five"
    assert spoken.number(21.0) == "twenty-one"
    assert spoken.number(-3) == "minus three"
    assert spoken.number(1101) == "one thousand one hundred one"
    assert spoken.count(2, "switch") == "two switches"
    assert spoken.adjective(5400) == "one hour and thirty minute"
    assert spoken.sentence("your timer is done") == "Your timer is done."
    assert spoken.sentence("which one?") == "Which one?"
