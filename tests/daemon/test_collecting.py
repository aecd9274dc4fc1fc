"""The collector of garbage: what is put aside, when the rest is looked at, and that nobody is held up."""

import gc
import weakref

import pytest

from alexa_local.daemon import collecting


class Knot:
    """Something that refers to itself, and so goes only when it is collected."""

    def __init__(self):
        self.itself = self


@pytest.fixture
def begun():
    before = gc.get_threshold()
    end = collecting.begin()
    yield
    end()
    assert gc.get_threshold() == before and gc.get_freeze_count() == 0


def make_rounds(count):
    """Have so many rounds of the young objects go by."""
    for _ in range(count):
        gc.collect(1)


def test_what_is_there_at_the_start_is_put_aside(begun):
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < gc.get_freeze_count() / 10


def test_in_a_quiet_moment_what_is_old_is_looked_at_where_enough_came(begun):
    knot = Knot()
    watched = weakref.ref(knot)
    make_rounds(3)
    del knot
    collecting.rest()
    assert watched() is not None
    make_rounds(20)
    collecting.rest()
    assert watched() is None and gc.get_count()[2] == 0


def test_where_it_is_never_quiet_there_is_a_round_all_the_same(begun):
    assert 0 < gc.get_threshold()[2] < 10_000
