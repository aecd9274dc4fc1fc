"""The thread that does what was asked, one thing after the other, whether it was spoken or typed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from alexa_local.daemon.events import EventBus
from alexa_local.daemon.queues import BoundedQueue
from alexa_local.errors import AlexaLocalError
from alexa_local.messages import Hypothesis, Interpretation, Outcome

_log = logging.getLogger(__name__)

_JOBS = 16
_APOLOGY = "Sorry, that did not work."


@dataclass(frozen=True)
class _Job:
    """Something to do in the thread `act`, and the promise of its result to whoever asked."""

    work: Callable[[], Any]
    promise: Future[Any]


class Act:
    """The thread `act`: understands, performs and answers.

    Attributes:
        jobs: what waits to be done; when too much waits, the oldest is dropped and counted.
    """

    def __init__(
        self,
        interpret: Callable[[Sequence[Hypothesis]], Interpretation],
        perform: Callable[[Interpretation], Outcome],
        answer: Callable[[Outcome], None],
        bus: EventBus,
        stopping: threading.Event,
    ) -> None:
        self.jobs: BoundedQueue[_Job] = BoundedQueue("jobs", _JOBS)
        self._interpret = interpret
        self._perform = perform
        self._answer = answer
        self._bus = bus
        self._stopping = stopping

    def run(self) -> None:
        """Work until the end begins."""
        while not self._stopping.is_set():
            job = self.jobs.get()
            if job is not None and job.promise.set_running_or_notify_cancel():
                self._do(job)

    def stop(self) -> None:
        """Make `run` return, from any thread, and cancel what was not begun."""
        for job in self.jobs.close():
            job.promise.cancel()

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Have `work` done in this thread, after what waits already."""
        job = _Job(work, Future())
        lost = self.jobs.put(job)
        if lost:
            lost.promise.cancel()
        return job.promise

    def heard(self, hypotheses: Sequence[Hypothesis]) -> Future[Mapping[str, Any]]:
        """Have a request done; the promise is of what was understood and done, ready for JSON."""
        return self.submit(lambda: self._request(hypotheses))

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

    def _request(self, hypotheses: Sequence[Hypothesis]) -> Mapping[str, Any]:
        self._bus.publish("thinking")
        began_s = time.perf_counter()
        meaning = self._interpret(hypotheses)
        understood_s = time.perf_counter()
        intent = {
            "intent": meaning.intent,
            "slots": dict(meaning.slots),
            "confidence": round(meaning.confidence, 3),
        }
        self._bus.publish(
            "intent", {**intent, "text": meaning.text, "seconds": round(understood_s - began_s, 4)}
        )
        try:
            outcome = self._perform(meaning)
        except AlexaLocalError:
            self._answer(Outcome(ok=False, reply=_APOLOGY, earcon="error"))
            raise
        done_s = time.perf_counter()
        action = {"done": outcome.ok, "reply": outcome.reply, "action": dict(outcome.action)}
        self._bus.publish("action", {**action, "seconds": round(done_s - understood_s, 4)})
        self._answer(outcome)
        self._bus.publish("idle")
        return {**intent, "text": meaning.text, **action}
