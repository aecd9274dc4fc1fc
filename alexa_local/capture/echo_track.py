"""Follows a measured delay between two clocks that drift apart: a Kalman filter of two states."""

from __future__ import annotations

import numpy as np

from alexa_local.messages import SAMPLE_RATE

_MEASURED_SAMPLES = 0.5
"""How well one measurement is to be trusted: less than it deserves, for the track is to be calm."""

_DRIFT_PPM = 60.0
"""How far two cards are apart before anything was measured."""

_WANDER_SAMPLES, _WANDER_PPM = 0.01, 0.1
"""How far delay and drift go by themselves in a second."""

JUMP_SAMPLES = 16.0
"""A delay that is further away than this did not drift: something was lost or added."""


class Track:
    """The number of samples by which one stream is ahead of another, as a line over the other's time."""

    def __init__(self, shift_samples: float, at: int) -> None:
        """Begin with one measurement at sample `at`."""
        self._state = np.array([shift_samples, 0.0])
        self._doubt = np.diag([_MEASURED_SAMPLES**2, (_DRIFT_PPM * 1e-6) ** 2])
        self._at = at
        self._odd: float | None = None

    @property
    def drift_ppm(self) -> float:
        """By how much the shift grows, in millionths of the time."""
        return float(self._state[1] * 1e6)

    def shift(self, at: float) -> float:
        """The shift at sample `at`."""
        return float(self._state[0] + (at - self._at) * self._state[1])

    def measured(self, shift_samples: float, at: int) -> bool:
        """Take a measurement; one that is far off counts only when the next one confirms it, and tells so."""
        self._go_to(at)
        off = shift_samples - self._state[0]
        if abs(off) > JUMP_SAMPLES + 3 * np.sqrt(self._doubt[0, 0]):
            if self._odd is None or abs(off - self._odd) > JUMP_SAMPLES / 4:
                self._odd = off
                return False
            self._jump(shift_samples)
            return True
        self._odd = None
        gain = self._doubt[:, 0] / (self._doubt[0, 0] + _MEASURED_SAMPLES**2)
        self._state += gain * off
        self._doubt -= np.outer(gain, self._doubt[0])
        return True

    def _jump(self, shift_samples: float) -> None:
        self._state[0], self._odd = shift_samples, None
        self._doubt[0, :] = self._doubt[:, 0] = 0.0
        self._doubt[0, 0] = _MEASURED_SAMPLES**2

    def _go_to(self, at: int) -> None:
        elapsed = at - self._at
        step = np.array([[1.0, elapsed], [0.0, 1.0]])
        self._state = step @ self._state
        wander = np.array([_WANDER_SAMPLES, _WANDER_PPM * 1e-6]) ** 2 * elapsed / SAMPLE_RATE
        self._doubt = step @ self._doubt @ step.T + np.diag(wander)
        self._at = at
