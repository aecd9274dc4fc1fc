import datetime
import random
from zoneinfo import ZoneInfo

import pytest
from house import House

from alexa_local.act.alarms import REPEATS, WEEKDAYS, Alarm, instant_s
from alexa_local.act.clock import local
from alexa_local.testing.clock import FakeClock


def _rings(house: House, days: float, step_s: float = 1800) -> list[str]:
    """The local times at which alarms ring while time passes."""
    found = []
    for _ in range(int(days * 86400 / step_s)):
        house.clock.advance(step_s)
        for ring in house.services.schedule.due():
            found.append(f"{local(house.clock, ring.due_s):%a %H:%M}")
        house.services.schedule.dismiss()
    return found


def test_an_alarm_without_a_day_rings_at_its_next_time_once(house: House) -> None:  # it is Friday 19:30
    house.ask("SetAlarm", time="20:00")
    house.ask("SetAlarm", time="07:00")
    assert _rings(house, 3) == ["Fri 20:00", "Sat 07:00"]
    assert house.services.alarms.all() == []


@pytest.mark.parametrize(
    ("repeat", "rings"),
    [
        ("daily", ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]),
        ("weekdays", ["Mon", "Tue", "Wed", "Thu", "Fri"]),
        ("weekends", ["Sat", "Sun", "Sat"]),
        ("friday", ["Fri"]),
    ],
)
def test_a_repeating_alarm_rings_on_its_days(house: House, repeat: str, rings: list[str]) -> None:
    house.ask("SetAlarm", time="07:00", repeat=repeat)
    assert _rings(house, 8) == [f"{day} 07:00" for day in rings]


@pytest.mark.parametrize(
    ("start", "time", "moment"),
    [
        ("2026-03-28 20:00", "00:30", "2026-03-29 00:30+00:00"),
        ("2026-03-28 20:00", "01:30", "2026-03-29 02:30+01:00"),  # 01:30 does not exist that night
        ("2026-03-28 20:00", "07:00", "2026-03-29 07:00+01:00"),
        ("2026-10-24 20:00", "01:30", "2026-10-25 01:30+01:00"),  # of the two, the first
        ("2026-10-24 20:00", "07:00", "2026-10-25 07:00+00:00"),
    ],
)
def test_summer_time_moves_no_alarm(house: House, start: str, time: str, moment: str) -> None:
    house.clock = FakeClock(start)
    house.restart()
    house.ask("SetAlarm", time=time, repeat="daily")
    (alarm,) = house.services.alarms.all()
    rings_s = alarm.next_ring_s(house.clock.now(), house.clock.zone())
    assert rings_s == datetime.datetime.fromisoformat(moment).timestamp()
    house.clock.advance(rings_s - house.clock.now())
    assert len(house.services.schedule.due()) == 1
    house.clock.advance(3600)  # the second 01:30 does not ring
    assert house.services.schedule.due() == []


def _matches(moment: datetime.datetime, time: datetime.time, repeat: str) -> bool:
    is_time = (moment.hour, moment.minute) == (time.hour, time.minute) and not moment.fold
    return is_time and WEEKDAYS[moment.weekday()] in REPEATS[repeat]


@pytest.mark.parametrize("seed", range(12))
def test_the_next_ring_is_the_one_that_looking_at_every_minute_finds(seed: int) -> None:
    chance = random.Random(seed)
    zone = ZoneInfo(chance.choice(["Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu"]))
    after_s = datetime.datetime(2026, 3, 20, tzinfo=zone).timestamp() + 60 * chance.randrange(20 * 1440)
    time = datetime.time(
        chance.choice([0, 3, 7, 12, 23]), chance.randrange(60)
    )  # none that summer time skips
    repeat = chance.choice(list(REPEATS))
    minute_s = after_s + 60
    while not _matches(datetime.datetime.fromtimestamp(minute_s, zone), time, repeat):
        minute_s += 60
    assert Alarm(1, "", time, repeat, None, 0.0).next_ring_s(after_s, zone) == minute_s


def test_an_alarm_follows_the_house_to_another_zone(house: House) -> None:
    house.ask("SetAlarm", time="07:00", repeat="daily")
    house.clock.move_to("America/New_York")
    (alarm,) = house.services.alarms.all()
    rings = datetime.datetime.fromtimestamp(
        alarm.next_ring_s(house.clock.now(), house.clock.zone()), house.clock.zone()
    )
    assert f"{rings:%a %H:%M}" == "Sat 07:00"


