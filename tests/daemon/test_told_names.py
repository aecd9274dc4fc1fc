"""When names from the broker are learned: soon, together, and not all the time."""

from __future__ import annotations

import json

import pytest

from alexa_local.config import MqttSettings
from alexa_local.daemon.told_names import ToldNames
from alexa_local.errors import StorageError
from alexa_local.mqtt import Broker
from alexa_local.mqtt.message import Message, Subscription
from alexa_local.mqtt.topics import Names
from alexa_local.testing.gate import FakeGate


class Home:
    """Learns names, which takes some seconds of a clock that the test turns."""

    def __init__(self) -> None:
        self.now_s, self.takes_s, self.wakes = 100.0, 2.0, 0
        self.learned: list[list[str]] = []
        self.error: StorageError | None = None
        subscribed: list[Subscription] = []
        settings = MqttSettings(host="127.0.0.1", device_id="k", catalogue=True, home_assistant=True)
        broker = Broker(settings, FakeGate())  # which is never started
        broker.subscribe = subscribed.append  # type: ignore[method-assign]
        self.names = ToldNames(settings, broker, self._learn, self._wake, lambda: self.now_s)
        self._takers = {each.topics: each.take for each in subscribed}
        assert all(each.retained for each in subscribed)

    def catalogue(self, *names: str) -> None:
        value = {"devices": [{"name": name, "kind": "light"} for name in names]}
        self._takers["alexa-local/k/catalogue"](Message("", json.dumps(value).encode()))

    def discovery(self, name: str) -> None:
        value = json.dumps({"name": name, "command_topic": "t"}).encode()
        self._takers["homeassistant/+/+/config"](Message(f"homeassistant/switch/{name}/config", value))

    def turn_at(self, now_s: float) -> int:
        self.now_s = now_s
        self.names.turn()
        return len(self.learned)

    def _wake(self) -> None:
        self.wakes += 1

    def _learn(self, sources: tuple[Names, ...]) -> None:
        self.now_s += self.takes_s
        self.learned.append([thing.name for names in sources for thing in names.things])
        if self.error:
            raise self.error


def test_what_comes_together_is_learned_together_when_no_more_comes() -> None:
    home = Home()
    home.discovery("b")
    home.now_s = 100.4
    home.discovery("a")
    home.catalogue("c")
    assert home.wakes == 3 and home.names.due_s == pytest.approx(100.9)
    assert home.turn_at(100.8) == 0 and home.turn_at(100.91) == 1
    assert home.learned == [["c", "a", "b"]]
    assert home.turn_at(1000.0) == 1


def test_a_stream_that_never_rests_is_learned_all_the_same() -> None:
    home = Home()
    for step in range(60):
        home.now_s = 100.0 + step / 10
        home.discovery(f"a{step}")
        if home.turn_at(home.now_s):
            break
    assert home.now_s == pytest.approx(105.0 + home.takes_s)


def test_learning_takes_a_quarter_of_the_time_at_most() -> None:
    home = Home()
    for step in range(1000):
        home.now_s = max(home.now_s, 100.0 + step / 10)
        home.discovery(f"a{step}")
        home.turn_at(home.now_s)
    assert len(home.learned) * home.takes_s <= (home.now_s - 100.0) / 4 + home.takes_s
    assert len(home.learned) >= 8


def test_nothing_new_is_nothing_to_learn_and_nonsense_is_counted() -> None:
    home = Home()
    home.catalogue("c")
    home.turn_at(101.0)
    home.catalogue("c")
    assert home.turn_at(200.0) == 1
    home._takers["alexa-local/k/catalogue"](Message("", b"{"))
    assert (home.turn_at(300.0), home.names.refused) == (1, 1)


def test_a_disk_that_refuses_ends_nothing() -> None:
    home = Home()
    home.error = StorageError("The disk is full. Delete something.")
    home.catalogue("c")
    assert home.turn_at(101.0) == 1
    home.error = None
    home.catalogue("d")
    assert home.turn_at(200.0) == 2 and home.learned[-1] == ["d"]
