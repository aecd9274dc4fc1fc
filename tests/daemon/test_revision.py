"""Revisions: they act where nothing was done, for a moment, once, and if they change something."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from alexa_local.daemon.acting import Act
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.readings import SecondLook
from alexa_local.daemon.revision import WINDOW_S, Revisable, Revision, revision
from alexa_local.errors import StorageError
from alexa_local.messages import Hypothesis, Interpretation, Lattice, LatticeArc, Outcome, Talker
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.rescore import Mix, rescore
from alexa_local.testing.pipeline import lattice_of

MEANINGS = {
    "lamp on": Interpretation("TurnOn", {"device": "lamp"}),
    "lump on": Interpretation("TurnOn", {"device": "lump"}),
    "cramp on": Interpretation(""),
}


class House:
    """A thread `act` whose jobs are done at once; it has a lamp and no lump."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.done: list[str] = []
        self.fails = False
        revisable = Revisable(now_s=lambda: self.now_s)
        self.act = Act(
            lambda hypotheses, talker: MEANINGS[hypotheses[0].text],
            self.perform,
            lambda outcome, talker: None,
            EventBus(),
            threading.Event(),
            revisable=revisable,
        )

    def perform(self, meaning: Interpretation, talker: Talker) -> Outcome:
        if self.fails:
            raise StorageError("The disk is full.")
        if meaning.slots.get("device") != "lamp":
            return Outcome(ok=False, reply="Sorry.")
        self.done.append(meaning.intent)
        return Outcome(ok=True)

    def work(self, promise: Any) -> dict[str, Any]:
        self.work_next()
        return dict(promise.result(0))

    def work_next(self) -> None:
        job = self.act.jobs.get(0)
        assert job is not None and job.promise.set_running_or_notify_cancel()
        self.act._do(job)

    def hear(self, text: str) -> dict[str, Any]:
        return self.work(self.act.heard([Hypothesis(text, 0.0)]))

    def revise(self, request: int, text: str) -> dict[str, Any]:
        return self.work(self.act.revise(Revision(request, (Hypothesis(text, 0.0),), "rescored")))


@pytest.mark.parametrize("first", ["cramp on", "lump on"])
def test_what_was_not_understood_or_refused_is_done_when_a_revision_makes_it_clear(first: str) -> None:
    house = House()
    request = house.hear(first)["request"]
    found = house.revise(request, "lamp on")
    assert (found["intent"], found["done"], found["request"]) == ("TurnOn", True, request)
    assert house.done == ["TurnOn"]
    assert house.revise(request, "lamp on")["refused"] == "done"
    assert house.done == ["TurnOn"]


def test_what_was_done_is_not_done_on_top_of() -> None:
    house = House()
    request = house.hear("lamp on")["request"]
    assert house.revise(request, "lump on") == {"request": request, "source": "rescored", "refused": "done"}


@pytest.mark.parametrize("again", ["lump on", "cramp on"])
def test_a_revision_that_changes_nothing_does_nothing(again: str) -> None:
    house = House()
    request = house.hear("lump on")["request"]
    assert house.revise(request, again)["refused"] == "same"


def test_a_revision_after_the_window_or_of_an_earlier_request_is_too_late() -> None:
    house = House()
    earlier, request = house.hear("cramp on")["request"], house.hear("cramp on")["request"]
    assert request == earlier + 1
    assert house.revise(earlier, "lamp on")["refused"] == "superseded"
    house.now_s += WINDOW_S + 0.1
    assert house.revise(request, "lamp on")["refused"] == "late"
    assert house.done == []


def test_nothing_can_be_revised_before_the_first_request() -> None:
    assert House().revise(0, "lamp on")["refused"] == "done"


def test_a_request_that_failed_half_way_is_not_tried_again() -> None:
    house = House()
    request = house.hear("cramp on")["request"]
    house.fails = True
    with pytest.raises(StorageError):
        house.revise(request, "lamp on")
    house.fails = False
    assert house.revise(request, "lamp on")["refused"] == "done"


class KnowsLamps:
    """A language model of one word."""

    start = ()

    def score(self, history: tuple[()], word: str) -> float:
        return 0.0 if word in ("lamp", "on", "") else -9.0

    def next(self, history: tuple[()], word: str) -> tuple[()]:
        return ()


def test_a_rescored_lattice_comes_back_as_a_revision() -> None:
    house = House()
    arcs = [LatticeArc(0, 1, word, 0.0, 0.4, acoustic) for word, acoustic in (("lamp", -2.0), ("lump", -1.0))]
    lattice = Lattice((0.0, 0.4, 0.7), (*arcs, LatticeArc(1, 2, "on", 0.4, 0.7, -0.1)))
    request = house.hear(n_best(lattice, 1)[0].text)["request"]
    assert house.done == []
    rescored = rescore(lattice, KnowsLamps(), Mix(model=1.0))
    found = house.work(house.act.revise(revision(request, rescored, "rescored")))
    assert found["done"] and house.done == ["TurnOn"]


@pytest.mark.parametrize(("takes_s", "done"), [(WINDOW_S - 0.1, ["TurnOn"]), (WINDOW_S + 0.1, [])])
def test_a_second_look_counts_only_within_the_window(takes_s: float, done: list[str]) -> None:
    house = House()

    def rescore(lattice: Lattice) -> Lattice:
        house.now_s += takes_s
        return lattice

    second = SecondLook(rescore, house.act.revise, threading.Event())
    promise = house.act.heard([Hypothesis("cramp on", 0.0)])
    settled = second.after(promise, lambda: lattice_of("lamp on"))
    house.work(promise)
    second._take(second.looks.get(0))
    house.work_next()
    assert settled.done() and house.done == done


def test_a_newer_request_takes_the_second_look_from_an_older_one() -> None:
    house = House()
    second = SecondLook(lambda lattice: lattice, house.act.revise, threading.Event())
    settled = []
    for _ in range(2):
        promise = house.act.heard([Hypothesis("cramp on", 0.0)])
        settled.append(second.after(promise, lambda: lattice_of("lamp on")))
        house.work(promise)
    assert settled[0].cancelled() and second.looks.dropped == 1
    assert second.looks.get(0).request == promise.result()["request"]
