"""Better readings of a request that come after it: when they are still wanted, and what they may change.

A lattice that was rescored, here or elsewhere, comes back as a `Revision`. Nothing is done on top of what was
done, so a revision changes something only where nothing was: the request was not understood, or refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from alexa_local.context import current_request
from alexa_local.messages import Hypothesis, Interpretation, Lattice, Outcome
from alexa_local.recognise.lattice import n_best
from alexa_local.understand import OUT_OF_SCOPE

READINGS = 6
"""Readings of a lattice that are looked at."""

WINDOW_S = 5.0
"""A person who was not understood has said it again by then."""


@dataclass(frozen=True)
class Revision:
    """Other readings of a request than those that were acted on.

    Attributes:
        request: the number of the request, as the event `intent` has it.
        hypotheses: best first.
        source: who read it anew, such as "rescored".
    """

    request: int
    hypotheses: tuple[Hypothesis, ...]
    source: str


def revision(request: int, lattice: Lattice, source: str) -> Revision:
    """What a lattice of the request, rescored by whomever, says of it."""
    return Revision(request, tuple(n_best(lattice, READINGS)), source)


class Revisable:
    """The last request, as long as it may be revised.

    Attributes:
        number: its number, by `alexa_local.context` where that has one; 0 before the first.
    """

    def __init__(self, window_s: float = WINDOW_S, now_s: Callable[[], float] = time.monotonic) -> None:
        """Remember requests for `window_s` after they were answered; `now_s` is the clock."""
        self._window_s = window_s
        self._now_s = now_s
        self.number = 0
        self._meaning = Interpretation("")
        self._done = True
        self._answered_s = now_s()

    def begin(self) -> None:
        """A new request; the one before can no more be revised."""
        self.number = current_request() or self.number + 1

    def settle(self) -> None:
        """From here on something may have been done, whatever goes wrong."""
        self._done = True

    def answered(self, meaning: Interpretation, outcome: Outcome) -> None:
        """It was understood so, and that came of it."""
        self._meaning = meaning
        self._done = outcome.ok
        self._answered_s = self._now_s()

    def objection(self, revision: Revision) -> str:
        """Why a revision needs no look: "superseded", "done", "late", or "" when it is wanted."""
        if revision.request != self.number:
            return "superseded"
        if self._done:
            return "done"
        return "late" if self._now_s() - self._answered_s > self._window_s else ""

    def is_changed_by(self, meaning: Interpretation) -> bool:
        """Whether that is something, and something else than was understood."""
        same = (meaning.intent, dict(meaning.slots)) == (self._meaning.intent, dict(self._meaning.slots))
        return meaning.intent not in ("", OUT_OF_SCOPE) and not same
