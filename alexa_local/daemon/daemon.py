"""The daemon: which threads there are, in which order they start, and when the whole of it is well."""

from __future__ import annotations

import concurrent.futures
import contextlib
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from alexa_local import __version__
from alexa_local.capture.microphone import OnState
from alexa_local.capture.source import Source
from alexa_local.config import Config
from alexa_local.daemon import board, collecting
from alexa_local.daemon.acting import Act
from alexa_local.daemon.board import Threads
from alexa_local.daemon.capturing import Capture
from alexa_local.daemon.claim import Claim
from alexa_local.daemon.client import mark_restart, unmark_restart
from alexa_local.daemon.commands import commands
from alexa_local.daemon.control import ControlServer
from alexa_local.daemon.controls import Controls
from alexa_local.daemon.diary import Diary
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.following import FollowUp
from alexa_local.daemon.indicating import start_buttons, start_indicator
from alexa_local.daemon.listening import Listen
from alexa_local.daemon.parts import Host, Parts
from alexa_local.daemon.paths import socket_path
from alexa_local.daemon.queues import BoundedQueue
from alexa_local.daemon.readings import LastLattice, MakeLattice, Readings, SecondLook
from alexa_local.daemon.remote import actions
from alexa_local.daemon.reranking import Reranking
from alexa_local.daemon.revision import WINDOW_S
from alexa_local.daemon.supervisor import Supervisor
from alexa_local.errors import AlexaLocalError, ThreadDied
from alexa_local.messages import Hypothesis, Talker
from alexa_local.notify import Notifier
from alexa_local.scheduler import Change, Costs, Ladder, Meter, Order, Turns, Unordered

_log = logging.getLogger(__name__)
_LOOK_EVERY_S = 5.0

RUNGS = ("background", "encoder", "voices", "beam", "partials")
"""What is given up while sound is worked through too late, the first to go first."""

WHAT_RUNGS_DO = {
    "background": "work that nobody waits for pauses.",
    "encoder": "the recogniser's small branch is taken more readily.",
    "voices": "whispers and voices are told at the end of a request alone.",
    "beam": "fewer readings of a request are kept.",
    "partials": "words are told at the end of a request alone.",
}

RESTART_CODE = 79
"""The exit code that asks for a new start at once: whoever started the process is to do that."""

Assemble = Callable[[Config, Host], Parts]
OpenSource = Callable[[OnState], Source]


