"""Takes the loudspeaker's sound out of the microphone's, as far as libspeexdsp can (through ctypes)."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE

FRAME_SAMPLES, TAIL_SAMPLES = 256, 3200
"""Cancelled at once: 16 ms; echoes are taken out for 200 ms after the sound itself."""

_SET_SAMPLING_RATE = 24  # SPEEX_ECHO_SET_SAMPLING_RATE
_LIBRARY = "libspeexdsp.so.1"
_Samples = ctypes.POINTER(ctypes.c_int16)


def load_library(name: str = _LIBRARY) -> Any | None:
    """libspeexdsp, or None where it is not installed."""
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return None
    library.speex_echo_state_init.restype = ctypes.c_void_p
    library.speex_echo_state_init.argtypes = [ctypes.c_int, ctypes.c_int]
    library.speex_echo_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
    library.speex_echo_cancellation.argtypes = [ctypes.c_void_p, _Samples, _Samples, _Samples]
    library.speex_echo_state_destroy.argtypes = [ctypes.c_void_p]
    return library


def cancelled(library: Any, heard: NDArray[np.int16], played: NDArray[np.int16]) -> NDArray[np.int16]:
    """What is left of a recording when its echo is taken out.

    Args:
        library: from `load_library`.
        heard: int16 (N,), 16 kHz: the recording.
        played: int16 (N,), 16 kHz: what the loudspeaker played, up to 200 ms before it is heard.

    Returns:
        int16 (M,), M being N without what fills no frame.
    """
    count = min(len(heard), len(played)) // FRAME_SAMPLES * FRAME_SAMPLES
    heard, played = np.ascontiguousarray(heard[:count]), np.ascontiguousarray(played[:count])
    left = np.zeros(count, np.int16)
    state = library.speex_echo_state_init(FRAME_SAMPLES, TAIL_SAMPLES)
    try:
        library.speex_echo_ctl(state, _SET_SAMPLING_RATE, ctypes.byref(ctypes.c_int(SAMPLE_RATE)))
        for start in range(0, count, FRAME_SAMPLES):
            frames = (array[start : start + FRAME_SAMPLES] for array in (heard, played, left))
            library.speex_echo_cancellation(state, *(frame.ctypes.data_as(_Samples) for frame in frames))
    finally:
        library.speex_echo_state_destroy(state)
    return left
