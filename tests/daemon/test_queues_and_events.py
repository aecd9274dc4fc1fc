"""Queues that end, and events that hold nobody up."""

import threading

from alexa_local.daemon.events import EventBus, as_json
from alexa_local.daemon.queues import BoundedQueue


def test_a_full_queue_drops_the_oldest_and_counts_it():
    queue = BoundedQueue("q", 2)
    assert [queue.put(item) for item in (1, 2, 3)] == [None, None, 1]
    assert (queue.dropped, len(queue)) == (1, 2)
    assert [queue.get(), queue.get(), queue.get(0)] == [2, 3, None]


def test_a_file_waits_until_there_is_room():
    queue = BoundedQueue("q", 1)
    queue.put(1)
    thread = threading.Thread(target=queue.put_waiting, args=(2,))
    thread.start()
    assert [queue.get(20), queue.get(20)] == [1, 2]
    thread.join(20)
    assert queue.dropped == 0


def test_closing_wakes_everyone_and_gives_back_what_was_left():
    full, empty = BoundedQueue("full", 1), BoundedQueue("empty", 1)
    full.put(1)
    threads = [threading.Thread(target=full.put_waiting, args=(2,)), threading.Thread(target=empty.get)]
    for thread in threads:
        thread.start()
    assert (full.close(), empty.close()) == ([1], [])
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert full.put(3) == 3, "what comes after the end is given back"
    assert full.get() is None


def test_every_listener_gets_every_event_after_it_came():
    bus = EventBus(clock=lambda: 12.3456)
    bus.publish("before")
    one, two = bus.subscribe(), bus.subscribe()
    bus.publish("listening", {"why": "test"})
    two.close()
    bus.publish("idle")
    assert [event.name for event in one.queue.drain(9)] == ["listening", "idle"]
    assert two.queue.get() is None


def test_a_listener_may_not_want_an_event_when_it_happens():
    """Whether it is wanted when it is taken says nothing about when it was told."""
    bus, wanted, woken = EventBus(), [True], []
    listener = bus.subscribe(lambda: woken.append("woken"), lambda event: wanted[0])
    bus.publish("heard")
    wanted[0] = False
    bus.publish("unheard")
    wanted[0] = True
    assert [event.name for event in listener.queue.drain(9)] == ["heard"]
    assert len(woken) == 2 and not listener.queue.dropped


def test_an_event_is_one_flat_object():
    bus = EventBus(clock=lambda: 12.3456)
    listener = bus.subscribe()
    bus.publish("intent", {"intent": "Stop"})
    assert as_json(listener.queue.drain(1)[0]) == {"event": "intent", "time_s": 12.346, "intent": "Stop"}
