"""The thread `updates`: newer models, fetched slowly while nobody wants anything, tried, and put to use.

It never does anything while somebody speaks or is answered; what is hard is done by a process of the lowest
priority. To use another model the whole daemon starts anew, between two requests.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from alexa_local.config import UpdatesSettings
from alexa_local.daemon.parts import Host
from alexa_local.daemon.queues import BoundedQueue
from alexa_local.errors import AlexaLocalError, StorageError, UpdateError
from alexa_local.generations.signing import MOST_ENVELOPE_BYTES
from alexa_local.mqtt.models import ModelsLine, Piece
from alexa_local.mqtt.outbox import Clock
from alexa_local.updates.course import Course, Wanted
from alexa_local.updates.labour import Interrupted
from alexa_local.updates.workshop import Workshop

_LOG = logging.getLogger(__name__)

QUIET_S = 30.0
"""So long nobody must have wanted anything before the daemon starts anew."""

_BUSY = ("listening", "speaking", "thinking", "ringing")
_LOOK_S = 1.0
_ASK_AGAIN_S = 60.0
_AFTER_FAULT_S = 600.0
_TASKS = 64
_MOST_EVENTS = 512


class Updating:
    """All of it but the courses themselves, which only its thread touches.

    Attributes:
        tasks: what comes from other threads.
    """

    def __init__(
        self,
        settings: UpdatesSettings,
        workshop: Workshop,
        host: Host,
        clock: Clock,
        loaded: Mapping[str, Path],
        hindrance: Callable[[], str] = str,
        is_playing: Callable[[], bool] = bool,
    ) -> None:
        """Prepare.

        Args:
            settings: what the owner chose.
            workshop: the models' courses.
            host: what the daemon lends.
            clock: tells how much time passes.
            loaded: the folders that the running models came from.
            hindrance: why nothing may be fetched now, in a few words, such as "a metered connection"; or "".
            is_playing: whether music is heard, which a new start would end.
        """
        self.tasks: BoundedQueue[Callable[[], None]] = BoundedQueue("updates", _TASKS)
        self._settings, self._workshop, self._host, self._clock = settings, workshop, host, clock
        self._loaded = dict(loaded)
        self._hindrance, self._is_playing = hindrance, is_playing
        self._courses = workshop.courses
        self._line: ModelsLine | None = None
        self._lock = threading.Lock()
        self._report: Mapping[str, Mapping[str, object]] = {}
        self._told: Mapping[str, Mapping[str, object]] = {}
        self._was_settled = True
        self._began_s = self._busy_s = clock.elapsed()
        self._asked: tuple[Course, Wanted] | None = None
        self._asked_s = self._next_piece_s = -math.inf
        self._next_work_s = -math.inf
        self._refusal = ""
        on_trial = any(course.record.phase == "trial" for course in self._courses.values())
        self._events = host.bus.subscribe() if on_trial else None
        self._was_heard = False

    def connect(self, line: ModelsLine) -> None:
        """Fetch over this line; call it before `run`."""
        self._line = line

    @property
    def has_line(self) -> bool:
        """Whether there is one."""
        return self._line is not None

    # ---- from other threads

    def offered(self, model: str, envelope: bytes) -> None:
        """The broker has a generation of a model; an empty one was taken back."""
        if len(envelope) <= MOST_ENVELOPE_BYTES:
            self.tasks.put(lambda: self._take_offer(model, envelope))

    def came(self, piece: Piece, data: bytes) -> None:
        """A piece came over the line."""
        self.tasks.put(lambda: self._take_piece(piece, data))

    def report(self) -> Mapping[str, Mapping[str, object]]:
        """Every model's state, ready for JSON."""
        with self._lock:
            return self._report

    def look(self) -> None:
        """Ask the broker again, and wait for nothing that is waited for; only in the thread."""
        self._next_work_s = self._next_piece_s = -math.inf
        if self._line is not None:
            self._line.listen(self._courses)

    def ask(self, work: Callable[[Workshop], Any]) -> Future[Any]:
        """Have something done to the courses in the thread; the promise is of what comes of it."""
        promise: Future[Any] = Future()

        def do() -> None:
            if not promise.set_running_or_notify_cancel():
                return
            try:
                answer = work(self._workshop)
                self._tell()
                promise.set_result(answer)
            except AlexaLocalError as error:
                promise.set_exception(error)
            except BaseException as error:  # a defect, of which the thread dies
                promise.set_exception(AlexaLocalError(f"The daemon failed at it ({error!r}). See its log."))
                raise

        if self.tasks.put(do):
            promise.cancel()
        return promise

    def stop(self) -> None:
        """Make `run` return, from any thread."""
        self.tasks.close()
        self._workshop.helper.end()

    # ---- the thread

    def run(self) -> None:
        """Work until the end begins."""
        self._workshop.resume()
        if self._line is not None:
            self._line.listen(self._courses)
        try:
            while not self._host.stopping.is_set():
                self._tell()
                task = self.tasks.get(self.advance())
                if task is not None:
                    task()
        except Interrupted:
            pass
        finally:
            self._hear_no_more()

    def advance(self) -> float | None:
        """Do what is due; returns the seconds after which to look again, None for no such time."""
        now_s = self._clock.elapsed()
        is_busy = self._host.doing() in _BUSY
        is_restart = self._wants_restart()
        if is_busy or (is_restart and self._is_playing()):
            self._busy_s = now_s
        if is_restart:
            if now_s - self._busy_s >= QUIET_S:
                self._host.restart("another generation of a model")
                return None
            return _LOOK_S
        phases = {course.record.phase for course in self._courses.values()}
        if "trial" in phases:
            self._was_settled = False
            return self._watch_trial(now_s)
        is_settled = phases <= {"idle", "fetching"}
        if is_settled and not self._was_settled:
            self.look()  # what was offered meanwhile was refused
        self._was_settled = is_settled
        if is_busy or now_s < self._next_work_s:
            return _LOOK_S
        return self._work(now_s)

    def _wants_restart(self) -> bool:
        return any(
            name in self._loaded and course.active_folder() != self._loaded[name]
            for name, course in self._courses.items()
        )

    def _watch_trial(self, now_s: float) -> float:
        """A spoken request that was done, or some time without a crash, and the generation stays."""
        for event in self._events.queue.drain(_MOST_EVENTS) if self._events else ():
            if event.name == "stt_text":
                self._was_heard = bool(event.data.get("text")) and not event.data.get("typed")
            elif event.name == "action" and self._was_heard and event.data.get("done"):
                self._began_s = -math.inf
        if now_s - self._began_s >= 60.0 * self._settings.trial_minutes:
            for course in self._courses.values():
                self._try(course.served)
            self._hear_no_more()
            return 0.0
        return _LOOK_S

    def _hear_no_more(self) -> None:
        if self._events is not None:
            self._events.close()
            self._events = None

    def _work(self, now_s: float) -> float | None:
        """One step of one course: a hard one first, else the next piece of a package."""
        for course in self._courses.values():
            if course.has_work:
                self._try(course.work)
                return 0.0
        return self._fetch(now_s)

    def _fetch(self, now_s: float) -> float | None:
        fetching = next((one for one in self._courses.values() if one.record.phase == "fetching"), None)
        if fetching is None or self._line is None or not self._settings.enabled:
            return None
        if not self._line.connected or self._hindrance():
            self._forget_piece()
            return 10 * _LOOK_S
        if now_s < self._next_piece_s:
            return self._next_piece_s - now_s
        wanted = fetching.wanted()
        if wanted is None:
            self._forget_piece()
            self._next_work_s = now_s + _AFTER_FAULT_S
            return _AFTER_FAULT_S
        if self._asked != (fetching, wanted) or now_s - self._asked_s >= _ASK_AGAIN_S:
            self._asked, self._asked_s = (fetching, wanted), now_s
            self._line.ask((fetching.model, wanted.version, wanted.package, wanted.index))
        return _LOOK_S

    def _take_offer(self, model: str, envelope: bytes) -> None:
        course = self._courses.get(model)
        if course is None:
            return
        if not envelope:
            self._try(course.withdrawn)
        elif self._settings.enabled:
            self._try(lambda: course.offer(envelope))

    def _take_piece(self, piece: Piece, data: bytes) -> None:
        """Put it where it belongs, and wait as long as the owner's limit asks for its bytes."""
        if self._asked is None:
            return
        course, wanted = self._asked
        if piece != (course.model, wanted.version, wanted.package, wanted.index):
            return
        self._forget_piece()
        self._next_piece_s = self._clock.elapsed() + len(data) / self._settings.bytes_per_second
        self._try(lambda: course.put(wanted, data))

    def _forget_piece(self) -> None:
        if self._asked is not None and self._line is not None:
            self._asked = None
            self._line.drop()

    def _try(self, work: Callable[[], None]) -> None:
        """Do it; what is refused is told once, and what this machine cannot do now is tried again later."""
        try:
            work()
        except StorageError as error:
            self._next_work_s = self._clock.elapsed() + _AFTER_FAULT_S
            _LOG.error("The update waits: %s", error)
        except UpdateError:
            pass  # remembered, and told, by the course
        except AlexaLocalError as error:
            if str(error) != self._refusal:
                self._refusal = str(error)
                _LOG.error("An update is refused: %s", error)

    def _tell(self) -> None:
        """Say how the models are, when that has changed."""
        told = {name: course.report() for name, course in self._courses.items()}
        with self._lock:
            self._report = {name: {**one, **_progress(self._courses[name])} for name, one in told.items()}
        if told != self._told:
            self._told = told
            self._host.bus.publish("models", {"models": told})
            if self._line is not None:
                self._line.tell(told)


def _progress(course: Course) -> Mapping[str, object]:
    """How far a model is fetched, if it is."""
    fetched, whole = course.progress()
    return {"fetched_bytes": fetched, "bytes": whole} if whole else {}
