"""The front end: what one row holds, and that streaming changes nothing."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alexa_local.frontend import LogMel, log_mel
from alexa_local.frontend.logmel import LOG_FLOOR, WINDOW_SAMPLES
from alexa_local.messages import FRAME_SAMPLES, MEL_BANDS, SAMPLE_RATE


def noise(length_samples: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(-8000, 8000, length_samples).astype(np.int16)


def tone(hz: float, length_samples: int = SAMPLE_RATE) -> np.ndarray:
    return np.rint(10_000 * np.sin(2 * np.pi * hz * np.arange(length_samples) / SAMPLE_RATE)).astype(np.int16)


def band_of(hz: float) -> int:
    """The band whose centre is nearest on the mel scale, by the published formula."""
    low, high, here = (2595 * np.log10(1 + f / 700) for f in (20.0, 7600.0, hz))
    return round((here - low) / (high - low) * (MEL_BANDS + 1)) - 1


@pytest.mark.parametrize(
    ("length_samples", "rows"), [(0, 0), (1, 0), (399, 0), (400, 1), (559, 1), (560, 2), (16_000, 98)]
)
def test_rows_are_counted_by_whole_windows(length_samples: int, rows: int) -> None:
    features = log_mel(noise(length_samples))
    assert features.shape == (rows, MEL_BANDS)
    assert features.dtype == np.float32


@pytest.mark.parametrize("hz", [250, 440, 1000, 2000, 3500, 6000, 7200])
def test_a_tone_is_loudest_in_its_own_band(hz: int) -> None:
    mean = log_mel(tone(hz)).mean(axis=0)
    assert abs(int(mean.argmax()) - band_of(hz)) <= 1


def test_ten_times_the_amplitude_is_twenty_decibels() -> None:
    quiet = log_mel((tone(1000) // 10).astype(np.int16))
    loud = log_mel(tone(1000))
    band = band_of(1000)
    assert np.allclose((loud - quiet)[:, band], np.log(100), atol=0.02)


def test_silence_is_the_floor() -> None:
    assert np.allclose(log_mel(np.zeros(4000, np.int16)), LOG_FLOOR)


def test_the_loudest_sound_stays_finite() -> None:
    square = np.where(np.arange(8000) % 40 < 20, 32767, -32768).astype(np.int16)
    assert np.isfinite(log_mel(square)).all()


@pytest.mark.parametrize("row", [0, 1, 7])
def test_a_row_covers_its_own_400_samples_and_no_other(row: int) -> None:
    signal = noise(4000)
    features = log_mel(signal)
    start = row * FRAME_SAMPLES
    elsewhere = noise(4000, seed=2)
    elsewhere[start : start + WINDOW_SAMPLES] = signal[start : start + WINDOW_SAMPLES]
    assert np.allclose(log_mel(elsewhere)[row], features[row], atol=1e-5)
    for inside in (start + 40, start + 200, start + WINDOW_SAMPLES - 40):
        touched = signal.copy()
        touched[inside] = 32767
        assert not np.allclose(log_mel(touched)[row], features[row], atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(0, 3000), max_size=12), length_samples=st.integers(0, 3000))
def test_two_chunkings_give_the_same_rows(cuts: list[int], length_samples: int) -> None:
    signal = noise(length_samples)
    stream = LogMel()
    edges = [0, *sorted(min(cut, length_samples) for cut in cuts), length_samples]
    rows = [stream.push(signal[a:b]) for a, b in pairwise(edges)]
    assert np.allclose(np.concatenate(rows), log_mel(signal), atol=1e-5)


def test_a_reset_stream_has_forgotten_what_came_before() -> None:
    stream = LogMel()
    stream.push(noise(700))
    stream.reset()
    assert np.allclose(stream.push(noise(900, seed=3)), log_mel(noise(900, seed=3)), atol=1e-5)


def test_a_pushed_block_may_be_changed_afterwards() -> None:
    """The stream keeps a copy of its tail: capture reuses its buffers."""
    signal = noise(1000)
    block = signal[:500].copy()
    stream = LogMel()
    first = stream.push(block)
    block[:] = 0
    assert np.allclose(np.concatenate([first, stream.push(signal[500:])]), log_mel(signal), atol=1e-5)
