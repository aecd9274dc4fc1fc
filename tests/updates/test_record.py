"""The course of an update as a table: every phase and everything that can happen in it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.models.slots import Choice, Held
from alexa_local.updates.record import (
    MOST_DEATHS,
    MOST_TRIES,
    Applied,
    Ended,
    Failed,
    Fetched,
    GoneBack,
    Happening,
    Hindered,
    Offered,
    Passed,
    Phase,
    Pinned,
    Record,
    Refused,
    Served,
    Spoiled,
    Started,
    Target,
    step,
)

PHASES: tuple[Phase, ...] = get_args(Phase)
TARGET = Target(3, "digest-3", "package-3", "shipped", "b")
WHOLE = replace(TARGET, package="whole-3", base="")
OLD = Choice("a", "shipped", {"a": Held(2, "manifest-2")})
NEW = Choice("b", "a", {"a": Held(2, "manifest-2"), "b": Held(3, "manifest-3")})

IDLE = Record(OLD, highest=2, digest="digest-2", outcome="committed")
FETCHING = replace(IDLE, phase="fetching", target=TARGET, digest="digest-3")
APPLYING = replace(FETCHING, phase="applying", highest=3)
TESTING = replace(APPLYING, phase="testing", choice=replace(NEW, active="a", before="shipped"))
TRIAL = replace(APPLYING, phase="trial", choice=NEW)
RECORDS = {record.phase: record for record in (IDLE, FETCHING, APPLYING, TESTING, TRIAL)}

GIVEN_UP = replace(IDLE, digest="digest-3", outcome="refused", why="bad")
GIVEN_UP_LATER = replace(GIVEN_UP, highest=3)
GONE_BACK = replace(GIVEN_UP_LATER, outcome="rolled back")
HAPPENINGS: tuple[Happening, ...] = (
    Offered(TARGET),
    Refused("bad"),
    Fetched(),
    Spoiled("bad", WHOLE),
    Hindered("full"),
    Applied("manifest-3"),
    Passed(),
    Failed("bad"),
    Started(),
    Ended(),
    Served(),
    GoneBack(),
    Pinned(True),
)
STEPS: dict[tuple[Phase, type], Record] = {
    ("idle", Offered): replace(FETCHING, outcome="committed"),
    ("idle", Refused): replace(IDLE, refusal="bad"),
    ("idle", GoneBack): replace(
        IDLE, choice=Choice(), outcome="rolled back", why="the owner went back to the one before it"
    ),
    ("fetching", Offered): FETCHING,
    ("fetching", Refused): replace(FETCHING, refusal="bad"),
    ("fetching", Fetched): APPLYING,
    ("fetching", Spoiled): replace(FETCHING, target=WHOLE, tries=1, why="bad"),
    ("fetching", Hindered): replace(FETCHING, why="full"),
    ("fetching", Failed): GIVEN_UP,
    ("fetching", GoneBack): replace(GIVEN_UP, why="the owner gave it up"),
    ("applying", Spoiled): replace(FETCHING, target=WHOLE, highest=3, tries=1, why="bad"),
    ("applying", Hindered): replace(APPLYING, why="full"),
    ("applying", Applied): TESTING,
    ("applying", Failed): GIVEN_UP_LATER,
    ("applying", GoneBack): replace(GIVEN_UP_LATER, why="the owner gave it up"),
    ("testing", Hindered): replace(TESTING, why="full"),
    ("testing", Passed): TRIAL,
    ("testing", Failed): GIVEN_UP_LATER,
    ("testing", GoneBack): replace(GIVEN_UP_LATER, why="the owner gave it up"),
    ("trial", Failed): GONE_BACK,
    ("trial", Started): replace(TRIAL, deaths=1),
    ("trial", GoneBack): replace(GONE_BACK, why="the owner went back to the one before it"),
    **{(phase, Pinned): replace(record, pinned=True) for phase, record in RECORDS.items()},
}


@pytest.mark.parametrize(("phase", "happening"), list(itertools.product(PHASES, HAPPENINGS)))
def test_each_happening_leads_where_the_table_says_and_else_nowhere(
    phase: Phase, happening: Happening
) -> None:
    assert step(RECORDS[phase], happening) == STEPS.get((phase, type(happening)), RECORDS[phase])


def test_a_generation_on_trial_that_served_is_committed() -> None:
    served = step(step(TRIAL, Started()), Served())
    assert served == replace(IDLE, choice=NEW, highest=3, digest="digest-3")


def test_whoever_was_started_before_the_trial_proves_nothing() -> None:
    assert step(TRIAL, Served()) == TRIAL


def test_two_deaths_on_trial_lead_back_at_the_third_start() -> None:
    record = TRIAL
    for _ in range(MOST_DEATHS):
        record = step(record, Started())
        assert record.choice.active == "b"
    record = step(record, Started())
    assert (record.choice, record.phase, record.outcome) == (OLD, "idle", "rolled back")
    assert "died 2 times" in record.why and record.highest == 3


def test_proper_ends_are_no_deaths() -> None:
    record = TRIAL
    for _ in range(10):
        record = step(step(record, Started()), Ended())
    assert record == TRIAL


def test_a_package_is_tried_a_few_times_and_then_given_up() -> None:
    record = FETCHING
    for _ in range(MOST_TRIES - 1):
        record = step(record, Spoiled("forged", WHOLE))
        assert record.phase == "fetching"
    record = step(record, Spoiled("forged", WHOLE))
    assert record == replace(GIVEN_UP, why="forged")


def test_the_slot_that_is_written_to_next_is_none_that_is_used() -> None:
    assert Record().free_slot() == "a"
    assert Record(OLD).free_slot() == "b"
    assert Record(NEW).free_slot() == "a"
    assert Record(Choice("shipped", "a", OLD.held)).free_slot() == "b"


def test_nothing_is_to_be_gone_back_from_what_came_with_the_program() -> None:
    assert step(Record(), GoneBack()) == Record()


@pytest.mark.parametrize("record", [Record(), *RECORDS.values()])
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    assert Record.from_bytes(record.to_bytes()) == record


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", TRIAL.to_bytes().replace(b'"b"', b'"c"'), IDLE.to_bytes()[:-20]]
)
def test_a_damaged_record_is_none(data: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        Record.from_bytes(data)


@given(st.lists(st.sampled_from(HAPPENINGS), max_size=40))
def test_whatever_happens_the_next_start_has_a_whole_generation(happenings: list[Happening]) -> None:
    record = Record(OLD, highest=2, digest="digest-2")
    for happening in happenings:
        if isinstance(happening, Offered):  # as whoever judges offers would make it
            happening = Offered(replace(TARGET, version=record.highest + 1, slot=record.free_slot()))
        elif isinstance(happening, Spoiled) and record.target:
            happening = replace(happening, then=replace(record.target, base=""))
        after = step(record, happening)
        choice = after.choice
        assert choice.active == "shipped" or choice.active in choice.held
        assert choice.before == "shipped" or choice.before in choice.held
        assert after.highest >= record.highest
        if after.target and after.phase in ("fetching", "applying", "testing"):
            assert after.target.slot != choice.active
        if after.phase == "applying" and after.target:
            assert after.target.slot not in choice.held
        if (after.phase == "trial") != (record.phase == "trial") and after.phase == "trial":
            assert after.choice.before == record.choice.active  # what worked is gone back to
        record = Record.from_bytes(after.to_bytes())
        assert record == after
