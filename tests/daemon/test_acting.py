"""What is foreseen never shows: in the end the world is as if only the final requests had come."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from house import House
from hypothesis import given, settings
from hypothesis import strategies as st

from alexa_local.config import CommandSettings, ContactsSettings
from alexa_local.daemon.acting import Act
from alexa_local.daemon.events import EventBus
from alexa_local.errors import StorageError
from alexa_local.messages import Hypothesis, Interpretation, Outcome, Talker

MEANINGS = {
    "set a timer": Interpretation("SetTimer", {"duration": 60}),
    "set a timer for ten minutes": Interpretation("SetTimer", {"duration": 600}),
    "cancel my timers": Interpretation("CancelAllTimers"),
    "add milk": Interpretation("AddToList", {"items": ["milk"]}),
    "clear the list": Interpretation("ClearList"),
    "call ann": Interpretation("CallContact", {"contact": "Ann Jones"}),
    "lamp on": Interpretation("TurnOn", {"device": "reading lamp"}),
    "louder": Interpretation("VolumeUp"),
    "play": Interpretation("PlayMusic"),
    "local only": Interpretation("LocalOnlyOn"),
    "mumble": Interpretation(""),
}
CALLING = ContactsSettings(call=CommandSettings(topic="phone/call", payload="{number}"))


class Rig:
    """A house behind the thread `act`, whose jobs this thread does one after the other."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.house = House(folder, CALLING)
        self.house.services.contacts.import_bytes(b"name,phone\nAnn Jones,+44 20 1111\n")
        self.interpreted: list[str] = []
        self.ready: list[str] = []
        self.answered: list[str] = []
        self.act = Act(
            self.interpret,
            self.house.actor.perform,
            lambda outcome, talker: self.answered.append(outcome.reply),
            EventBus(),
            threading.Event(),
            self.house.actor.rehearse,
            lambda outcome, talker: self.ready.append(outcome.reply),
        )

    def interpret(self, hypotheses: Sequence[Hypothesis], talker: Talker) -> Interpretation:
        self.interpreted.append(hypotheses[0].text)
        return MEANINGS[hypotheses[0].text]

    def work(self) -> None:
        """Do what waits."""
        while len(self.act.jobs):
            job = self.act.jobs.get(0)
            if job is not None and job.promise.set_running_or_notify_cancel():
                self.act._do(job)

    def world(self) -> object:
        house = self.house
        tables = house.store.read("SELECT name FROM sqlite_master WHERE type = 'table'")
        rows = {
            table: [tuple(row) for row in house.store.read(f"SELECT * FROM {table}")] for (table,) in tables
        }
        return (
            rows,
            dict(vars(house.player)),
            house.publisher.sent,
            house.services.local_only.on,
            self.answered,
        )


def said(text: str) -> list[Hypothesis]:
    return [Hypothesis(text, -1.0)]


STEPS = st.lists(
    st.tuples(st.sampled_from(["speculate", "reset", "final", "work"]), st.sampled_from(sorted(MEANINGS))),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_any_interleaving_ends_as_if_only_the_final_requests_had_come(tmp_path_factory, steps) -> None:
    folder = tmp_path_factory.mktemp("worlds")
    with_all, with_finals = Rig(folder / "a"), Rig(folder / "b")
    for kind, text in steps:
        if kind == "speculate":
            with_all.act.speculate(said(text))
        elif kind == "reset":
            with_all.act.take_back()
        elif kind == "final":
            with_all.act.heard(said(text))
            with_finals.act.heard(said(text))
        else:
            with_all.work()
    with_all.work()
    with_finals.work()
    assert with_all.world() == with_finals.world()
    for rig in (with_all, with_finals):
        rig.house.store.close()


@pytest.fixture
def rig(tmp_path: Path):
    one = Rig(tmp_path / "house")
    yield one
    one.house.store.close()


def test_what_was_foreseen_is_understood_once_and_its_reply_is_ready(rig: Rig) -> None:
    rig.act.speculate(said("add milk"))
    rig.work()
    assert rig.ready and not rig.answered
    rig.act.heard(said("add milk"))
    rig.work()
    assert rig.interpreted == ["add milk"]
    assert rig.answered == rig.ready


def test_other_words_at_the_end_are_understood_anew(rig: Rig) -> None:
    rig.act.speculate(said("set a timer"))
    rig.work()
    rig.act.take_back()
    promise = rig.act.heard(said("set a timer for ten minutes"))
    rig.work()
    assert promise.result()["slots"] == {"duration": 600}
    assert [timer.duration_s for timer in rig.house.services.timers.all()] == [600]


def test_what_was_taken_back_before_it_began_is_not_prepared(rig: Rig) -> None:
    rig.act.speculate(said("add milk"))
    rig.act.take_back()
    rig.work()
    assert rig.interpreted == []


def test_a_preparation_that_comes_late_does_not_hold_up_the_request(rig: Rig) -> None:
    rig.act.speculate(said("add milk"))
    rig.act.heard(said("add milk"))
    rig.work()
    assert rig.interpreted == ["add milk"] and rig.ready == []


def test_anything_else_in_between_makes_a_preparation_stale(rig: Rig) -> None:
    rig.act.speculate(said("add milk"))
    rig.work()
    rig.act.submit(lambda: None)
    rig.act.heard(said("add milk"))
    rig.work()
    assert rig.interpreted == ["add milk", "add milk"]


def test_a_failing_disk_is_told_at_the_final_decision_only(rig: Rig, monkeypatch) -> None:
    def full(*_: object) -> Outcome:
        raise StorageError("The disk is full. Delete something.")

    monkeypatch.setattr(rig.house.services.lists, "add", full)
    events = rig.act._bus.subscribe()
    rig.act.speculate(said("add milk"))
    rig.work()
    assert [event.name for event in events.queue.drain(9)] == ["prepared"]
    assert rig.ready == []
    rig.act.heard(said("add milk"))
    rig.work()
    assert "disk" in rig.answered[0]
