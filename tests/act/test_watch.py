import queue
import threading

import pytest
from house import House

from alexa_local.act import Ring, Watch
from alexa_local.act.schedule import LONGEST_WAIT_S


class Heard:
    """What the watch reports."""

    def __init__(self) -> None:
        self.due: queue.Queue[Ring] = queue.Queue()
        self.ringing: queue.Queue[list[str]] = queue.Queue()

    def on_ringing(self, rings) -> None:
        self.ringing.put([ring.label for ring in rings])


@pytest.fixture
def heard() -> Heard:
    return Heard()


def test_a_ring_is_reported_once_and_its_end_too(house: House, heard: Heard) -> None:
    watch = Watch(house.services.schedule, heard.due.put, heard.on_ringing)
    assert watch.look() is None
    house.ask("SetTimer", duration=10, name="tea")
    assert watch.look() == pytest.approx(10)
    house.clock.advance(10)
    assert watch.look() == LONGEST_WAIT_S
    watch.look()
    house.ask("Stop")
    watch.look()
    assert heard.due.get_nowait().label == "tea timer"
    assert [heard.ringing.get_nowait(), heard.ringing.get_nowait()] == [["tea timer"], []]
    assert heard.due.empty()
    assert heard.ringing.empty()


def test_what_was_missed_is_told_and_does_not_ring(house: House, heard: Heard) -> None:
    house.ask("SetTimer", duration=10)
    house.clock.reboot(off_for_s=600)
    house.restart()
    Watch(house.services.schedule, heard.due.put, heard.on_ringing).look()
    assert heard.due.get_nowait().missed
    assert heard.ringing.empty()


def test_a_disk_that_refuses_keeps_nobody_from_hearing_of_a_timer_and_of_it_once(
    house: House, heard: Heard
) -> None:
    watch = Watch(house.services.schedule, heard.due.put, heard.on_ringing)
    house.ask("SetTimer", duration=10)
    house.ask("SetAlarm", time="19:31")
    house.clock.advance(60)
    house.store.read("PRAGMA query_only = 1")
    assert watch.look() == LONGEST_WAIT_S
    assert [heard.due.get_nowait().label for _ in range(2)] == ["ten second timer", "alarm"]
    watch.look()
    house.store.read("PRAGMA query_only = 0")
    watch.look()
    assert heard.due.empty()
    assert heard.ringing.empty()
    assert house.services.timers.all() == []
    assert house.services.alarms.all() == []


def test_two_alike_that_end_together_are_both_told(house: House, heard: Heard) -> None:
    watch = Watch(house.services.schedule, heard.due.put, heard.on_ringing)
    house.ask("SetTimer", duration=10, second_duration=10)
    house.clock.advance(10)
    watch.look()
    assert [heard.due.get_nowait().label for _ in range(2)] == ["ten second timer"] * 2
    assert heard.ringing.get_nowait() == ["ten second timer"] * 2


def test_the_thread_wakes_for_a_change_and_ends_when_told(house: House, heard: Heard) -> None:
    watch = Watch(house.services.schedule, heard.due.put, heard.on_ringing)
    thread = threading.Thread(target=watch.run)
    thread.start()
    house.ask("SetTimer", duration=10, name="tea")
    house.clock.advance(10)
    watch.changed()
    assert heard.due.get(timeout=20).label == "tea timer"
    watch.stop()
    thread.join(20)
    assert not thread.is_alive()
