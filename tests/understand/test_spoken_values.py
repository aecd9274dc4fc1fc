from datetime import date, datetime

import pytest

from alexa_local.understand.spoken_values import clock_time, day, degrees, duration, moment, number, percent

TODAY = date(2026, 11, 21)  # a Saturday


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("three hours and ten minutes", 11400),
        ("an hour and a half", 5400),
        ("half an hour", 1800),
        ("three quarters of an hour", 2700),
        ("two and a half hours", 9000),
        ("two hours and a half", 9000),
        ("one hour thirty minutes", 5400),
        ("five minutes and thirty seconds", 330),
        ("ninety seconds", 90),
        ("a couple of minutes", 120),
        ("a hundred and twenty minutes", 7200),
        ("five more minutes", 300),
        ("another minute", 60),
    ],
)
def test_a_duration_in_words_becomes_seconds(words, seconds):
    assert duration(words) == seconds


@pytest.mark.parametrize(
    ("words", "hour", "minute", "certain"),
    [
        ("seven thirty a m", 7, 30, True),
        ("quarter past seven", 7, 15, False),
        ("seven thirty in the evening", 19, 30, True),
        ("twenty to nine", 8, 40, False),
        ("half past six p m", 18, 30, True),
        ("seven oh five", 7, 5, False),
        ("noon", 12, 0, True),
        ("midnight", 0, 0, True),
        ("twelve a m", 0, 0, True),
        ("twelve p m", 12, 0, True),
        ("eighteen hundred", 18, 0, True),
        ("twenty one oh five", 21, 5, True),
        ("quarter to one", 12, 45, False),
        ("eleven at night", 23, 0, True),
        ("two at night", 2, 0, True),
    ],
)
def test_a_time_in_words_is_found_on_the_clock(words, hour, minute, certain):
    found = clock_time(words)
    assert (found.hour, found.minute, found.certain) == (hour, minute, certain)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("today", "2026-11-21"),
        ("tomorrow morning", "2026-11-22"),
        ("the day after tomorrow", "2026-11-23"),
        ("monday", "2026-11-23"),
        ("saturday", "2026-11-21"),
        ("next saturday", "2026-11-28"),
        ("may the fifth", "2027-05-05"),
        ("the thirty first of december", "2026-12-31"),
        ("the twenty ninth of february", "2028-02-29"),
        ("weekdays", "weekdays"),
        ("every weekend", "weekends"),
        ("every monday", "monday"),
        ("tuesdays", "tuesday"),
        ("daily", "daily"),
        ("every morning", "daily"),
    ],
)
def test_a_day_in_words_is_a_date_or_a_habit(words, expected):
    found = day(words, TODAY)
    assert (found.date.isoformat() if found.date else found.repeat) == expected


@pytest.mark.parametrize(
    ("said_time", "said_day", "now", "expected"),
    [
        ("seven", None, "20:30", {"time": "07:00", "date": "2026-11-22"}),
        ("nine", None, "20:30", {"time": "21:00", "date": "2026-11-21"}),
        ("seven a m", None, "06:30", {"time": "07:00", "date": "2026-11-21"}),
        ("seven", "tomorrow", "20:30", {"time": "07:00", "date": "2026-11-22"}),
        ("seven", "tomorrow evening", "20:30", {"time": "19:00", "date": "2026-11-22"}),
        ("three", "tomorrow", "20:30", {"time": "15:00", "date": "2026-11-22"}),
        ("nine", "today", "20:30", {"time": "21:00", "date": "2026-11-21"}),
        ("six thirty", "every monday", "20:30", {"time": "06:30", "repeat": "monday"}),
        ("noon", "monday", "20:30", {"time": "12:00", "date": "2026-11-23"}),
    ],
)
def test_a_moment_is_the_next_that_fits(said_time, said_day, now, expected):
    clock = datetime.fromisoformat(f"2026-11-21T{now}:00")
    assert moment(clock_time(said_time), day(said_day, TODAY) if said_day else None, clock) == expected


def test_numbers_percent_and_degrees():
    assert number("two hundred and five") == 205
    assert number("a hundred") == 100
    assert (percent("half"), percent("fifteen percent"), percent("one hundred percent")) == (50, 15, 100)
    assert (
        degrees("twenty one and a half degrees"),
        degrees("minus five"),
        degrees("nineteen point five"),
    ) == (
        21.5,
        -5.0,
        19.5,
    )
