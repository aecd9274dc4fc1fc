"""The readings of the last request: kept for a minute, and read again where nothing could be done."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from alexa_local.daemon.client import RefusedByDaemon
from alexa_local.daemon.readings import KEPT_S, LastLattice
from alexa_local.errors import LatticeError, ThreadDied
from alexa_local.messages import Lattice
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.lattice_files import from_json
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.pipeline import lattice_of
from alexa_local.testing.spoken_microphone import SpokenMicrophone

LOUD, QUIET = np.full(8000, 9000, np.int16), np.zeros(8000, np.int16)


@pytest.fixture
def said(start) -> Callable:
    """Starts a daemon that heard something, with this second look."""

    def said(text: str, rescore: Callable[[Lattice], Lattice] | None = None, times: int = 1):
        microphone = SpokenMicrophone((LOUD, QUIET))
        daemon = start(FakeHome([text] * times, rescore), open_source=lambda _: microphone)
        for _ in range(times):
            microphone.speak()
        return daemon

    return said


def test_what_was_not_understood_is_read_anew_and_done(said) -> None:
    daemon = said("mumble", lambda _: lattice_of("light"))
    first = daemon.event("intent")
    assert (first["intent"], first["text"]) == ("", "mumble")
    assert daemon.event("revision") == {"request": first["request"], "source": "rescored", "refused": ""}
    assert daemon.event("reset") == {"reason": "revised", "request": first["request"]}
    again = daemon.event("intent")
    assert (again["intent"], again["revised_by"]) == ("TurnOn", "rescored")
    assert daemon.event("action")["done"]
    assert daemon.home.heard == ["mumble", "light"]


def test_what_was_done_costs_no_second_look(said) -> None:
    looked: list[Lattice] = []
    daemon = said("light", lambda lattice: looked.append(lattice) or lattice, times=2)
    for _ in range(2):
        daemon.event("idle")
    assert looked == []


def test_a_second_look_that_finds_the_same_changes_nothing(said) -> None:
    daemon = said("mumble", lambda lattice: lattice)
    assert daemon.event("revision")["refused"] == "same"
    assert len(daemon.home.answered) == 1


def test_a_second_look_that_fails_ends_the_process(said) -> None:
    daemon = said("mumble", lambda _: 1 / 0)
    daemon.join()
    assert isinstance(daemon.error, ThreadDied) and "rescore" in str(daemon.error)


def test_a_file_waits_for_its_second_look(start) -> None:
    class File:
        def __iter__(self) -> Iterator[np.ndarray]:
            return iter([LOUD, QUIET])

        def close(self) -> None:
            """Nothing is open."""

    daemon = start(
        FakeHome(["mumble"], lambda _: lattice_of("light")), open_source=lambda _: File(), finite=True
    )
    daemon.join()
    assert daemon.code == 0 and daemon.home.heard == ["mumble", "light"]


def test_without_a_model_there_is_no_such_thread(start) -> None:
    assert "rescore" not in start().ask("status")["threads"]


def test_status_tells_of_the_thread_and_its_queue(said) -> None:
    status = said("light", lambda lattice: lattice).ask("status")
    assert status["threads"]["rescore"] and status["queues"]["second looks"] == {"waiting": 0, "size": 1}


def test_the_last_request_can_be_looked_at(said) -> None:
    daemon = said("turn on the light")
    daemon.event("action")
    answer = daemon.ask("lattice")
    assert n_best(from_json(answer["lattice"]), 1)[0].text == "turn on the light"
    assert 0 <= answer["age_s"] < KEPT_S


def test_before_the_first_request_there_is_nothing_to_look_at(start) -> None:
    with pytest.raises(RefusedByDaemon, match="No request was spoken") as caught:
        start().ask("lattice")
    assert caught.value.exit_code == LatticeError.exit_code


def test_readings_are_forgotten_after_their_time_and_made_only_on_demand() -> None:
    now_s, made = [5.0], []
    last = LastLattice(now_s=lambda: now_s[0])
    last.keep(lambda: made.append("x") or lattice_of("one"))
    now_s[0] += KEPT_S
    last.forget_old()
    assert made == []
    assert last.get() == lattice_of("one") and last.age_s == KEPT_S
    now_s[0] += 0.1
    last.forget_old()
    assert last._last is None
    with pytest.raises(LatticeError, match="last 60 s"):
        last.get()


def test_a_new_request_takes_the_place_of_the_one_before() -> None:
    last = LastLattice()
    for text in ("one", "two"):
        last.keep(functools.partial(lattice_of, text))
    assert last.get() == lattice_of("two")
