"""Streaming log-mel energies: the one place where int16 becomes float32.

64 triangular bands on the mel scale of O'Shaughnessy (HTK's formula), 20 to 7600 Hz, over the power
spectrum of 25 ms Hann windows every 10 ms. No dither, no pre-emphasis, no normalisation:
each model carries its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import FRAME_SAMPLES, MEL_BANDS, SAMPLE_RATE

WINDOW_SAMPLES = 400
FFT_SIZE = 512
LOW_HZ, HIGH_HZ = 20.0, 7600.0
FLOOR = np.float32(1e-7)
"""Added to each band's energy before the logarithm: about the quantisation noise of int16."""

LOG_FLOOR = float(np.log(FLOOR))
"""Natural log of the floor: the value of every band in digital silence."""

_ROWS_AT_ONCE = 4096


def _mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 2595.0 * np.log10(1.0 + hz / 700.0)


def _mel_weights() -> NDArray[np.float32]:
    """float32, shape (257, 64): triangles of unit height over the bins of the power spectrum."""
    low_mel, high_mel = _mel(np.array([LOW_HZ, HIGH_HZ]))
    edges_mel = np.linspace(float(low_mel), float(high_mel), MEL_BANDS + 2)
    bins_mel = _mel(np.linspace(0.0, SAMPLE_RATE / 2, FFT_SIZE // 2 + 1))[:, None]
    low, centre, high = edges_mel[:-2], edges_mel[1:-1], edges_mel[2:]
    rising = (bins_mel - low) / (centre - low)
    falling = (high - bins_mel) / (high - centre)
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


_WINDOW = (np.hanning(WINDOW_SAMPLES + 1)[:-1] / 32768.0).astype(np.float32)
_WEIGHTS = _mel_weights()


def log_mel(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Log-mel energies of a whole signal.

    Args:
        samples: int16, shape (N,), 16 kHz mono.

    Returns:
        float32, shape (T, 64), natural-log mel energies, one row per 10 ms; row t covers samples
        160 t to 160 t + 400, so T = (N - 400) // 160 + 1, or 0 when N < 400.
    """
    if len(samples) < WINDOW_SAMPLES:
        return np.zeros((0, MEL_BANDS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)[::FRAME_SAMPLES]
    out = np.empty((len(windows), MEL_BANDS), np.float32)
    for start in range(0, len(windows), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        spectrum = np.fft.rfft(windows[rows] * _WINDOW, FFT_SIZE)  # (T, 400) -> (T, 257)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        out[rows] = np.log(power @ _WEIGHTS + FLOOR)  # (T, 257) -> (T, 64)
    return out


class LogMel:
    """The same features from a stream: however the sound is cut, the rows are those of `log_mel`."""

    def __init__(self) -> None:
        self._tail = np.zeros(0, np.int16)

    def push(self, samples: NDArray[np.int16]) -> NDArray[np.float32]:
        """Take int16 samples, shape (N,), any N; return the rows they complete, float32 (T, 64)."""
        joined = np.concatenate([self._tail, samples]) if len(self._tail) else samples
        rows = log_mel(joined)
        self._tail = joined[len(rows) * FRAME_SAMPLES :].copy()
        return rows

    def reset(self) -> None:
        """Forget the samples that have not filled a window."""
        self._tail = np.zeros(0, np.int16)
