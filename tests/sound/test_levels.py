"""How loud recordings are that were made to be so loud."""

import numpy as np
import pytest

from alexa_local.sound import levels

RNG = np.random.default_rng(3)


def noise(count, rms):
    return np.rint(RNG.standard_normal(count) * rms).astype(np.int16)


def test_levels_are_below_full_scale():
    half = np.full(1000, 16384, np.int16)
    assert levels.rms_db(half) == pytest.approx(-6.02, abs=0.01)
    assert levels.peak_db(half) == pytest.approx(-6.02, abs=0.01)
    assert levels.rms_db(half * 0) == levels.peak_db(half[:0]) == levels.SILENCE_DB


def test_the_noise_floor_does_not_rise_by_a_cough():
    quiet = noise(32_000, 30)
    cough = quiet.copy()
    cough[8_000:12_000] += noise(4_000, 3_000)
    assert levels.noise_floor_db(cough) == pytest.approx(levels.noise_floor_db(quiet), abs=0.5)


def test_clipping_counts_both_ends():
    sound = np.array([32_767, -32_768, 0, 100], np.int16)
    assert levels.clipped_share(sound) == 0.5
    assert levels.clipped_share(sound[:0]) == 0.0
