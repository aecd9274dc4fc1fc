"""Requests that are read again elsewhere: which they are, and what a result may do."""

from __future__ import annotations

import functools
import queue
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from alexa_local.config import MqttSettings
from alexa_local.daemon import acting
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.reranking import UNSURE, Reranking
from alexa_local.daemon.revision import Revisable, Revision
from alexa_local.mqtt import Result
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.lattice_wire import from_bytes
from alexa_local.testing.parts import FakeHome
from alexa_local.testing.pipeline import lattice_of
from alexa_local.testing.spoken_microphone import SpokenMicrophone
from alexa_local.testing.worker import reading

LOUD, QUIET = np.full(8000, 9000, np.int16), np.zeros(8000, np.int16)


class Elsewhere:
    """Takes what is posted, for the test to answer."""

    def __init__(self) -> None:
        self._posted: queue.Queue[tuple[bytes, Future[Result]]] = queue.Queue()

    def post(self, make: Callable[[], bytes]) -> Future[Result]:
        promise: Future[Result] = Future()
        self._posted.put((make(), promise))
        return promise

    def next(self) -> tuple[str, Future[Result]]:
        payload, promise = self._posted.get(timeout=120)
        return n_best(from_bytes(payload), 1)[0].text, promise


@pytest.fixture
def hearing(start, monkeypatch):
    """Starts a daemon that hears these texts, with a server elsewhere."""

    def hearing(*texts: str, rerank: str = "unclear"):
        elsewhere = Elsewhere()
        settings = {"mqtt": MqttSettings(host="broker", rerank=rerank)}  # type: ignore[arg-type]
        home = FakeHome(texts, post=elsewhere.post)
        monkeypatch.setattr(acting, "Revisable", functools.partial(Revisable, window_s=600.0))
        microphone = SpokenMicrophone((LOUD, QUIET))
        daemon = start(home, open_source=lambda _: microphone, settings=settings)
        for _ in texts:
            microphone.speak()
        return daemon, elsewhere

    return hearing


def test_a_result_in_time_is_acted_on_once(hearing) -> None:
    daemon, elsewhere = hearing("mumble")
    text, promise = elsewhere.next()
    assert text == "mumble"
    promise.set_result(reading("light"))
    told = daemon.event("revision")
    assert (told["source"], told["refused"]) == ("cloud", "")
    assert daemon.event("reset") == {"reason": "revised", "request": told["request"]}
    assert daemon.event("intent")["revised_by"] == "cloud"
    assert daemon.event("action")["done"]
    assert daemon.home.heard == ["mumble", "light"]


def test_what_was_done_is_only_sent_when_all_is(hearing) -> None:
    elsewhere = hearing("light", "mumble")[1]
    assert elsewhere.next()[0] == "mumble"


def test_all_requests_are_sent_when_all_shall_be_and_what_was_done_is_not_done_again(hearing) -> None:
    daemon, elsewhere = hearing("light", rerank="all")
    text, promise = elsewhere.next()
    promise.set_result(reading("light off"))
    assert text == "light" and daemon.event("revision")["refused"] == "done"
    assert len(daemon.home.answered) == 1
    daemon.ask("status")
    assert daemon.ask("outbox")["outcomes"] == {"done": 1}


def test_the_same_reading_changes_nothing(hearing) -> None:
    daemon, elsewhere = hearing("mumble")
    elsewhere.next()[1].set_result(reading("mumble"))
    assert daemon.event("revision")["refused"] == "same"
    assert len(daemon.home.answered) == 1


def test_a_result_that_never_comes_changes_nothing(hearing) -> None:
    daemon, elsewhere = hearing("mumble", "light")
    elsewhere.next()[1].cancel()
    assert not daemon.event("action")["done"]
    assert daemon.event("action")["done"]


def test_off_is_off(hearing) -> None:
    daemon, elsewhere = hearing("mumble", rerank="off")
    daemon.event("action")
    daemon.ask("status")
    assert elsewhere._posted.empty()


class Revise:
    """Takes revisions, and says what the test wants."""

    def __init__(self) -> None:
        self.revisions: list[Revision] = []
        self.promise: Future[Mapping[str, Any]] = Future()

    def __call__(self, revision: Revision) -> Future[Mapping[str, Any]]:
        self.revisions.append(revision)
        return self.promise


@pytest.mark.parametrize(
    ("which", "done", "confidence", "sent"),
    [
        ("unclear", True, 1.0, False),
        ("unclear", True, UNSURE - 0.01, True),
        ("unclear", False, 1.0, True),
        ("unclear", False, 0.0, True),
        ("all", True, 1.0, True),
    ],
)
def test_which_requests_are_sent(which: Any, done: bool, confidence: float, sent: bool) -> None:
    elsewhere, revise = Elsewhere(), Revise()
    reranking = Reranking(which, elsewhere.post, revise, EventBus())
    promise: Future[Mapping[str, Any]] = Future()
    settled = reranking.after(promise, lambda: lattice_of("mumble"))
    promise.set_result({"request": 7, "done": done, "confidence": confidence})
    assert settled.done() is not sent
    if sent:
        elsewhere.next()[1].set_result(reading("light"))
        assert (revise.revisions[0].request, revise.revisions[0].source) == (7, "cloud")
        assert not settled.done()
        revise.promise.set_result({"refused": "late"})
        assert settled.done() and reranking.outcomes == {"late": 1}


def test_what_failed_is_not_read_again() -> None:
    elsewhere = Elsewhere()
    reranking = Reranking("all", elsewhere.post, Revise(), EventBus())
    promise: Future[Mapping[str, Any]] = Future()
    settled = reranking.after(promise, lambda: lattice_of("mumble"))
    promise.set_exception(RuntimeError("the disk is full"))
    assert settled.done() and elsewhere._posted.empty()