def test_alarms_missed_while_off_are_told_once(house: House) -> None:
    house.ask("SetAlarm", time="07:00", repeat="daily")
    house.ask("SetAlarm", time="08:00")
    house.clock.reboot(off_for_s=3 * 86400)
    house.restart()
    rings = house.services.schedule.due()
    assert [ring.missed for ring in rings] == [True, True]
    assert [ring.sentence(house.clock) for ring in rings] == [
        "While I was away, your alarm was due on Saturday at eight o'clock in the morning.",
        "While I was away, your alarm was due at seven o'clock in the morning.",
    ]
    assert house.services.schedule.due() == []
    assert len(house.services.alarms.all()) == 1


def test_an_alarm_does_not_ring_twice_when_the_clock_is_put_back(house: House) -> None:
    house.ask("SetAlarm", time="20:00", repeat="daily")
    house.clock.advance(1800)
    assert len(house.services.schedule.due()) == 1
    house.clock.set_wall(-300)
    house.clock.advance(300)
    assert house.services.schedule.due() == []
    assert _rings(house, 1) == ["Sat 20:00"]


def test_a_clock_that_was_a_year_ahead_silences_nothing(house: House) -> None:
    house.ask("SetAlarm", time="20:00", repeat="daily")
    house.clock.set_wall(365 * 86400)
    house.services.schedule.due()
    house.clock.set_wall(-365 * 86400)
    house.services.schedule.due()  # the waiting thread looks at least every half minute
    house.services.schedule.dismiss()
    assert _rings(house, 1) == ["Fri 20:00"]


@pytest.mark.parametrize(
    ("intent", "slots", "reply"),
    [
        ("SetAlarm", {"time": "07:00"}, "Your alarm is set for tomorrow at seven o'clock in the morning."),
        (
            "SetAlarm",
            {"time": "07:00", "repeat": "weekdays"},
            "Your alarm is set for seven o'clock in the morning on weekdays.",
        ),
        ("SetAlarm", {"time": "12:00", "date": "2025-11-25"}, "Your alarm is set for Tuesday at noon."),
        ("SetAlarm", {"in": 3600}, "Your alarm is set for eight thirty in the evening."),
        ("SetAlarm", {"time": "07:00", "date": "2025-11-21"}, "That time has already passed."),
        (
            "SetAlarm",
            {"time": "06:30", "repeat": "monday", "date": "2025-11-24"},
            "You already have that alarm.",
        ),
        (
            "SetAlarm",
            {"time": "06:30", "repeat": "yearly"},
            "I can repeat an alarm daily, on weekdays, at weekends or on one day.",
        ),
        ("SetAlarm", {}, "For what time?"),
        (
            "ListAlarms",
            {},
            "You have two alarms: tomorrow at eight o'clock in the morning "
            "and six thirty in the morning every Monday.",
        ),
        (
            "CancelAlarm",
            {"time": "08:00"},
            "Your alarm for tomorrow at eight o'clock in the morning is cancelled.",
        ),
        (
            "CancelAlarm",
            {"date": "2025-11-24"},
            "Your alarm for six thirty in the morning every Monday is cancelled.",
        ),
        (
            "CancelAlarm",
            {},
            "Which one? You have two alarms: tomorrow at eight o'clock in the morning "
            "and six thirty in the morning every Monday.",
        ),
        (
            "CancelAlarm",
            {"time": "09:00"},
            "I don't know that alarm. You have two alarms: tomorrow at eight o'clock in the morning "
            "and six thirty in the morning every Monday.",
        ),
        ("CancelAllAlarms", {}, "Two alarms cancelled."),
    ],
)
def test_what_is_said_about_alarms(house: House, intent: str, slots: dict[str, object], reply: str) -> None:
    house.ask("SetAlarm", time="08:00")
    house.ask("SetAlarm", time="06:30", repeat="monday")
    assert house.reply(intent, **slots) == reply


def test_the_alarm_of_a_day_is_rather_that_days_than_every_days(house: House) -> None:
    house.ask("SetAlarm", time="06:00", repeat="daily")
    house.ask("SetAlarm", time="08:00", repeat="monday")
    assert house.reply("CancelAlarm", date="2025-11-24").startswith("Your alarm for eight o'clock")
    assert house.reply("CancelAlarm", date="2025-11-24").startswith("Your alarm for six o'clock")


def test_an_alarm_that_rings_tells_the_time(house: House) -> None:
    house.ask("SetAlarm", time="20:00", name="medicine")
    house.clock.advance(1800)
    (ring,) = house.services.schedule.due()
    assert ring.sentence(house.clock) == "It's eight o'clock in the evening: medicine."


def test_a_local_time_is_turned_into_an_instant_by_its_zone() -> None:
    clock = FakeClock()
    assert instant_s(datetime.date(2026, 7, 1), datetime.time(12), clock.zone()) == 1782903600
