"""Who works next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alexa_local.scheduler import Costs, Job, Kind, Order
from alexa_local.scheduler.order import MOST_WAITING, PATIENCE_S
from alexa_local.testing.board import Asked, FirstComeFirstServed, fresh_order, replay

BLOCK_S = 0.04


def order(**costs_s: float) -> Order:
    known = Costs()
    for name, seconds in costs_s.items():
        known.add(name, seconds)
    return Order(known)


def asked(order: Order, name: str, kind: Kind, deadline_s: float, now_s: float = 0.0) -> Job:
    job = order.ask(name, kind, deadline_s, now_s)
    assert job is not None
    return job


def test_realtime_goes_first_then_what_somebody_waits_for_then_the_rest() -> None:
    rules = order()
    for kind in (Kind.BACKGROUND, Kind.INTERACTIVE, Kind.REALTIME):
        asked(rules, kind.name, kind, 1.0)
    begun = []
    while job := rules.next(0.0):
        begun.append(job.kind)
        rules.done(job, 0.01)
    assert begun == sorted(Kind)


def test_of_a_kind_the_earliest_deadline_goes_first() -> None:
    rules = order()
    for deadline_s in (3.0, 1.0, 2.0):
        asked(rules, "x", Kind.INTERACTIVE, deadline_s)
    begun = []
    while job := rules.next(0.0):
        begun.append(job.deadline_s)
        rules.done(job, 0.01)
    assert begun == [1.0, 2.0, 3.0]


def test_what_does_not_end_before_promised_work_has_to_begin_waits() -> None:
    rules = order(long=0.1, short=0.01, listen=0.02)
    rules.promise("listen", 0.08)
    asked(rules, "long", Kind.INTERACTIVE, 5.0)
    assert rules.next(0.0) is None
    asked(rules, "short", Kind.INTERACTIVE, 9.0)
    job = rules.next(0.0)
    assert job is not None and job.name == "short"
    rules.done(job, 0.01)
    rules.promise("listen", None)
    assert rules.next(0.02) is not None


def test_with_a_free_core_nothing_waits_for_what_is_promised() -> None:
    costs = Costs()
    costs.add("long", 0.5)
    rules = Order(costs, slots=2)
    rules.promise("listen", 0.04)
    asked(rules, "long", Kind.INTERACTIVE, 5.0)
    assert rules.next(0.0) is not None


def test_what_is_overdue_is_begun_though_it_never_fits() -> None:
    rules = order(long=1.0)
    rules.promise("listen", 10.04)
    job = asked(rules, "long", Kind.INTERACTIVE, 9.5, 9.0)
    assert rules.next(9.4) is None
    assert rules.changes_s(9.4) == 9.5 - 9.4
    assert rules.next(10.0) == job


def test_background_work_rises_after_a_while_unless_it_is_paused() -> None:
    rules = order(listen=0.01)
    background = asked(rules, "copy", Kind.BACKGROUND, 100.0)
    for step in range(200):
        now_s = step * BLOCK_S
        rules.promise("listen", now_s + 0.01)  # nothing fits before it
        rules.background_paused = now_s < 3.0
        job = rules.next(now_s)
        if job is not None:
            assert job.number == background.number
            assert now_s >= max(3.0, PATIENCE_S)
            return
    raise AssertionError("it starved")


def test_too_many_are_refused_and_counted() -> None:
    rules = order()
    most = MOST_WAITING[Kind.INTERACTIVE]
    answers = [rules.ask("x", Kind.INTERACTIVE, 1.0, 0.0) for _ in range(most + 3)]
    assert answers.count(None) == rules.refused[Kind.INTERACTIVE] == 3


WORK = st.lists(
    st.builds(
        Asked,
        at_s=st.floats(0.0, 5.0),
        name=st.sampled_from(["a", "b", "c"]),
        kind=st.sampled_from([Kind.INTERACTIVE, Kind.BACKGROUND]),
        within_s=st.floats(0.05, 2.0),
        cost_s=st.floats(0.001, 0.02),
    ),
    max_size=25,
)


def sound(seconds: float, cost_s: float) -> list[Asked]:
    blocks = range(int(seconds / BLOCK_S))
    return [Asked(block * BLOCK_S, "listen", Kind.REALTIME, BLOCK_S, cost_s) for block in blocks]


@given(WORK, st.floats(0.001, 0.015))
def test_sound_is_in_time_and_nobody_starves_whatever_else_is_asked(work: list[Asked], cost_s: float) -> None:
    trace = sorted([*work, *sound(12.0, cost_s)], key=lambda one: one.at_s)
    done = replay(trace, fresh_order(), ["listen"])
    assert len(done) == len(trace)
    assert all(one.lateness_s <= 1e-9 for one in done if one.asked.name == "listen")


@given(WORK, st.integers(1, 3))
def test_no_more_work_at_once_than_there_are_cores(work: list[Asked], slots: int) -> None:
    done = replay(sorted(work, key=lambda one: one.at_s), fresh_order(slots))
    assert len(done) == len(work)
    for one in done:
        at_once = sum(other.began_s <= one.began_s < other.ended_s for other in done)
        assert at_once <= slots


@given(WORK)
def test_urgent_work_waits_for_at_most_one_quantum_that_is_less_so(work: list[Asked]) -> None:
    """No inversion: what is begun while somebody more urgent waits is never less urgent."""
    trace = sorted([*work, *sound(6.0, 0.01)], key=lambda one: one.at_s)
    done = replay(trace, fresh_order(), ["listen"])
    for late in (one for one in done if one.asked.kind is Kind.REALTIME):
        between = [
            one
            for one in done
            if late.asked.at_s < one.began_s < late.began_s and one.asked.kind is not Kind.REALTIME
        ]
        assert not between


def test_threads_without_an_order_lose_what_the_order_keeps() -> None:
    heavy = [Asked(1.0, "act", Kind.INTERACTIVE, 1.0, 0.02) for _ in range(6)]
    heavy += [Asked(1.0, "copy", Kind.BACKGROUND, 10.0, 0.02) for _ in range(20)]
    trace = sorted([*sound(4.0, 0.01), *heavy], key=lambda one: one.at_s)

    def late(rule: Order) -> int:
        return sum(
            one.lateness_s > 1e-9 for one in replay(trace, rule, ["listen"]) if one.asked.name == "listen"
        )

    assert late(fresh_order()) == 0
    assert late(FirstComeFirstServed(Costs())) > 5