class Daemon:
    """One run of the assistant, from the first thread to the last.

    Attributes:
        bus: tells what happens; subscribe before `run`.
    """

    def __init__(
        self,
        config: Config,
        open_source: OpenSource,
        assemble: Assemble,
        finite: bool = False,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        """Prepare, without touching anything yet.

        Args:
            config: the settings.
            open_source: opens the sound to listen to.
            assemble: makes the parts; `alexa_local.daemon.assembly.assemble` outside tests.
            finite: the source ends, as a file does, and the daemon with it; nothing of it is dropped.
            env: the environment's variables, for the paths and for systemd.
        """
        self._diary = Diary(config.log.transcripts)
        self.bus = EventBus(self._diary.take)
        self._config = config
        self._socket_path: Path = socket_path(config.daemon, env)
        self._assemble = assemble
        self._notifier = Notifier(env)
        self._supervisor = Supervisor()
        self._finite = finite
        stopping = self._supervisor.stopping
        self._capture = Capture(open_source, finite, self.bus, stopping, self._fail)
        self._failure: AlexaLocalError | None = None
        self._restarts = False
        self._progress_seen = -1
        self._last_lattice = LastLattice()
        self._began_s = time.monotonic()
        self._meter = Meter()
        self._ladder = Ladder(RUNGS)
        self._turns = self._make_turns()
        self._give_up: Callable[[frozenset[str]], None] = lambda given_up: None
        self._threads = Threads()

    def run(self) -> int:
        """Work until a signal, `alexa-local stop`, the end of a file or the death of a thread.

        Returns:
            The process's exit code: 0, or RESTART_CODE.

        Raises:
            AlexaLocalError: the start failed, the file was damaged, or a thread died (ThreadDied).
        """
        with contextlib.ExitStack() as at_the_end:
            at_the_end.callback(self._notifier.close)
            at_the_end.callback(self._supervisor.close)
            claim = Claim(self._socket_path)
            at_the_end.callback(claim.close)
            try:
                host = self._host(at_the_end)
                self._work(claim, host, self._assemble(self._config, host))
            finally:
                self._notifier.stopping()
                self._supervisor.stop()
        if self._supervisor.died:
            raise ThreadDied(
                f"Thread {self._supervisor.died} ended; the traceback is above. Please report it."
            )
        if self._failure:
            raise self._failure
        return RESTART_CODE if self._restarts else 0

    @property
    def is_stopping(self) -> bool:
        """Whether the end has begun."""
        return self._supervisor.stopping.is_set()

    @property
    def doing(self) -> str:
        """What it is doing: "idle", "listening" and so on, as `alexa_local.indicate.State` has it."""
        return self._diary.state

    def request_stop(self, reason: str) -> None:
        """Begin the end, from any thread."""
        self._supervisor.request_stop(reason)

    def _host(self, at_the_end: contextlib.ExitStack) -> Host:
        return Host(
            *(self.bus, self._supervisor.spawn, at_the_end, self._supervisor.stopping),
            doing=lambda: self.doing,
            restart=self._restart,
            is_well=lambda: not (self._supervisor.died or self._failure),
            meter=self._meter,
            promise=self._turns.promise,
        )

    def _make_turns(self) -> Turns | Unordered:
        """An order of who works next; none for a file, which nobody waits for."""
        settings = self._config.scheduler
        if not settings.enabled or self._finite:
            return Unordered(self._meter)
        cores = settings.cores or len(os.sched_getaffinity(0))
        return Turns(Order(Costs(), cores), self._ladder, self._degrade, self._meter)

    def _degrade(self, change: Change) -> None:
        """Do without something more, or with it again."""
        log = _log.warning if change.way == "down" else _log.info
        log("Work is %s: %s", "late" if change.way == "down" else "in time again", WHAT_RUNGS_DO[change.rung])
        given_up = frozenset(change.given_up)
        self._turns.pause_background("background" in given_up)
        self._give_up(given_up)
        self.bus.publish("degraded", {"rung": change.rung, "way": change.way, "level": change.level})

    def _restart(self, reason: str) -> None:
        """End, and ask whoever started us to do so again; who asks us something meanwhile waits for that.

        A file would be heard from its beginning again: it is not started anew.
        """
        if self._finite:
            return
        self._restarts = True
        mark_restart(self._socket_path)
        self._socket_path.unlink(missing_ok=True)  # whoever has connected by now is answered
        self.request_stop(reason)

    def _work(self, claim: Claim, host: Host, parts: Parts) -> None:
        supervisor = self._supervisor
        self._give_up = parts.give_up
        self._ladder.leave_out(parts.idle_rungs)
        start_indicator(self._config, host)
        if parts.local_only():
            self.bus.publish("local_only", {"on": True})
        act = Act(
            parts.interpret,
            parts.perform,
            parts.answer,
            self.bus,
            supervisor.stopping,
            parts.rehearse,
            parts.make_ready,
            turns=self._turns,
        )
        second_look = None
        if parts.rescore:
            second_look = SecondLook(parts.rescore, act.revise, supervisor.stopping, self._turns)
        reranking = self._reranking(parts, act)
        looks = [each for each in (second_look, reranking) if each]
        readings = Readings(act, self._last_lattice, looks)
        listen = Listen(
            parts.pipeline,
            self._capture,
            requests=_Patiently(readings) if self._finite else readings,
            on_end=lambda: act.submit(lambda: self._finish(parts)),
            bus=self.bus,
            stopping=supervisor.stopping,
            may_answer=parts.may_answer,
            on_stop=lambda playing: act.submit(lambda: parts.stop_playing(playing)),
            turns=self._turns,
        )
        if self._config.understanding.follow_up and not self._finite:
            FollowUp(self.bus, listen.listen_again, self._config.voice.replies)
        queues = [self._capture.sound, act.jobs, *([second_look.looks] if second_look else [])]
        status = self._status_of(parts, queues, listen)
        controls = Controls(parts, act, self._capture, listen, self.bus)
        table = commands(
            *(parts, act, controls, self.bus, status, supervisor.request_stop, self._last_lattice),
            outbox=lambda: {**parts.outbox(), "outcomes": dict(reranking.outcomes if reranking else {})},
        )
        if parts.tell:
            parts.tell(status, actions(parts, act, table))
        self._capture.open(parts.muted())
        control = ControlServer(claim.listener, table, self.bus)
        supervisor.handle_signals()
        supervisor.spawn("act", act.run, act.stop)
        if second_look:
            supervisor.spawn("rescore", second_look.run, second_look.stop)
        supervisor.spawn("listen", listen.run)
        supervisor.spawn("capture", self._capture.run, self._capture.stop)
        supervisor.spawn("control", control.run, control.stop)
        start_buttons(self._config, host, controls)
        unmark_restart(self._socket_path)
        self._notifier.ready()
        self.bus.publish("idle")
        _log.info("Ready; the control socket is %s.", claim.path)
        reason = supervisor.wait(
            self._notifier.watchdog_s / 3 or _LOOK_EVERY_S, lambda: self._look(listen, parts)
        )
        _log.info("Stopping: %s.", reason)

    def _reranking(self, parts: Parts, act: Act) -> Reranking | None:
        which = self._config.mqtt.rerank
        if parts.post is None or which == "off":
            return None
        return Reranking(which, parts.post, act.revise, self.bus)

    def _look(self, listen: Listen, parts: Parts) -> None:
        """Feed the watchdog only when `listen` got on since the last look; tidy up what is old."""
        self._last_lattice.forget_old()
        if self.doing == "idle" and not parts.is_playing():
            collecting.rest()
        if listen.progress != self._progress_seen:
            self._progress_seen = listen.progress
            self._notifier.alive()
        self._notifier.status(listen.state)

    def _fail(self, error: AlexaLocalError) -> None:
        self._failure = error

    def _finish(self, parts: Parts) -> None:
        parts.wait_until_quiet()
        self.request_stop("the end of the sound")

    def _status_of(
        self, parts: Parts, queues: Sequence[BoundedQueue[Any]], listen: Listen
    ) -> Callable[[], dict[str, Any]]:
        def status() -> dict[str, Any]:
            return {
                "version": __version__,
                "process": os.getpid(),
                "uptime_s": round(time.monotonic() - self._began_s, 1),
                "state": listen.state,
                "microphone": self._capture.state,
                "microphone_blocks": self._capture.blocks,
                "muted": self._capture.muted,
                "local_only": parts.local_only(),
                "threads": self._supervisor.threads(),
                "queues": {queue.name: {"waiting": len(queue), "size": queue.size} for queue in queues},
                "dropped": {
                    "microphone": self._capture.lost_blocks,
                    **{queue.name: queue.dropped for queue in queues},
                    **parts.dropped(),
                },
                "part_shares_pct": self._meter.shares_pct(),
                "thread_shares_pct": self._threads.shares_pct(),
                "scheduler": self._turns.report(),
                "board": board.report(),
                **parts.status(),
            }

        return status


class _Patiently:
    """Waits until each request of a file is done, since they may come faster than things can be done."""

    def __init__(self, readings: Readings) -> None:
        self.speculate, self.take_back = readings.speculate, readings.take_back
        self._readings = readings

    def heard(self, hypotheses: Sequence[Hypothesis], lattice: MakeLattice, talker: Talker) -> None:
        """Have it done; what may come of it later is waited for as long as it would be wanted."""
        promise, looks = self._readings.heard(hypotheses, lattice, talker)
        concurrent.futures.wait([promise])
        concurrent.futures.wait(looks, WINDOW_S)
