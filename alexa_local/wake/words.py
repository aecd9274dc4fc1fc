"""All that may be said to call the device: "Alexa", the owner's own phrases, or both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.messages import SAMPLE_RATE
from alexa_local.wake.detector import Detection
from alexa_local.wake.sensitivity import Playing


class Hearer(Protocol):
    """Hears one or several words (`WakeWord`, `PhraseSpotter`, `WakeWords`)."""

    @property
    def score(self) -> float:
        """Of the latest step, 0 to 1."""

    def push(self, frames: NDArray[np.float32]) -> list[Detection]:
        """Take frames, float32 (T, 64), any T; return what was heard, and what was refused, in them."""

    def while_playing(self, what: Playing) -> None:
        """From now on the loudspeaker plays this."""

    def reset(self) -> None:
        """Forget everything; frames count from 0 again."""


class WakeWords:
    """Several hearers as one."""

    def __init__(self, hearers: Sequence[Hearer]) -> None:
        self._hearers = tuple(hearers)

    @property
    def score(self) -> float:
        """The highest of the latest step, 0 to 1."""
        return max((hearer.score for hearer in self._hearers), default=0.0)

    def push(self, frames: NDArray[np.float32]) -> list[Detection]:
        """Take frames, float32 (T, 64), any T; return what was heard in them, in the order of time."""
        found = [one for hearer in self._hearers for one in hearer.push(frames)]
        return sorted(found, key=lambda one: one.end_frame)

    def while_playing(self, what: Playing) -> None:
        """From now on the loudspeaker plays this."""
        for hearer in self._hearers:
            hearer.while_playing(what)

    def reset(self) -> None:
        """Forget everything; frames count from 0 again."""
        for hearer in self._hearers:
            hearer.reset()


def scan(samples: NDArray[np.int16], hearer: Hearer) -> list[Detection]:
    """Everything heard in a whole recording, followed by a second of faint noise for what is heard late.

    Args:
        samples: int16, shape (N,), 16 kHz mono.
        hearer: is reset first.
    """
    hearer.reset()
    return [one for one in hearer.push(log_mel(before_quiet(samples))) if one.accepted]


def before_quiet(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """A recording, int16 (N,), and a second of faint noise."""
    faint = np.random.default_rng(0).integers(-2, 3, SAMPLE_RATE).astype(np.int16)
    return np.concatenate([samples, faint])
