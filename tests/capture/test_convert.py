import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alexa_local.capture import ToMono16k
from alexa_local.errors import UsageError

RATES_HZ = [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000]


def tone(rate_hz: int, seconds: float = 0.5, hz: float = 440.0, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(rate_hz * seconds)) / rate_hz)


def as_bytes(sound: np.ndarray, width_bytes: int) -> bytes:
    if width_bytes == 1:
        return (np.rint(sound * 127) + 128).astype(np.uint8).tobytes()
    steps = np.rint(sound * (2.0 ** (8 * width_bytes - 1) - 1)).astype("<i8")
    return steps.reshape(-1, 1).view(np.uint8)[:, :width_bytes].tobytes()


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("width_bytes", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_every_form_of_a_tone_becomes_the_same_tone(rate_hz, width_bytes, channels):
    convert = ToMono16k(rate_hz, width_bytes, channels)
    frames = np.repeat(tone(rate_hz)[:, None], channels, axis=1).reshape(-1)
    out = np.concatenate([convert.push_bytes(as_bytes(frames, width_bytes)), convert.finish()])
    expected = tone(16_000) * 32767
    assert out.dtype == np.int16
    assert abs(len(out) - len(expected)) <= 2
    middle = slice(800, 7200)  # the resampler rings at the cut ends
    assert np.abs(out[middle] - expected[middle]).max() < (400 if width_bytes == 1 else 12)


def test_sound_in_the_right_form_passes_bit_by_bit():
    samples = np.random.default_rng(1).integers(-32768, 32768, 5000).astype(np.int16)
    convert = ToMono16k(16_000, 2, 1)
    assert np.array_equal(convert.push_bytes(samples.tobytes()), samples)
    assert len(convert.finish()) == 0


@settings(max_examples=25, deadline=None)
@given(
    rate_hz=st.sampled_from(RATES_HZ),
    width_bytes=st.sampled_from([1, 2, 3, 4]),
    channels=st.integers(1, 3),
    cuts=st.lists(st.integers(0, 12_000), max_size=12),
)
def test_two_chunkings_give_the_same_samples(rate_hz, width_bytes, channels, cuts):
    data = np.random.default_rng(2).integers(0, 256, 12_000).astype(np.uint8).tobytes()
    whole, cut = ToMono16k(rate_hz, width_bytes, channels), ToMono16k(rate_hz, width_bytes, channels)
    expected = np.concatenate([whole.push_bytes(data), whole.finish()])
    edges = [0, *sorted(cuts), len(data)]
    pieces = [cut.push_bytes(data[a:b]) for a, b in itertools.pairwise(edges)]
    assert np.array_equal(np.concatenate([*pieces, cut.finish()]), expected)


def test_channels_are_averaged():
    left_only = np.stack([np.full(1000, 10_000, np.int16), np.zeros(1000, np.int16)], axis=1)
    assert set(ToMono16k(16_000, channels=2).push(left_only)) == {5_000}


def test_too_loud_or_broken_floats_are_limited():
    frames = np.array([2.0, -2.0, np.nan, np.inf, -np.inf], np.float32)
    assert list(ToMono16k(16_000).push(frames)) == [32767, -32768, 0, 32767, -32768]


@pytest.mark.parametrize(
    ("rate_hz", "width_bytes", "channels"),
    [(0, 2, 1), (10, 2, 1), (10_000_000, 2, 1), (16_000, 5, 1), (16_000, 2, 0)],
)
def test_forms_that_make_no_sense_are_refused(rate_hz, width_bytes, channels):
    with pytest.raises(UsageError, match="Give"):
        ToMono16k(rate_hz, width_bytes, channels)
