"""Turns for threads."""

import threading

from alexa_local.scheduler import Change, Costs, Kind, Ladder, Meter, Order, Turns
from alexa_local.scheduler.ladder import LEAST_LATE


def turns(changes: list[Change] | None = None) -> Turns:
    told = changes if changes is not None else []
    return Turns(Order(Costs()), Ladder(["first"]), told.append, Meter())


def test_one_works_at_a_time_and_the_most_urgent_goes_first() -> None:
    ours, began, order = turns(), threading.Event(), []
    ready = {kind: threading.Event() for kind in Kind}

    def work(kind: Kind) -> None:
        ready[kind].set()
        with ours.turn(kind.name, kind, 10.0):
            order.append(kind)

    def hold() -> None:
        with ours.turn("first", Kind.REALTIME, 10.0):
            began.set()
            for event in ready.values():
                event.wait(10)
            while sum(ours.report()["waiting"].values()) < len(Kind):
                pass

    threads = [threading.Thread(target=hold)]
    threads[0].start()
    assert began.wait(10)
    for kind in reversed(Kind):
        threads.append(threading.Thread(target=work, args=(kind,)))
        threads[-1].start()
    for thread in threads:
        thread.join(10)
    assert order == sorted(Kind)


def test_what_fails_in_a_turn_gives_it_back() -> None:
    ours = turns()
    for _ in range(2):
        try:
            with ours.turn("x", Kind.INTERACTIVE, 1.0):
                raise ValueError
        except ValueError:
            pass
    assert ours.report()["work"]["x"]["turns"] == 2


def test_late_realtime_work_is_told_and_changes_what_is_given_up() -> None:
    changes: list[Change] = []
    ours = turns(changes)
    for _ in range(LEAST_LATE):
        with ours.turn("listen", Kind.REALTIME, -1.0):
            pass
    assert changes == [Change("first", "down", ("first",))]
    report = ours.report()
    assert report["given_up"] == ["first"]
    assert report["work"]["listen"]["late"] == LEAST_LATE


def test_background_can_be_paused() -> None:
    ours, done = turns(), threading.Event()
    ours.pause_background(True)

    def work() -> None:
        with ours.turn("copy", Kind.BACKGROUND, 0.0):
            done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with ours.turn("x", Kind.INTERACTIVE, 1.0):
        assert not done.is_set()
    ours.pause_background(False)
    assert done.wait(10)
    thread.join(10)
