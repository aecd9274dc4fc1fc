"""Short tones that say "listening", "done" or "no" without words; computed, so that no file can be lost.

Each note is a struck bar: a sine, a quiet second and fourth partial, a fast rise and a long decay.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import UsageError

_PARTIALS = ((1.0, 1.0, 1.0), (2.0, 0.20, 2.0), (4.0, 0.10, 4.0))
"""(multiple of the frequency, loudness, how much faster it decays)."""

_RISE_S, _FALL_S = 0.004, 0.020
_LOUDNESS = 0.35

EARCONS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "wake": ((0.00, 659.3, 0.16), (0.08, 880.0, 0.22)),
    "done": ((0.00, 880.0, 0.25),),
    "error": ((0.00, 392.0, 0.20), (0.12, 311.1, 0.30)),
    "alarm": (
        (0.00, 784.0, 0.30), (0.18, 987.8, 0.30), (0.36, 1174.7, 0.50),
        (1.00, 784.0, 0.30), (1.18, 987.8, 0.30), (1.36, 1174.7, 0.50),
    ),
}  # fmt: skip
"""Notes by name: (start in seconds, frequency in Hz, length in seconds)."""

_LOOP_S = {"alarm": 2.5}
"""Those that are repeated last this long, so that there is a rest in each round."""


def _note(hz: float, seconds: float, rate_hz: int) -> NDArray[np.float64]:
    """float64, shape (N,), within -1.3 to 1.3: one struck bar."""
    times_s = np.arange(round(seconds * rate_hz)) / rate_hz
    sound = np.zeros(len(times_s))
    for multiple, loudness, decay in _PARTIALS:
        sound += (
            loudness * np.exp(-3.5 * decay * times_s / seconds) * np.sin(2 * np.pi * hz * multiple * times_s)
        )
    rise = np.minimum(1.0, times_s / _RISE_S)
    fall = np.minimum(1.0, (seconds - times_s) / _FALL_S)
    return sound * rise * fall


@lru_cache(maxsize=16)
def earcon(name: str, rate_hz: int) -> NDArray[np.int16]:
    """A tone by name, int16, shape (N,), mono; UsageError when there is none of that name."""
    if name not in EARCONS:
        raise UsageError(f"There is no tone '{name}'. Use one of {', '.join(EARCONS)}.")
    notes = EARCONS[name]
    length_s = _LOOP_S.get(name, max(start + seconds for start, _, seconds in notes))
    out = np.zeros(round(length_s * rate_hz))
    for start_s, hz, seconds in notes:
        note = _note(hz, seconds, rate_hz)
        start = round(start_s * rate_hz)
        out[start : start + len(note)] += note[: len(out) - start]
    return np.rint(np.clip(out * _LOUDNESS, -1.0, 1.0) * 32767).astype(np.int16)
