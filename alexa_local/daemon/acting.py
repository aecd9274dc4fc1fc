"""The thread that does what was asked, one thing after the other, whether it was spoken or typed."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from alexa_local.daemon.events import EventBus
from alexa_local.daemon.queues import BoundedQueue
from alexa_local.daemon.revision import Revisable, Revision
from alexa_local.errors import AlexaLocalError
from alexa_local.messages import TYPED, Hypothesis, Interpretation, Outcome, Talker
from alexa_local.scheduler import Kind, Meter, Turns, Unordered

_log = logging.getLogger(__name__)

_JOBS = 16
_UNDERSTOOD_WITHIN_S = 0.2
_APOLOGY = "Sorry, that did not work."


@dataclass(frozen=True)
class _Job:
    """Something to do in the thread `act`, and the promise of its result to whoever asked."""

    work: Callable[[], Any]
    promise: Future[Any]
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    """The asker's, which says for which request it is."""


@dataclass(frozen=True)
class _Prepared:
    """What was found out about a request before its speaker had surely finished.

    Attributes:
        texts: the readings, best first.
        person: who spoke, as `Talker` has it.
        meaning: what they mean.
    """

    texts: tuple[str, ...]
    person: str | None
    meaning: Interpretation


class Act:
    """The thread `act`: understands, performs and answers.

    Of a speculative request it does only what leaves no trace: it is understood, rehearsed, and its reply is
    made ready. Whatever changes the world is done in `heard`, once, after the final decision; so there is
    nothing to undo. What was understood is used again if the readings are the same; a reply that was made
    ready is used if it is the one that comes.

    Attributes:
        jobs: what waits to be done; when too much waits, the oldest is dropped and counted.
    """

    def __init__(
        self,
        interpret: Callable[[Sequence[Hypothesis], Talker], Interpretation],
        perform: Callable[[Interpretation, Talker], Outcome],
        answer: Callable[[Outcome, Talker], None],
        bus: EventBus,
        stopping: threading.Event,
        rehearse: Callable[[Interpretation, Talker], Outcome | None] = lambda meaning, talker: None,
        make_ready: Callable[[Outcome, Talker], None] = lambda outcome, talker: None,
        revisable: Revisable | None = None,
        turns: Turns | Unordered | None = None,
    ) -> None:
        self.jobs: BoundedQueue[_Job] = BoundedQueue("jobs", _JOBS)
        self._interpret = interpret
        self._turns = turns or Unordered(Meter())
        self._perform = perform
        self._answer = answer
        self._bus = bus
        self._stopping = stopping
        self._rehearse = rehearse
        self._make_ready = make_ready
        self._revisable = revisable or Revisable()
        self._talker = TYPED
        self._wanted: object = None
        self._prepared: _Prepared | None = None

    def run(self) -> None:
        """Work until the end begins."""
        while not self._stopping.is_set():
            job = self.jobs.get()
            if job is not None and job.promise.set_running_or_notify_cancel():
                job.context.run(self._do, job)

    def stop(self) -> None:
        """Make `run` return, from any thread, and cancel what was not begun."""
        for job in self.jobs.close():
            job.promise.cancel()

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Have `work` done in this thread, after what waits already."""

        def forget_and_work() -> Any:
            self._prepared = None  # it may change what words mean
            return work()

        return self._enqueue(forget_and_work)

    def heard(self, hypotheses: Sequence[Hypothesis], talker: Talker = TYPED) -> Future[Mapping[str, Any]]:
        """Have a request done; the promise is of what was understood and done, ready for JSON."""
        self._wanted = None  # what was not begun to be prepared by now would only be in the way
        return self._enqueue(lambda: self._request(hypotheses, talker))

    def revise(self, revision: Revision) -> Future[Mapping[str, Any]]:
        """Have a request read anew; what was understood and done if that changes something, else why not."""
        return self._enqueue(lambda: self._revise(revision))

    def speculate(self, hypotheses: Sequence[Hypothesis], talker: Talker = TYPED) -> Future[None]:
        """Prepare a request that may still be taken back."""
        token = self._wanted = object()
        return self._enqueue(lambda: self._prepare(token, hypotheses, talker))

    def take_back(self) -> None:
        """Give up preparing: the speaker went on."""
        self._wanted = None

    def _enqueue(self, work: Callable[[], Any]) -> Future[Any]:
        job = _Job(work, Future())
        lost = self.jobs.put(job)
        if lost:
            lost.promise.cancel()
        return job.promise

    def _do(self, job: _Job) -> None:
        try:
            result = job.work()
        except AlexaLocalError as error:  # such as a full disk: said, and the next request may go well
            _log.error("%s", error)
            self._bus.publish("pipeline_error", {"error": str(error), "code": error.exit_code})
            job.promise.set_exception(error)
        except BaseException as error:  # a defect: the asker hears of it, and the thread dies of it
            job.promise.set_exception(
                AlexaLocalError(f"The daemon failed at it ({error!r}). Look at its log.")
            )
            raise
        else:
            job.promise.set_result(result)

    def _prepare(self, token: object, hypotheses: Sequence[Hypothesis], talker: Talker) -> None:
        """Understand and rehearse, unless it was taken back meanwhile; nothing of it is to be noticed."""
        if token is not self._wanted:
            return
        began_s = time.perf_counter()
        meaning = self._understood(hypotheses, talker)
        outcome = self._rehearse(meaning, talker) if meaning.intent else None
        if outcome is not None and token is self._wanted:
            self._make_ready(outcome, talker)
        seconds = time.perf_counter() - began_s
        self._prepared = _Prepared(_texts(hypotheses), talker.person, meaning)
        self._bus.publish("prepared", {"intent": meaning.intent, "seconds": round(seconds, 4)})

    def _request(self, hypotheses: Sequence[Hypothesis], talker: Talker) -> Mapping[str, Any]:
        self._bus.publish("thinking")
        began_s = time.perf_counter()
        prepared, self._prepared = self._prepared, None
        wanted = (_texts(hypotheses), talker.person)
        is_prepared = prepared is not None and (prepared.texts, prepared.person) == wanted
        meaning = prepared.meaning if prepared and is_prepared else self._understood(hypotheses, talker)
        self._revisable.begin()
        self._talker = talker
        return self._act_on(meaning, {"seconds": _since(began_s), "prepared": is_prepared})

    def _revise(self, revision: Revision) -> Mapping[str, Any]:
        refused = self._revisable.objection(revision)
        meaning = Interpretation("") if refused else self._understood(revision.hypotheses, self._talker)
        if not refused and not self._revisable.is_changed_by(meaning):
            refused = "same"
        told = {"request": revision.request, "source": revision.source, "refused": refused}
        self._bus.publish("revision", told)
        if refused:
            return told
        self._prepared = None
        self._bus.publish("reset", {"reason": "revised", "request": revision.request})
        return self._act_on(meaning, {"revised_by": revision.source})

    def _understood(self, hypotheses: Sequence[Hypothesis], talker: Talker) -> Interpretation:
        with self._turns.turn("understand", Kind.INTERACTIVE, _UNDERSTOOD_WITHIN_S):
            return self._interpret(hypotheses, talker)

    def _act_on(self, meaning: Interpretation, details: Mapping[str, Any]) -> Mapping[str, Any]:
        understood_s = time.perf_counter()
        intent = {
            "intent": meaning.intent,
            "slots": dict(meaning.slots),
            "confidence": round(meaning.confidence, 3),
            "request": self._revisable.number,
        }
        self._bus.publish("intent", {**intent, "text": meaning.text, **details})
        self._revisable.settle()
        try:
            outcome = self._perform(meaning, self._talker)
        except AlexaLocalError:
            self._answer(Outcome(ok=False, reply=_APOLOGY, earcon="error"), self._talker)
            raise
        self._revisable.answered(meaning, outcome)
        action = {"done": outcome.ok, "reply": outcome.reply, "action": dict(outcome.action)}
        if outcome.asks:
            action["asks"] = outcome.asks
        self._bus.publish("action", {**action, "seconds": _since(understood_s)})
        self._answer(outcome, self._talker)
        self._bus.publish("idle")
        return {**intent, "text": meaning.text, **action}


def _since(began_s: float) -> float:
    return round(time.perf_counter() - began_s, 4)


def _texts(hypotheses: Sequence[Hypothesis]) -> tuple[str, ...]:
    return tuple(one.text for one in hypotheses)
