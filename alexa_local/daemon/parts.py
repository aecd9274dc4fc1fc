"""What the daemon drives: all that lies between sound and answer, behind as few functions as it needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

from alexa_local.daemon.events import EventBus
from alexa_local.daemon.listening import Listener
from alexa_local.messages import Hypothesis, Interpretation, Lattice, Outcome, Talker
from alexa_local.mqtt import Result
from alexa_local.scheduler import Meter


def _nothing(*_: Any) -> None:
    """Do nothing."""


def _unknown(_: Interpretation, __: Talker) -> Outcome | None:
    """Foresee nothing."""
    return None


def anybody(asked: Talker, answering: Talker) -> bool:
    """Whoever answers may do so."""
    return True


def _nothing_waits() -> Mapping[str, Any]:
    return {"waiting": []}


def _nothing_left(since_s: float) -> Mapping[str, Any]:
    return {}


def _no_report(data: bytes, book: str) -> Mapping[str, Any]:
    return {"added": 0, "updated": 0, "problems": []}


Status = Callable[[], Mapping[str, Any]]
"""How the daemon is, as `alexa-local status` tells it."""

Do = Callable[[Any], "Mapping[str, Any] | Future[Mapping[str, Any]]"]
"""Does a command from the broker with its value."""


class Spawn(Protocol):
    """Starts a supervised thread."""

    def __call__(self, name: str, target: Callable[[], None], stop: Callable[[], None] = ...) -> None:
        """Run `target` in a thread called `name`; `stop` makes it return, from any other thread."""


@dataclass(frozen=True)
class Host:
    """What the daemon lends to its parts.

    Attributes:
        bus: where they tell what happens.
        spawn: how they start their threads; these are stopped in the reverse order.
        at_the_end: what is pushed here is closed when all threads have ended, or when the start fails.
        stopping: set when the end begins.
        doing: what the daemon is doing, by the names of `indicate.State`.
        restart: ends the daemon and has it start anew, for this reason.
        meter: counts what parts of the work use.
        promise: work of that name will have to be done within so many seconds, or, None, will not.
        is_well: whether the end, if it has begun, is one that somebody asked for.
    """

    bus: EventBus
    spawn: Spawn
    at_the_end: ExitStack
    stopping: threading.Event
    doing: Callable[[], str] = lambda: "idle"
    restart: Callable[[str], None] = _nothing
    is_well: Callable[[], bool] = lambda: True
    meter: Meter = field(default_factory=Meter)
    promise: Callable[[str, float | None], None] = _nothing


@dataclass(frozen=True)
class Parts:
    """The stages and services, ready to work.

    Attributes:
        pipeline: sound to requests; only the thread `listen` touches it.
        interpret: hypotheses, and who spoke, to a meaning; only the thread `act` calls it.
        perform: a meaning to what was done; only the thread `act` calls it.
        rehearse: what `perform` would most likely give, with nothing done; only the thread `act` calls it.
        make_ready: prepares an outcome's sound, of which nothing is heard; returns at once.
        answer: plays what is to be heard of an outcome, and returns at once.
        may_answer: whether who speaks without the wake word may be who was asked; only the thread `listen`
            calls it.
        wait_until_quiet: waits until the last answer was heard.
        local_only: whether nothing may leave the machine.
        set_local_only: changes that, and remembers it; returns how many requests that waited to be sent were
            deleted.
        muted: whether the microphone was muted when it was last asked for.
        remember_muted: keeps that.
        is_ringing: whether a timer or an alarm rings at this moment.
        stop_ringing: ends that; only the thread `act` calls it.
        stop_playing: ends what is played, "speech", "alarm" or "music"; only the thread `act` calls it.
        import_contacts: takes the bytes of an address book and its owner's name, "" for everybody's; returns
            "added", "updated" and "problems".
        rescore: a lattice scored by a second language model; only the thread `rescore` calls it. None where
            there is no such model.
        post: keeps something and sends it until its receiver answers, which the promise is of; None where no
            request is to be read again elsewhere.
        outbox: what waits to be sent, ready for JSON.
        clear_outbox: deletes that, and returns how many messages it were.
        privacy: what left the device since a moment, in seconds since the epoch; ready for JSON.
        dropped: what was lost because too much came, by the name of what it is.
        status: more lines for the status.
        commands: what else can be asked for on the control socket, by its name.
        is_playing: whether music is heard.
        give_up: does without what these rungs of the scheduler name, and with all else; from any thread.
        idle_rungs: rungs of the scheduler that would change nothing here, and so are gone past.
        tell: begins to tell the broker how the daemon is, and to do the commands that come from there, whose
            names and functions it takes; None without a broker.
    """

    pipeline: Listener
    interpret: Callable[[Sequence[Hypothesis], Talker], Interpretation]
    perform: Callable[[Interpretation, Talker], Outcome]
    rehearse: Callable[[Interpretation, Talker], Outcome | None] = _unknown
    make_ready: Callable[[Outcome, Talker], None] = _nothing
    answer: Callable[[Outcome, Talker], None] = _nothing
    may_answer: Callable[[Talker, Talker], bool] = anybody
    wait_until_quiet: Callable[[], object] = _nothing
    local_only: Callable[[], bool] = bool
    set_local_only: Callable[[bool], int] = int
    muted: Callable[[], bool] = bool
    remember_muted: Callable[[bool], None] = _nothing
    is_ringing: Callable[[], bool] = bool
    stop_ringing: Callable[[], object] = _nothing
    stop_playing: Callable[[str], object] = _nothing
    import_contacts: Callable[[bytes, str], Mapping[str, Any]] = _no_report
    rescore: Callable[[Lattice], Lattice] | None = None
    post: Callable[[Callable[[], bytes]], Future[Result]] | None = None
    outbox: Callable[[], Mapping[str, Any]] = _nothing_waits
    clear_outbox: Callable[[], int] = int
    privacy: Callable[[float], Mapping[str, Any]] = _nothing_left
    dropped: Callable[[], Mapping[str, int]] = field(default=dict)
    status: Callable[[], Mapping[str, Any]] = field(default=dict)
    commands: Mapping[str, Callable[[Mapping[str, Any]], Any]] = field(default_factory=dict)
    is_playing: Callable[[], bool] = bool
    give_up: Callable[[frozenset[str]], None] = _nothing
    idle_rungs: frozenset[str] = frozenset()
    tell: Callable[[Status, Mapping[str, Do]], None] | None = None
