import pytest
from house import House

from alexa_local.act.schedule import LONGEST_WAIT_S, RINGS_FOR_S


def _lefts(house: House) -> dict[str, int]:
    return {timer.name: round(timer.left_s) for timer in house.services.timers.all()}


def test_a_timer_runs_and_rings_once_until_it_is_dismissed(house: House) -> None:
    house.services.timers.start(600, "pasta")
    house.clock.advance(599)
    assert house.services.schedule.due() == []
    house.clock.advance(1)
    (ring,) = house.services.schedule.due()
    assert (ring.kind, ring.label, ring.missed) == ("timer", "pasta timer", False)
    assert ring.sentence(house.clock) == "Your pasta timer is done."
    assert house.services.schedule.due() == []
    assert house.services.schedule.ringing() == [ring]
    assert house.services.schedule.dismiss() == [ring]
    assert house.services.schedule.ringing() == []
    assert house.services.timers.all() == []


def test_several_timers_ring_in_their_order(house: House) -> None:
    for seconds, name in ((30, "c"), (10, "a"), (20, "b")):
        house.services.timers.start(seconds, name)
    assert list(_lefts(house)) == ["a", "b", "c"]
    house.clock.advance(25)
    assert [ring.name for ring in house.services.schedule.due()] == ["a", "b"]
    assert _lefts(house) == {"c": 5}


def test_a_timer_survives_a_restart_of_the_program(house: House) -> None:
    house.services.timers.start(600, "pasta")
    house.clock.advance(100)
    house.restart()
    house.clock.advance(100)
    assert _lefts(house) == {"pasta": 400}


def test_setting_the_clock_changes_no_timer(house: House) -> None:
    house.services.timers.start(600, "pasta")
    for jump in (7200, -90000, 3):
        house.clock.set_wall(jump)
        house.restart()
        assert _lefts(house) == {"pasta": 600}
        assert house.services.schedule.due() == []


def test_a_clock_that_was_set_is_known_after_a_reboot(house: House) -> None:
    """The stored wall time would be an hour off if it were not written anew after the jump."""
    house.services.timers.start(600, "pasta")
    house.clock.set_wall(3600)
    house.services.schedule.due()
    house.clock.reboot(off_for_s=60)
    house.restart()
    assert _lefts(house) == {"pasta": 540}


def test_after_a_reboot_the_wall_clock_tells_how_long_the_machine_was_off(house: House) -> None:
    house.services.timers.start(600, "pasta")
    house.clock.reboot(off_for_s=100)
    house.restart()
    assert _lefts(house) == {"pasta": 500}
    house.clock.advance(100)
    house.restart()
    assert _lefts(house) == {"pasta": 400}


def test_a_board_without_a_battery_that_learns_the_time_late(house: House) -> None:
    house.services.timers.start(600, "pasta")
    house.clock.reboot(off_for_s=100, wall_loses_s=86400)
    house.restart()
    assert _lefts(house) == {"pasta": 600}  # never more than it was set for
    house.clock.advance(20)
    assert _lefts(house) == {"pasta": 580}
    house.clock.set_wall(86400)  # the time server answers
    assert _lefts(house) == {"pasta": 480}


def test_a_timer_that_ended_while_the_machine_was_off_is_told_and_not_rung(house: House) -> None:
    house.services.timers.start(600, "pasta")
    house.clock.reboot(off_for_s=1800)
    house.restart()
    (ring,) = house.services.schedule.due()
    assert ring.missed
    assert round(ring.late_s) == 1200
    assert ring.sentence(house.clock) == (
        "While I was away, your pasta timer was due at seven forty in the evening."
    )


def test_a_timer_that_ended_during_a_short_restart_rings(house: House) -> None:
    house.services.timers.start(10, "pasta")
    house.clock.advance(15)
    house.restart()
    assert not house.services.schedule.due()[0].missed


def test_a_ring_survives_a_crash_and_gives_up_after_a_while(house: House) -> None:
    house.services.timers.start(10)
    house.clock.advance(10)
    rings = house.services.schedule.due()
    house.restart()
    assert house.services.schedule.ringing() == rings
    house.clock.advance(RINGS_FOR_S + 1)
    assert house.services.schedule.ringing() == []


def test_pause_resume_add_and_cancel(house: House) -> None:
    timers = house.services.timers
    timers.start(600, "pasta")
    house.clock.advance(100)
    assert timers.pause(timers.find("pasta")).paused
    house.clock.reboot(off_for_s=5000)
    house.restart()
    timers = house.services.timers
    assert _lefts(house) == {"pasta": 500}
    assert timers.next_due_in_s() == float("inf")
    timers.add(timers.find("Pasta"), 60)
    timers.resume(timers.find())
    house.clock.advance(60)
    assert _lefts(house) == {"pasta": 500}
    assert timers.add(timers.find(), -100).left_s == pytest.approx(400)
    timers.cancel(timers.find(duration_s=560))
    assert timers.all() == []


def test_the_wait_ends_with_the_next_thing_and_is_bounded(house: House) -> None:
    schedule = house.services.schedule
    assert schedule.next_due_in_s() is None
    house.services.timers.start(600)
    assert schedule.next_due_in_s() == LONGEST_WAIT_S
    house.services.timers.start(7, "tea")
    assert schedule.next_due_in_s() == pytest.approx(7)
    house.clock.advance(9)
    assert schedule.next_due_in_s() == 0.0


