"""Commands over MQTT: allowed or not, once for each id, a few at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alexa_local.daemon.remote import MOST_IDS, MOST_IN_HAND, Remote
from alexa_local.errors import AlexaLocalError, UsageError
from alexa_local.mqtt.message import Message


class House:
    """Does what it is told when the test says so.

    Attributes:
        done: the values of the commands that began.
        waiting: the promises of those that wait.
        told: every answer with its id.
    """

    def __init__(self, *allowed: str) -> None:
        self.done: list[Any] = []
        self.waiting: list[Future[Mapping[str, Any]]] = []
        self.told: list[tuple[bytes, Mapping[str, Any]]] = []
        actions = {"volume": self._now, "say": self._later, "mute": self._fail}
        self.remote = Remote(allowed, actions, lambda about, answer: self.told.append((about, answer)))

    def send(self, name: str, value: object, about: str = "") -> None:
        payload = {"command": name, "value": value} | ({"id": about} if about else {})
        self.remote.take(Message("t", json.dumps(payload).encode()))

    def _now(self, value: object) -> Mapping[str, Any]:
        self.done.append(value)
        return {}

    def _later(self, value: object) -> Future[Mapping[str, Any]]:
        self.done.append(value)
        self.waiting.append(Future())
        return self.waiting[-1]

    def _fail(self, value: object) -> Mapping[str, Any]:
        raise UsageError("No. Do something else.")


def test_what_is_allowed_is_done_and_answered() -> None:
    house = House("volume", "say", "mute")
    house.send("volume", 40, "a")
    house.send("say", "stop", "b")
    house.waiting[0].set_result({"done": False, "reply": "Sorry?"})
    house.send("mute", True, "c")
    assert house.told == [
        (b"a", {"command": "volume", "ok": True}),
        (b"b", {"command": "say", "ok": True, "done": False, "reply": "Sorry?"}),
        (b"c", {"command": "mute", "ok": False, "error": "No. Do something else."}),
    ]
    assert house.remote.counts == {"done": 2, "failed": 1}


def test_a_repeat_while_it_is_done_gets_the_one_answer_later() -> None:
    house = House("say")
    for _ in range(3):
        house.send("say", "stop", "a")
    assert house.done == ["stop"] and not house.told
    house.waiting[0].set_result({"done": True, "reply": ""})
    house.send("say", "something else", "a")
    assert house.done == ["stop"] and len(house.told) == 2 and house.told[0] == house.told[1]
    assert house.remote.counts["repeated"] == 3


def test_commands_without_an_id_are_each_their_own() -> None:
    house = House("volume")
    house.send("volume", 1)
    house.send("volume", 1)
    assert house.done == [1, 1]


def test_too_many_at_once_are_sent_away_and_may_come_again() -> None:
    house = House("say")
    for number in range(MOST_IN_HAND + 1):
        house.send("say", "x", f"{number}")
    assert len(house.done) == MOST_IN_HAND
    assert house.told[-1][0] == f"{MOST_IN_HAND}".encode() and "again" in house.told[-1][1]["error"]
    for promise in house.waiting:
        promise.cancel()
        promise.set_running_or_notify_cancel()
    assert [answer["ok"] for _, answer in house.told] == [False] * (MOST_IN_HAND + 1)
    house.send("say", "x", f"{MOST_IN_HAND}")
    assert len(house.done) == MOST_IN_HAND + 1


def test_a_failure_of_any_kind_is_answered() -> None:
    house = House("say")
    for number, error in enumerate((AlexaLocalError("The disk is full."), ZeroDivisionError("x"))):
        house.send("say", "x", f"{number}")
        house.waiting[number].set_exception(error)
    assert [answer["error"] for _, answer in house.told] == ["The disk is full.", "It failed: x."]


def test_ids_are_remembered_up_to_a_bound() -> None:
    house = House("volume")
    for number in range(MOST_IDS + 1):
        house.send("volume", 1, f"{number}")
    house.send("volume", 2, "1")
    house.send("volume", 3, "0")
    assert house.done[-1] == 3 and 2 not in house.done


@given(st.lists(st.tuples(st.sampled_from(["volume", "say", "mute", "stop"]), st.sampled_from("abc"))))
def test_no_id_is_done_twice_whatever_comes(commands: list[tuple[str, str]]) -> None:
    house = House("volume", "say")
    begun: dict[str, int] = {}
    for name, about in commands:
        before = len(house.done)
        house.send(name, {"volume": 1, "say": "x"}.get(name, True), about)
        begun[about] = begun.get(about, 0) + len(house.done) - before
        if len(house.waiting) > 2:
            for promise in house.waiting:
                if not promise.done():
                    promise.set_result({"done": True, "reply": ""})
    assert all(count <= 1 for count in begun.values())
    assert sum(house.remote.counts.values()) + sum(not one.done() for one in house.waiting) == len(commands)
