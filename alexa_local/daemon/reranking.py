"""Has requests read again by a server of the owner's, and hands in what comes of it as revisions.

Which requests those are the setting `mqtt.rerank` says. A result counts only within the window in which
a revision is wanted, and changes something only where nothing was done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Literal

from alexa_local.context import working_for
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.readings import MakeLattice
from alexa_local.daemon.revision import Revision
from alexa_local.mqtt import Result
from alexa_local.recognise.lattice_wire import WIRE_BYTES, to_bytes_within

UNSURE = 0.8
"""A request of less confidence is unclear, even if it was done."""

_SOURCE = "cloud"


class Reranking:
    """Sends requests' lattices; what it is told of a request comes from any thread.

    Attributes:
        outcomes: how many results there were by what came of them: "acted", or why nothing was done, by the
            names of `Revisable.objection`, and "same".
    """

    def __init__(
        self,
        which: Literal["unclear", "all"],
        put: Callable[[Callable[[], bytes]], Future[Result]],
        revise: Callable[[Revision], Future[Mapping[str, Any]]],
        bus: EventBus,
    ) -> None:
        self.outcomes: Counter[str] = Counter()
        self._which, self._put, self._revise, self._bus = which, put, revise, bus

    def after(self, promise: Future[Mapping[str, Any]], lattice: MakeLattice) -> Future[None]:
        """Have that request read again, if it is one of those; the promise is of nothing more to come."""
        settled: Future[None] = Future()

        def decide(promise: Future[Mapping[str, Any]]) -> None:
            if promise.cancelled() or promise.exception() or not self._is_wanted(promise.result()):
                settled.set_result(None)
                return
            number = int(promise.result()["request"])
            answer = self._put(lambda: to_bytes_within(lattice(), WIRE_BYTES))
            self._bus.publish("rerank", {"request": number})
            answer.add_done_callback(lambda answer: self._take(number, answer, settled))

        promise.add_done_callback(decide)
        return settled

    def _is_wanted(self, done: Mapping[str, Any]) -> bool:
        return self._which == "all" or not done["done"] or done["confidence"] < UNSURE

    def _take(self, number: int, answer: Future[Result], settled: Future[None]) -> None:
        if answer.cancelled():
            settled.set_result(None)
            return

        def count(promise: Future[Mapping[str, Any]]) -> None:
            failed = promise.cancelled() or promise.exception()
            self.outcomes["failed" if failed else promise.result().get("refused") or "acted"] += 1
            settled.set_result(None)

        with working_for(number):
            self._revise(Revision(number, answer.result().hypotheses, _SOURCE)).add_done_callback(count)