def test_every_change_wakes_the_waiting_thread(house: House) -> None:
    timers = house.services.timers
    for change in (
        lambda: timers.start(60),
        lambda: timers.pause(timers.find()),
        lambda: timers.resume(timers.find()),
        lambda: timers.add(timers.find(), 5),
        lambda: timers.cancel(timers.find()),
        lambda: house.services.schedule.dismiss(),
        lambda: house.ask("SetAlarm", time="07:00"),
        lambda: house.ask("CancelAlarm"),
    ):
        before = house.changes
        change()
        assert house.changes > before


@pytest.mark.parametrize(
    ("intent", "slots", "reply"),
    [
        ("SetTimer", {"duration": 600}, "Ten minutes, starting now."),
        ("SetTimer", {"duration": 480, "name": "egg"}, "Egg timer, eight minutes, starting now."),
        (
            "SetTimer",
            {"duration": 60, "name": "Pasta"},
            "You already have a pasta timer, with two minutes left.",
        ),
        ("SetTimer", {"duration": 0}, "A timer can run from one second to seven days."),
        ("SetTimer", {}, "For how long?"),
        (
            "SetTimer",
            {"duration": 60, "second_duration": 300},
            "Two timers, for one minute and five minutes, starting now.",
        ),
        ("TimerStatus", {"name": "pasta"}, "Your pasta timer has two minutes left."),
        (
            "TimerStatus",
            {},
            "Your pasta timer has two minutes left "
            "and your one hour timer is paused with thirty minutes left.",
        ),
        (
            "ListTimers",
            {},
            "You have two timers: a pasta timer, which has two minutes left and a one hour timer, "
            "which is paused with thirty minutes left.",
        ),
        ("CancelTimer", {"name": "pasta"}, "Your pasta timer is cancelled."),
        ("CancelTimer", {"duration": 3600}, "Your one hour timer is cancelled."),
        ("CancelTimer", {}, "Which one? You have a pasta timer and a one hour timer."),
        (
            "CancelTimer",
            {"name": "tea"},
            "I don't know that timer. You have a pasta timer and a one hour timer.",
        ),
        ("CancelAllTimers", {}, "Two timers cancelled."),
        ("PauseTimer", {"name": "pasta"}, "Your pasta timer is paused with two minutes left."),
        ("ResumeTimer", {"name": "pasta"}, "Your pasta timer goes on, with two minutes left."),
        ("AddTimerTime", {"duration": 60, "name": "pasta"}, "Your pasta timer now has three minutes left."),
        ("RemoveTimerTime", {"duration": 60, "name": "pasta"}, "Your pasta timer now has one minute left."),
        (
            "RemoveTimerTime",
            {"duration": 600, "name": "pasta"},
            "Your pasta timer has only two minutes left.",
        ),
        ("Snooze", {}, "Nothing is ringing."),
    ],
)
def test_what_is_said_about_timers(house: House, intent: str, slots: dict[str, object], reply: str) -> None:
    house.ask("SetTimer", duration=600, name="pasta")
    house.ask("SetTimer", duration=3600)
    house.clock.advance(480)
    timer = house.services.timers.pause(house.services.timers.find(duration_s=3600))
    house.services.timers.add(timer, 1800 - timer.left_s)
    house.store.write("UPDATE timers SET duration_s = 3600 WHERE id = ?", timer.number)
    assert house.reply(intent, **slots) == reply


def test_two_timers_at_once_are_set_both_or_not_at_all(house: House) -> None:
    assert not house.ask("SetTimer", duration=60, second_duration=10**9).ok
    assert house.services.timers.all() == []


@pytest.mark.parametrize(
    "intent", ["TimerStatus", "PauseTimer", "CancelTimer", "CancelAllTimers", "AddTimerTime"]
)
def test_without_timers_it_says_so(house: House, intent: str) -> None:
    outcome = house.ask(intent, duration=60)
    assert (outcome.ok, outcome.reply) == (False, "You have no timers.")


def test_the_number_of_timers_is_bounded(house: House) -> None:
    for _ in range(50):
        assert house.ask("SetTimer", duration=60).ok
    assert house.reply("SetTimer", duration=60) == "You already have fifty timers. Cancel some first."


def test_snooze_lets_it_ring_again(house: House) -> None:
    house.ask("SetTimer", duration=60, name="nap")
    for _ in range(2):
        house.clock.advance(60)
        assert [ring.name for ring in house.services.schedule.due()] == ["nap"]
        assert house.reply("Snooze", duration=60) == "I'll ring again in one minute."
        assert house.services.schedule.ringing() == []
    assert house.reply("Snooze") == "Nothing is ringing."


@pytest.mark.parametrize(("intent"), ["Stop", "CancelTimer", "CancelAlarm"])
def test_what_rings_can_be_silenced(house: House, intent: str) -> None:
    house.ask("PlayMusic")
    house.ask("SetTimer", duration=60)
    house.ask("SetTimer", duration=600)
    house.clock.advance(60)
    house.services.schedule.due()
    assert house.ask(intent).ok
    assert house.services.schedule.ringing() == []
    assert house.player.now_playing()
    assert len(house.services.timers.all()) == 1
