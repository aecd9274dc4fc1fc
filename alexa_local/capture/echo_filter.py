"""Takes one sound out of another: libspeexdsp's adaptive filter, through ctypes, so that no wheel is missing.

J.-M. Valin, "On adjusting the learning rate in frequency domain echo cancellation with double-talk", 2007,
is what the library does: it goes on adapting while somebody speaks, only more slowly.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE

FRAME_SAMPLES = 320
"""Worked on at once: 20 ms, a part of a block of the microphone, so that nothing waits for the next block."""

TAIL_SAMPLES = 4096
"""An echo is taken out for 256 ms after the sound itself: the loudspeaker's and most of a room's."""

_SET_SAMPLING_RATE = 24  # SPEEX_ECHO_SET_SAMPLING_RATE
_LIBRARY = "libspeexdsp.so.1"


def load_speexdsp(name: str = _LIBRARY) -> Any | None:
    """The library, or None where it is not installed."""
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return None
    library.speex_echo_state_init.restype = ctypes.c_void_p
    library.speex_echo_state_init.argtypes = [ctypes.c_int, ctypes.c_int]
    library.speex_echo_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
    library.speex_echo_cancellation.argtypes = [ctypes.c_void_p] * 4
    library.speex_echo_state_destroy.argtypes = [ctypes.c_void_p]
    return library


class SpeexFilter:
    """One stream's filter, which learns the way from the loudspeaker to the microphone."""

    def __init__(self, library: Any, tail_samples: int = TAIL_SAMPLES) -> None:
        """Take the library from `load_speexdsp`."""
        self._library = library
        self._state = ctypes.c_void_p(library.speex_echo_state_init(FRAME_SAMPLES, tail_samples))
        library.speex_echo_ctl(self._state, _SET_SAMPLING_RATE, ctypes.byref(ctypes.c_int(SAMPLE_RATE)))

    def __del__(self) -> None:
        self._library.speex_echo_state_destroy(self._state)

    def cancel(self, heard: NDArray[np.int16], played: NDArray[np.int16]) -> NDArray[np.int16]:
        """What is left of a recording without its echo.

        Args:
            heard: int16 (N,), 16 kHz, N a multiple of FRAME_SAMPLES.
            played: int16 (N,), 16 kHz: what the loudspeaker played, at the time of its echo or a bit earlier.

        Returns:
            int16 (N,)
        """
        heard, played = np.ascontiguousarray(heard), np.ascontiguousarray(played)
        left = np.empty(len(heard), np.int16)
        places = [array.ctypes.data for array in (heard, played, left)]
        for start in range(0, heard.nbytes, FRAME_SAMPLES * heard.itemsize):
            self._library.speex_echo_cancellation(self._state, *(place + start for place in places))
        return left
