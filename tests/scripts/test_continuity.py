"""Gaps in music are found, and nothing else is taken for one."""

import numpy as np
import pytest

from scripts.benchmarks.continuity import BLOCK_SAMPLES, examine

RATE = 44_100


def music(seconds: float) -> np.ndarray:
    noise = np.random.default_rng(3).normal(0.0, 3000.0, int(seconds * RATE))
    return np.convolve(noise, np.ones(8) / 8, "same").astype(np.float32)


REFERENCE = music(6.0)


def played(*cuts: tuple[int, int]) -> np.ndarray:
    """What is heard where at each (place, samples) so much is lost, or repeated when negative."""
    parts, at = [np.zeros(5000, np.float32)], 300
    for place, samples in cuts:
        parts.append(REFERENCE[at:place])
        at = place + samples
    return np.concatenate([*parts, REFERENCE[at:]])


def test_music_as_it_should_be_has_no_gap() -> None:
    found = examine(played(), REFERENCE, RATE)
    assert found.discontinuities == 0
    assert found.sure >= found.blocks - 2


@pytest.mark.parametrize("samples", [1, 64, 1764, -1764])
def test_a_jump_of_any_length_is_found(samples: int) -> None:
    found = examine(played((90_000, samples), (170_000, samples)), REFERENCE, RATE)
    assert found.discontinuities == 2


def test_a_change_of_gain_is_no_gap_and_neither_is_a_voice_over_the_music() -> None:
    heard = played()
    heard[60_000:120_000] *= np.linspace(1.0, 0.15, 60_000)
    heard[120_000:180_000] = 0.15 * heard[120_000:180_000] + np.random.default_rng(0).normal(0, 3000, 60_000)
    found = examine(heard.astype(np.float32), REFERENCE, RATE)
    assert found.discontinuities == 0
    assert found.blocks - found.sure >= 60_000 // BLOCK_SAMPLES - 1


def test_a_gap_under_a_voice_is_found_after_it() -> None:
    heard = played((90_000, 1764))
    heard[85_000:110_000] = np.random.default_rng(0).normal(0, 3000, 25_000)
    assert examine(heard, REFERENCE, RATE).discontinuities == 1


def test_silence_in_the_music_is_told() -> None:
    heard = np.concatenate([REFERENCE[:90_000], np.zeros(RATE, np.float32), REFERENCE[90_000:]])
    found = examine(heard, REFERENCE, RATE)
    assert 0.8 < found.silent_s < 1.1
    assert found.discontinuities == 1
