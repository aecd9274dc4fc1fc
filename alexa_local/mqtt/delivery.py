"""What of the outbox is to be sent at a moment: pure arithmetic on times, with no clock of its own.

What was sent least often goes first, and of that the newest, as somebody may still wait for what comes of
it. What got no answer is repeated, at exponentially growing distances with jitter. Only so many wait for
their answers at once; a fresh one may go beyond that. Whenever the broker is found again, or an answer shows
that somebody is there, the distances begin anew, and so the outbox is drained as fast as it is answered.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Pace:
    """How eagerly it is sent."""

    first_s: float = 5.0
    """Seconds without an answer until the first repeat; doubled for each further one."""

    most_s: float = 600.0
    """Seconds between repeats at most, before the jitter."""

    jitter: float = 0.5
    """The largest share of a distance that chance adds or takes away."""

    window: int = 8
    """Messages that wait for their answers at once."""

    fresh_s: float = 5.0
    """Seconds for which a new message need not keep to the window."""

    spread_s: float = 1.0
    """Seconds over which repeats are spread when the broker is found again: all devices find it at once."""


@dataclass
class _Message:
    queued_s: float
    due_s: float
    tries: int = 0
    step: int = 0


class Delivery:
    """The messages that wait, each with the time when it is due; times are seconds of one steady clock."""

    def __init__(self, pace: Pace | None = None, chance: Callable[[], float] = random.random) -> None:
        """Keep to a pace; `chance` gives numbers from 0 to below 1."""
        self._pace, self._chance = pace or Pace(), chance
        self._messages: dict[UUID, _Message] = {}

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, request: UUID, queued_s: float) -> None:
        """A message waits since `queued_s`."""
        self._messages[request] = _Message(queued_s, queued_s)

    def drop(self, request: UUID) -> None:
        """A message waits no more; harmless when it did not."""
        self._messages.pop(request, None)

    def keep_only(self, requests: set[UUID]) -> None:
        """Drop all others."""
        self._messages = {each: about for each, about in self._messages.items() if each in requests}

    def tries(self, request: UUID) -> int:
        """How often it was sent."""
        about = self._messages.get(request)
        return about.tries if about else 0

    def due(self, now_s: float) -> list[UUID]:
        """What to send at this moment, in this order."""
        unanswered = sum(1 for each in self._messages.values() if each.due_s > now_s)
        room, chosen = max(0, self._pace.window - unanswered), []
        ready = [(each, about) for each, about in self._messages.items() if about.due_s <= now_s]
        for request, about in sorted(ready, key=lambda one: (one[1].tries, -one[1].queued_s)):
            is_fresh = now_s - about.queued_s < self._pace.fresh_s and not about.tries
            if is_fresh or room > 0:
                chosen.append(request)
                room -= 1
        return chosen

    def distance_s(self, request: UUID) -> float:
        """Seconds to let pass without an answer, once it is sent; drawn anew at each call."""
        step = self._messages[request].step
        distance_s = min(self._pace.most_s, self._pace.first_s * 2.0 ** min(step, 60))
        return distance_s * (1 + self._pace.jitter * (2 * self._chance() - 1))

    def sent(self, request: UUID, due_s: float) -> None:
        """It was sent, and will be due again at `due_s`."""
        about = self._messages[request]
        about.tries, about.step, about.due_s = about.tries + 1, about.step + 1, due_s

    def reconnected(self, now_s: float) -> None:
        """The broker is there again: what was sent before may be lost, or its answer."""
        for about in self._messages.values():
            about.due_s = min(about.due_s, now_s + self._pace.spread_s * self._chance())

    def answered(self, now_s: float) -> None:
        """Somebody answers: what was given up for a long time may be tried at once."""
        far_s = self._pace.first_s * (1 + self._pace.jitter)
        for about in self._messages.values():
            if about.due_s - now_s > far_s:
                about.due_s, about.step = now_s, 0

    def wait_s(self, now_s: float) -> float | None:
        """Seconds until more may be due, after all that is due was sent; None when nothing will be."""
        later = [each.due_s - now_s for each in self._messages.values() if each.due_s > now_s]
        return min(later, default=None)
