"""What is given up, and when it comes back."""

from alexa_local.scheduler import Change, Ladder
from alexa_local.scheduler.ladder import APART_S, CALM_S, MOST_CALM_S

BLOCK_S = 0.04


def live(ladder: Ladder, start_s: float, seconds: float, late: bool) -> list[tuple[float, Change]]:
    changes = []
    for step in range(int(seconds / BLOCK_S)):
        now_s = start_s + step * BLOCK_S
        change = ladder.observe(0.01 if late else -0.01, now_s)
        if change:
            changes.append((now_s, change))
    return changes


def test_one_rung_goes_at_a_time_and_none_below_the_last() -> None:
    ladder = Ladder(["first", "second"])
    changes = live(ladder, 0.0, 10.0, late=True)
    assert [change for _, change in changes] == [
        Change("first", "down", ("first",)),
        Change("second", "down", ("first", "second")),
    ]
    assert changes[1][0] - changes[0][0] >= APART_S
    assert ladder.given_up == ("first", "second")


def test_what_would_change_nothing_is_gone_past() -> None:
    ladder = Ladder(["first", "second", "third"])
    ladder.leave_out({"second"})
    changes = live(ladder, 0.0, 10.0, late=True)
    assert [(change.rung, change.level) for _, change in changes] == [("first", 1), ("third", 2)]


def test_rungs_come_back_in_turn_after_calm() -> None:
    ladder = Ladder(["first", "second"])
    live(ladder, 0.0, 5.0, late=True)
    changes = live(ladder, 5.0, 60.0, late=False)
    assert [(change.rung, change.way) for _, change in changes] == [("second", "up"), ("first", "up")]
    assert changes[0][0] - 5.0 >= CALM_S - BLOCK_S
    assert ladder.level == 0


def test_a_single_late_quantum_in_a_while_changes_nothing() -> None:
    ladder = Ladder(["first"])
    live(ladder, 0.0, 3.0, late=False)
    assert ladder.observe(0.5, 3.0) is None


def test_what_goes_again_at_once_stays_away_longer_each_time() -> None:
    ladder = Ladder(["first"])
    now_s, waits = 0.0, []
    for _ in range(7):
        live(ladder, now_s, 3.0, late=True)
        now_s = calm_from_s = now_s + 3.0
        while ladder.observe(-0.01, now_s) is None:
            now_s += BLOCK_S
        waits.append(now_s - calm_from_s)
        now_s += BLOCK_S
    assert waits == sorted(waits)
    assert waits[-1] > 3 * waits[0]
    assert waits[-1] <= MOST_CALM_S + 1.0
