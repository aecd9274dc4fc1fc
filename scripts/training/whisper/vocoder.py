"""Takes speech apart into a source and a filter, and puts it together again with other ones.

Short-time spectra with a smooth envelope over each: Y = X exp((E' - E) / 2) keeps the voice and changes the
filter, and the same filter over a spectrum of noise or of pulses changes the source. Three ways to find the
envelope, so that a network cannot learn the marks of one: linear prediction (Makhoul 1975), the low part of
the cepstrum, and the power smoothed over frequency, wider than the distance of the harmonics (as CheapTrick
does, Morise 2015; here with one width for a clip).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy.fft as fft
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE

Sound = NDArray[np.float32]
Rows = NDArray[np.float32]
Envelope = Literal["prediction", "cepstrum", "smoothed"]

HOP_SAMPLES = 80
"""5 ms: two rows for each of the features' frames."""

WINDOW_SAMPLES, FFT_SIZE = 480, 1024
BINS_HZ = np.linspace(0.0, SAMPLE_RATE / 2, FFT_SIZE // 2 + 1, dtype=np.float32)
_WINDOW = np.sqrt(np.hanning(WINDOW_SAMPLES + 1)[:-1]).astype(np.float32)
_PRE_EMPHASIS = np.abs(1 - 0.95 * np.exp(-2j * np.pi * BINS_HZ / SAMPLE_RATE)) ** 2
_LAGS = slice(SAMPLE_RATE // 450, SAMPLE_RATE // 70)
_FLOOR = np.float32(1e-3)
_LEAST_PERIODIC, _SURELY_PERIODIC = 0.45, 0.7
_AUDIBLE_LOG = 8.0


@dataclass(frozen=True)
class Analysis:
    """Speech taken apart, one row every 5 ms.

    Attributes:
        spectra: complex64, shape (F, 513).
        envelope: float32, shape (F, 513): natural log of the power without the harmonics.
        voicing: float32, shape (F,), 0 to 1: how surely the vocal folds swing.
        period: float32, shape (F,), in samples; means something where it is voiced.
        samples: how long the sound was.
        kind: how the envelope was found.
    """

    spectra: NDArray[np.complex64]
    envelope: Rows
    voicing: NDArray[np.float32]
    period: NDArray[np.float32]
    samples: int
    kind: Envelope


def analyse(sound: Sound, kind: Envelope, order: int) -> Analysis:
    """Take float32 (N,), as loud as int16, apart.

    Args:
        sound: the speech, 16 kHz.
        kind: how to find the envelope.
        order: how fine it is: poles, cepstral coefficients, or 12 kHz over the width of the smoothing.
    """
    spectra = transform(sound)
    power = np.square(spectra.real) + np.square(spectra.imag) + _FLOOR
    voicing, period = _voicing(power)
    envelope = {"prediction": _prediction, "cepstrum": _cepstrum, "smoothed": _smoothed}[kind](power, order)
    return Analysis(spectra, envelope, voicing, period, len(sound), kind)


def transform(sound: Sound) -> NDArray[np.complex64]:
    """Short-time spectra, complex64 (F, 513), of float32 (N,)."""
    padded = np.concatenate([np.zeros(WINDOW_SAMPLES // 2, np.float32), sound, np.zeros(WINDOW_SAMPLES)])
    rows = np.lib.stride_tricks.sliding_window_view(padded.astype(np.float32), WINDOW_SAMPLES)[::HOP_SAMPLES]
    rows = rows[: len(sound) // HOP_SAMPLES + 1]
    return fft.rfft(rows * _WINDOW, FFT_SIZE).astype(np.complex64)


def together(spectra: NDArray[np.complex64], samples: int) -> Sound:
    """Overlap and add: float32 (samples,)."""
    rows = fft.irfft(spectra, FFT_SIZE)[:, :WINDOW_SAMPLES].astype(np.float32) * _WINDOW
    out = np.zeros(len(rows) * HOP_SAMPLES + WINDOW_SAMPLES, np.float32)
    parts = WINDOW_SAMPLES // HOP_SAMPLES
    for part in range(parts):  # each row's n-th twelfth of all rows at once
        first = part * HOP_SAMPLES
        out[first : first + len(rows) * HOP_SAMPLES] += rows[:, first : first + HOP_SAMPLES].ravel()
    gain = np.square(_WINDOW).reshape(parts, HOP_SAMPLES).sum(0).mean()
    sound = np.zeros(samples, np.float32)
    part_of_it = out[WINDOW_SAMPLES // 2 :][:samples] / gain
    sound[: len(part_of_it)] = part_of_it
    return sound


def noise(rows: int, rng: np.random.Generator) -> NDArray[np.complex64]:
    """Spectra of white noise whose power is 1 in each bin, complex64 (rows, 513)."""
    sound = rng.standard_normal(rows * HOP_SAMPLES, np.float32)
    return transform(sound)[:rows] / np.sqrt(np.square(_WINDOW).sum())


def pulses(voicing: NDArray[np.float32], period: NDArray[np.float32], rng: np.random.Generator) -> NDArray:
    """Spectra of pulses where it is voiced, and of noise elsewhere, complex64 (F, 513), power about 1."""
    known = period[voicing > 0.5]
    middle = float(np.median(known)) if len(known) else 120.0
    steady = np.where(voicing > 0.5, np.clip(period, 0.6 * middle, 1.6 * middle), middle)
    steady = np.convolve(steady, np.ones(9) / 9, "same") / np.convolve(
        np.ones(len(steady)), np.ones(9) / 9, "same"
    )
    phase = np.cumsum(np.repeat(1.0 / steady, HOP_SAMPLES))
    at = np.flatnonzero(np.diff(np.floor(phase), prepend=0.0) > 0)
    sound = np.zeros(len(phase), np.float32)
    sound[at] = np.sqrt(np.repeat(steady, HOP_SAMPLES)[at])
    swinging = transform(sound)[: len(voicing)] / np.sqrt(np.square(_WINDOW).sum())
    share = voicing[:, None]
    return (np.sqrt(share) * swinging + np.sqrt(1 - share) * noise(len(voicing), rng)).astype(np.complex64)


def stretched(rows: NDArray, factor: float) -> NDArray:
    """Rows (F,) or (F, D) drawn out in time by that factor."""
    where = np.minimum(np.arange(round(len(rows) * factor)) / factor, len(rows) - 1.001)
    low = np.maximum(where.astype(int), 0)
    part = (where - low).astype(np.float32)
    high = np.minimum(low + 1, len(rows) - 1)
    part = part[:, None] if rows.ndim == 2 else part
    return rows[low] * (1 - part) + rows[high] * part


def warped(envelope: Rows, places_hz: NDArray[np.float32], factors: NDArray[np.float32]) -> Rows:
    """The envelope with what was at each place moved to place times factor; linear between them."""
    moved = np.interp(BINS_HZ, places_hz * factors, places_hz)
    at = np.clip(moved / BINS_HZ[1], 0, len(BINS_HZ) - 1.001)
    low = at.astype(int)
    part = (at - low).astype(np.float32)
    return envelope[:, low] * (1 - part) + envelope[:, low + 1] * part


def smoothed_in_time(rows: Rows, size: int) -> Rows:
    """The moving mean over `size` rows, which leaves no swing of the vocal folds in it."""
    if size < 2:
        return rows
    left = size // 2
    padded = np.concatenate([rows[:1].repeat(left, 0), rows, rows[-1:].repeat(size - left, 0)])
    sums = np.cumsum(padded, 0, np.float64)
    return ((sums[size:] - sums[:-size]) / size)[: len(rows)].astype(np.float32)


def _voicing(power: Rows) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How periodic each row is, where it can be heard, and the period in samples."""
    low = power * (BINS_HZ < 1500.0)
    lags = fft.irfft(low, FFT_SIZE)[:, : _LAGS.stop]
    of_window = fft.irfft(np.abs(fft.rfft(_WINDOW, FFT_SIZE)) ** 2)[: _LAGS.stop]
    likeness = lags / (lags[:, :1] + _FLOOR) * (of_window[0] / of_window)
    rows = np.arange(len(lags))
    period = likeness[:, _LAGS].argmax(1) + _LAGS.start
    height = likeness[rows, period]
    for parts in (2, 3):  # a sound that repeats itself also does so over two and three periods
        shorter = np.maximum((period / parts).round().astype(int), _LAGS.start)
        period = np.where(likeness[rows, shorter] > 0.85 * height, shorter, period)
    loud = np.log(power.sum(1))
    height = np.where(loud > np.percentile(loud, 95) - _AUDIBLE_LOG, height, 0.0)
    sure = np.clip((height - _LEAST_PERIODIC) / (_SURELY_PERIODIC - _LEAST_PERIODIC), 0.0, 1.0)
    sure = np.convolve(sure, np.ones(5) / 5, "same")
    return sure.astype(np.float32), period.astype(np.float32)


def _prediction(power: Rows, order: int) -> Rows:
    """Levinson's recursion for all rows at once."""
    lags = fft.irfft(power * _PRE_EMPHASIS, FFT_SIZE)[:, : order + 1]
    lags *= np.exp(-0.5 * np.square(2 * np.pi * 40.0 / SAMPLE_RATE * np.arange(order + 1)))
    lags[:, 0] *= 1.0001
    a = np.zeros_like(lags)
    a[:, 0] = 1.0
    error = lags[:, 0].copy()
    for step in range(1, order + 1):
        reflection = -(a[:, :step] * lags[:, step:0:-1]).sum(1) / error
        a[:, 1 : step + 1] += reflection[:, None] * a[:, step - 1 :: -1][:, :step]
        error *= 1 - np.square(reflection)
    answer = np.abs(fft.rfft(a, FFT_SIZE)) ** 2
    # The mean of 1 / |A|^2 times the error is the power of the row, whose mean over bins this keeps.
    out = error[:, None] / answer
    out *= ((power * _PRE_EMPHASIS).mean(1) / out.mean(1))[:, None] / _PRE_EMPHASIS
    return np.log(out).astype(np.float32)


def _cepstrum(power: Rows, order: int) -> Rows:
    cepstrum = fft.irfft(np.log(power))
    lifter = np.zeros(FFT_SIZE)
    fade = max(2, order // 3)
    lifter[:order] = 1.0
    lifter[order : order + fade] = 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 1) / (fade + 1))
    lifter[-order - fade + 1 :] = lifter[1 : order + fade][::-1]
    return fft.rfft(cepstrum * lifter).real.astype(np.float32) + np.float32(np.euler_gamma)


def _smoothed(power: Rows, order: int) -> Rows:
    width = max(5, round(12_000 / order / BINS_HZ[1])) | 1
    half = width // 2
    padded = np.concatenate([power[:, half:0:-1], power, power[:, -2 : -half - 2 : -1]], 1)
    sums = np.cumsum(padded, 1, np.float64)
    sums = np.concatenate([np.zeros((len(power), 1)), sums], 1)
    return np.log((sums[:, width:] - sums[:, :-width]) / width).astype(np.float32)


ENVELOPES: tuple[Envelope, ...] = get_args(Envelope)
