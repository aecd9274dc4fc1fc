"""What the daemon drives: all that lies between sound and answer, behind as few functions as it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alexa_local.daemon.listening import Listener
from alexa_local.messages import Hypothesis, Interpretation, Outcome


def _nothing(*_: Any) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Worker:
    """A thread that a part needs.

    Attributes:
        name: as it appears in the status and the log.
        run: the thread's function.
        stop: makes `run` return, from another thread.
    """

    name: str
    run: Callable[[], None]
    stop: Callable[[], None]


@dataclass(frozen=True)
class Parts:
    """The stages and services, ready to work.

    Attributes:
        pipeline: sound to requests; only the thread `listen` touches it.
        interpret: hypotheses to a meaning; only the thread `act` calls it.
        perform: a meaning to what was done; only the thread `act` calls it.
        answer: plays what is to be heard of an outcome, and returns at once.
        wait_until_quiet: waits until the last answer was heard.
        workers: threads of their own, started before all others.
        local_only: whether nothing may leave the machine.
        set_local_only: changes that, and remembers it.
        import_contacts: takes the text of a contacts file; returns how many people it named.
        status: more lines for the status.
        close: the last thing that happens.
    """

    pipeline: Listener
    interpret: Callable[[Sequence[Hypothesis]], Interpretation]
    perform: Callable[[Interpretation], Outcome]
    answer: Callable[[Outcome], None] = _nothing
    wait_until_quiet: Callable[[], None] = _nothing
    workers: tuple[Worker, ...] = ()
    local_only: Callable[[], bool] = bool
    set_local_only: Callable[[bool], None] = _nothing
    import_contacts: Callable[[str], int] = len
    status: Callable[[], Mapping[str, Any]] = field(default=dict)
    close: Callable[[], None] = _nothing
