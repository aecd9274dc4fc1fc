"""The loop of the thread `indicator`: events in, light out; it sleeps while nothing moves."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from alexa_local.config import IndicatorSettings
from alexa_local.indicate.animation import FRAMES_PER_S, Colour, frame, is_moving
from alexa_local.indicate.brightness import brightness, light
from alexa_local.indicate.leds import Leds
from alexa_local.indicate.states import State, Tracker
from alexa_local.messages import Event

_FRAME_S = 1 / FRAMES_PER_S
_LOOK_AT_CLOCK_S = 20.0
"""The night begins at most so much later than the clock says."""


class Events(Protocol):
    """Where events come from: the queue of a subscription.

    Attributes:
        dropped: those lost so far.
    """

    dropped: int

    def get(self, timeout_s: float | None = None) -> Event | None:
        """The next event, or None when none came in time."""


class Indicator:
    """Shows what the assistant does."""

    def __init__(
        self,
        leds: Leds,
        settings: IndicatorSettings,
        tracker: Tracker,
        events: Events,
        now_s: Callable[[], float] = time.monotonic,
        local_time: Callable[[], datetime.time] = lambda: datetime.datetime.now().time(),
    ) -> None:
        """Make it, with the clocks that it goes by."""
        self._leds, self._settings, self._tracker, self._events = leds, settings, tracker, events
        self._now_s, self._local_time = now_s, local_time
        self._state, self._since_s = State.CONNECTING, now_s()
        self._lost = 0
        self._shown: Sequence[Colour] | None = None

    def run(self, stopping: Callable[[], bool]) -> None:
        """Show until the end; the LEDs are dark afterwards."""
        try:
            while not stopping():
                event = self._events.get(self.show())
                if event is not None:
                    self.take(event)
        finally:
            self._leds.close()

    def take(self, event: Event) -> None:
        """Take an event."""
        if self._events.dropped != self._lost:
            self._lost = self._events.dropped
            self._tracker.lost_some()
        self._tracker.take(event, self._now_s())

    def show(self) -> float:
        """Give the light of this moment; returns the seconds until it should be looked at again."""
        now_s = self._now_s()
        state = self._tracker.state(now_s)
        if state is not self._state:
            self._state, self._since_s = state, now_s
        since_s = now_s - self._since_s
        level = brightness(self._settings, self._local_time())
        lights = [light(colour, level) for colour in frame(state, since_s, self._leds.count)]
        if lights != self._shown:
            self._leds.show(lights)
            self._shown = lights
        wait_s = _FRAME_S if level and is_moving(state, since_s) else _LOOK_AT_CLOCK_S
        return min(wait_s, self._tracker.changes_in_s(now_s))
