"""What is left of a request once it was heard: all its readings, for a while, and a second look at them.

They stay in memory, are told to nobody but who asks on the control socket, and are forgotten soon.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from alexa_local.context import working_for
from alexa_local.daemon.queues import BoundedQueue
from alexa_local.daemon.revision import WINDOW_S, Revision, revision
from alexa_local.errors import LatticeError
from alexa_local.messages import Hypothesis, Lattice, Talker
from alexa_local.scheduler import Kind, Meter, Turns, Unordered

KEPT_S = 60.0
"""So long the readings of the last request can be looked at."""

MakeLattice = Callable[[], Lattice]
"""Lattices are made when somebody asks: most are never looked at."""

_LOOKS = 1
_SOURCE = "rescored"


class Acting(Protocol):
    """What `acting.Act` does with requests."""

    def heard(self, hypotheses: Sequence[Hypothesis], talker: Talker) -> Future[Mapping[str, Any]]:
        """Do a request."""

    def revise(self, revision: Revision) -> Future[Mapping[str, Any]]:
        """Read it anew."""

    def speculate(self, hypotheses: Sequence[Hypothesis], talker: Talker) -> object:
        """Prepare a request, without any trace."""

    def take_back(self) -> object:
        """Give up preparing."""


class LastLattice:
    """The readings of the last spoken request; any thread may ask for them."""

    def __init__(self, kept_s: float = KEPT_S, now_s: Callable[[], float] = time.monotonic) -> None:
        """Remember them for `kept_s`; `now_s` is the clock."""
        self._kept_s, self._now_s = kept_s, now_s
        self._last: tuple[float, MakeLattice] | None = None

    def keep(self, lattice: MakeLattice) -> None:
        """A request was heard; the one before is forgotten."""
        self._last = self._now_s(), lattice

    def forget_old(self) -> None:
        """Forget what is older than it may be; to be called now and then."""
        if self.age_s > self._kept_s:
            self._last = None

    @property
    def age_s(self) -> float:
        """Seconds since it was heard; 0 where there is none."""
        last = self._last
        return self._now_s() - last[0] if last else 0.0

    def get(self) -> Lattice:
        """The lattice.

        Raises:
            LatticeError: there was no request, or it is too long ago.
        """
        self.forget_old()
        last = self._last
        if last is None:
            raise LatticeError(
                f"No request was spoken in the last {self._kept_s:.0f} s, and older ones are forgotten. "
                "Say something, and ask again."
            )
        return last[1]()


@dataclass(frozen=True)
class _Look:
    """A request to be read anew, and the promise that nothing more comes of it."""

    request: int
    lattice: MakeLattice
    settled: Future[None]


class SecondLook:
    """The thread `rescore`: reads again what could not be done, and hands that in as a revision.

    Attributes:
        looks: requests to be read again; there is but one last request, so an older one makes room for it.
    """

    def __init__(
        self,
        rescore: Callable[[Lattice], Lattice],
        revise: Callable[[Revision], Future[Mapping[str, Any]]],
        stopping: threading.Event,
        turns: Turns | Unordered | None = None,
    ) -> None:
        self.looks: BoundedQueue[_Look] = BoundedQueue("second looks", _LOOKS)
        self._rescore, self._revise, self._stopping = rescore, revise, stopping
        self._turns = turns or Unordered(Meter())

    def after(self, promise: Future[Mapping[str, Any]], lattice: MakeLattice) -> Future[None]:
        """Look again if that request turns out not to be done; the promise is of nothing more to come."""
        settled: Future[None] = Future()

        def look_again(promise: Future[Mapping[str, Any]]) -> None:
            if promise.cancelled() or promise.exception() or promise.result()["done"]:
                settled.set_result(None)
            elif lost := self.looks.put(_Look(promise.result()["request"], lattice, settled)):
                lost.settled.cancel()

        promise.add_done_callback(look_again)
        return settled

    def run(self) -> None:
        """Work until the end begins."""
        while not self._stopping.is_set():
            look = self.looks.get()
            if look is not None:
                self._take(look)

    def stop(self) -> None:
        """Make `run` return, from any thread."""
        for look in self.looks.close():
            look.settled.cancel()

    def _take(self, look: _Look) -> None:
        try:
            with self._turns.turn("rescore", Kind.BACKGROUND, WINDOW_S):
                better = revision(look.request, self._rescore(look.lattice()), _SOURCE)
        except BaseException:  # a defect, of which the thread dies; nobody shall wait for it
            look.settled.cancel()
            raise
        with working_for(look.request):
            promise = self._revise(better)
        promise.add_done_callback(lambda _: look.settled.set_result(None))


class Look(Protocol):
    """Whoever may read a request again: `SecondLook` here, `reranking.Reranking` elsewhere."""

    def after(self, promise: Future[Mapping[str, Any]], lattice: MakeLattice) -> Future[None]:
        """Do so, if that request is one to be read again; the promise is of nothing more to come."""


class Readings:
    """Hands requests on to `act`, keeps the readings of the last one, and has further looks where wanted."""

    def __init__(self, act: Acting, last: LastLattice, looks: Sequence[Look]) -> None:
        self.speculate, self.take_back = act.speculate, act.take_back
        self._act, self._last, self._looks = act, last, looks

    def heard(
        self, hypotheses: Sequence[Hypothesis], lattice: MakeLattice, talker: Talker
    ) -> tuple[Future[Mapping[str, Any]], list[Future[None]]]:
        """Have it done; the promises of that, and of nothing more to come from each look."""
        self._last.keep(lattice)
        promise = self._act.heard(hypotheses, talker)
        return promise, [look.after(promise, lattice) for look in self._looks]
